//! Why a write was not done.

use crate::domain::error::Error;
use crate::store::{StoreError, WriteConflict};

/// Why a write was not done: the database, or a refusal that another try would not change.
pub(super) enum Failure {
    /// The database failed, or another writer was in the way.
    Store(StoreError),
    /// The caller is refused.
    Refused(Error),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Store(error) => error.into(),
            Failure::Refused(error) => error,
        }
    }
}

impl WriteConflict for Failure {
    fn is_write_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_write_conflict())
    }

    fn can_only_read(&self) -> bool {
        matches!(self, Self::Store(error) if error.can_only_read())
    }
}
