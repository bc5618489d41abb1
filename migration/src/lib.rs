//! The schema of the registry, step by step, for SQLite and PostgreSQL.

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;
pub use standing::Standing;

mod column;
mod m20261122_000001_create_registry;
mod m20261123_000002_add_search;
mod m20261123_000003_add_quantities;
mod m20261123_000004_add_audit;
mod m20261123_000005_add_writes;
mod m20261123_000006_narrow_indexes;
mod m20261123_000007_add_history;
mod m20261123_000008_batch_audit;
mod m20261128_000009_add_content_digest;
mod m20261128_000010_pack_audit;
mod m20261128_000011_audit_rows;
mod m20261129_000012_audit_segments;
mod m20261201_000013_add_owners_to_assets;
mod standing;

/// A step is taken as a whole or not at all, on both databases.
const IN_A_TRANSACTION: Option<bool> = Some(true);

/// Reads something, so that a connection of SQLite's pool knows the schema as others left it: a column that is to
/// be dropped is looked up before that is checked.
async fn know_the_schema(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager.has_table("community").await.map(drop)
}

/// Every step, in order.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_create_registry::Migration),
            Box::new(m20261123_000002_add_search::Migration),
            Box::new(m20261123_000003_add_quantities::Migration),
            Box::new(m20261123_000004_add_audit::Migration),
            Box::new(m20261123_000005_add_writes::Migration),
            Box::new(m20261123_000006_narrow_indexes::Migration),
            Box::new(m20261123_000007_add_history::Migration),
            Box::new(m20261123_000008_batch_audit::Migration),
            Box::new(m20261128_000009_add_content_digest::Migration),
            Box::new(m20261128_000010_pack_audit::Migration),
            Box::new(m20261128_000011_audit_rows::Migration),
            Box::new(m20261129_000012_audit_segments::Migration),
            Box::new(m20261201_000013_add_owners_to_assets::Migration),
        ]
    }
}
