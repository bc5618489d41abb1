//! What stands in a column of a row that is to be written.

use std::borrow::Cow;

use sea_orm::Value;
use sea_orm::sea_query::{ArrayType, Keyword, SimpleExpr};
use uuid::Uuid;

use crate::store::{Result, StoreError};

/// What stands in a column. A text is borrowed where it can be: a large import has millions, and each is copied once, on its
/// way to the database.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::store) enum Cell<'r> {
    Text(Cow<'r, str>),
    Number(i64),
    Id(Uuid),
    Flag(bool),
    /// Nothing.
    Absent,
    /// What no column holds.
    Foreign(ArrayType),
}

impl Cell<'_> {
    /// The same, for a statement.
    ///
    /// # Errors
    /// When no column holds such a value.
    pub(in crate::store) fn into_expr(self) -> Result<SimpleExpr> {
        let value: Value = match self {
            Self::Text(text) => text.into_owned().into(),
            Self::Number(number) => number.into(),
            Self::Id(id) => id.into(),
            Self::Flag(flag) => flag.into(),
            // Of no type, so that it fits every column.
            Self::Absent => return Ok(Keyword::Null.into()),
            Self::Foreign(array_type) => return Err(Self::no_such_type(&array_type)),
        };
        Ok(value.into())
    }

    /// The tables have columns of texts, of whole numbers of 64 bits, of ids and of truth values.
    pub(super) fn no_such_type(array_type: &ArrayType) -> StoreError {
        StoreError::Database(format!("no column has the type {array_type:?}"))
    }
}

impl<'r> From<&'r str> for Cell<'r> {
    fn from(text: &'r str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Cell<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl<'r> From<Cow<'r, str>> for Cell<'r> {
    fn from(text: Cow<'r, str>) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Cell<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<Uuid> for Cell<'_> {
    fn from(id: Uuid) -> Self {
        Self::Id(id)
    }
}

impl From<bool> for Cell<'_> {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl<'r, C: Into<Cell<'r>>> From<Option<C>> for Cell<'r> {
    fn from(given: Option<C>) -> Self {
        given.map_or(Self::Absent, Into::into)
    }
}

impl From<Value> for Cell<'_> {
    fn from(value: Value) -> Self {
        match value {
            Value::String(text) => text.into(),
            Value::BigInt(number) => number.into(),
            Value::Uuid(id) => id.into(),
            Value::Bool(flag) => flag.into(),
            other => Self::Foreign(other.array_type()),
        }
    }
}
