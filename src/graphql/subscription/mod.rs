//! What is told as it happens.
//!
//! A subscription is run like a query: once to begin with, which authorises it and says what it waits
//! for, and then once for each change, each time for the caller as its token says now, with loaders and a
//! snapshot of its own. The library's own long stream would keep the first ones for ever.

mod community;
mod run;

pub use community::Subscription;
pub use run::{Subscriber, Told, tell};

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::Context;

use crate::domain::change::CommunityChange;
use crate::domain::error::Error;
use crate::service::change::Watch;

/// Why a subscription is run.
pub enum Occasion {
    /// To begin with: the place for what it waits for.
    Beginning(Mutex<Option<Watch>>),
    /// For a change.
    Change(CommunityChange),
}

impl Occasion {
    fn beginning() -> Self {
        Self::Beginning(Mutex::default())
    }

    fn of<'c>(context: &Context<'c>) -> Result<&'c Arc<Self>, Error> {
        context.data().map_err(|_| Error::internal("a subscription runs without its occasion"))
    }

    /// What the subscription waits for; none when it waits for nothing, or was taken already.
    fn take_watch(&self) -> Option<Watch> {
        match self {
            Self::Beginning(place) => place.lock().unwrap_or_else(PoisonError::into_inner).take(),
            Self::Change(_) => None,
        }
    }
}
