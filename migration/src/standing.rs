//! Where a schema stands: which steps it took, of those that this program knows, and of those that it does not.
//!
//! The library's own list fails on a step that is not among its own, and makes a table in order to look. A program that
//! runs beside a newer one, or whose user may make no tables, is to look all the same.

use std::collections::HashSet;

use sea_orm_migration::IntoSchemaManagerConnection;
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::EntityTrait as _;
use sea_orm_migration::seaql_migrations;

use crate::Migrator;

/// Where a schema stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The steps of this program in order, each with whether it was taken.
    pub known: Vec<(String, bool)>,
    /// Steps that were taken by a program that knows more of them.
    pub newer: Vec<String>,
}

impl Standing {
    /// Looks, and changes nothing.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn of<'c>(database: impl IntoSchemaManagerConnection<'c>) -> Result<Self, DbErr> {
        let manager = SchemaManager::new(database);
        let taken = if manager.has_table("seaql_migrations").await? {
            seaql_migrations::Entity::find().all(manager.get_connection()).await?
        } else {
            Vec::new()
        };
        Ok(Self::after(taken.into_iter().map(|step| step.version)))
    }

    /// Where a schema stands that took these steps.
    pub fn after(taken: impl IntoIterator<Item = String>) -> Self {
        let taken: HashSet<String> = taken.into_iter().collect();
        let known: Vec<_> = Migrator::migrations()
            .iter()
            .map(|step| (step.name().to_owned(), taken.contains(step.name())))
            .collect();
        let mut newer: Vec<_> =
            taken.into_iter().filter(|name| known.iter().all(|(known, _)| known != name)).collect();
        newer.sort_unstable();
        Self { known, newer }
    }

    /// How many steps of this program were taken.
    #[must_use]
    pub fn applied(&self) -> usize {
        self.known.len() - self.pending()
    }

    /// How many steps are still to be taken.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.known.iter().filter(|(_, taken)| !taken).count()
    }
}
