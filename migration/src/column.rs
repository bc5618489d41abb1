//! Column types that mean the same on both databases.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

/// The columns of one database.
#[derive(Clone, Copy)]
pub(crate) struct Columns(DbBackend);

impl Columns {
    pub(crate) fn of(manager: &SchemaManager<'_>) -> Self {
        Self(manager.get_database_backend())
    }

    /// Text that compares by its UTF-8 bytes: SQLite does so by itself, PostgreSQL when told to.
    fn bytewise(self, name: &'static str) -> ColumnDef {
        let mut column = ColumnDef::new(name);
        column.text();
        if self.0 == DbBackend::Postgres {
            column.extra("COLLATE \"C\"");
        }
        column
    }

    /// A table that is little more than its key: on SQLite its rows are kept in the key's own tree.
    pub(crate) fn keyed_table(self) -> TableCreateStatement {
        let mut table = Table::create();
        if self.0 == DbBackend::Sqlite {
            table.extra("WITHOUT ROWID");
        }
        table
    }

    pub(crate) fn text(self, name: &'static str) -> ColumnDef {
        self.bytewise(name).not_null().take()
    }

    pub(crate) fn optional_text(self, name: &'static str) -> ColumnDef {
        self.bytewise(name).null().take()
    }
}

/// A free document: JSON text that is passed on as it is.
pub(crate) fn document(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().take()
}

pub(crate) fn uuid(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().not_null().take()
}

/// A counter, or an instant in microseconds since the Unix epoch.
pub(crate) fn integer(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().take()
}

pub(crate) fn boolean(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).boolean().not_null().take()
}
