//! What can befall a database, told by the codes of its errors. None of it is the caller's doing, and all of it can
//! pass without this process being started again.

use sea_orm::sqlx;

/// Why the database cannot do what it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// There is no connection, or it was cut.
    Silent,
    /// A statement took longer than it may.
    Slow,
    /// Somebody else holds what is to be changed.
    Locked,
    /// It has no room left, or no memory.
    Full,
    /// Nothing can be written to it: a file that may only be read, or a server that follows another.
    ReadOnly,
    /// What it stored cannot be read, or is no database.
    Damaged,
}

/// SQLSTATE of PostgreSQL, or its class of two characters. <https://www.postgresql.org/docs/current/errcodes-appendix.html>
const POSTGRES: &[(&str, Trouble)] = &[
    ("08", Trouble::Silent),
    ("57P", Trouble::Silent),
    // Whatever keeps somebody from coming in: a role, a password, a database that is not there (yet).
    ("28", Trouble::Silent),
    ("3D", Trouble::Silent),
    ("25006", Trouble::ReadOnly),
    ("25P03", Trouble::Slow),
    ("53300", Trouble::Silent),
    ("53", Trouble::Full),
    ("55P03", Trouble::Locked),
    ("57014", Trouble::Slow),
    ("58", Trouble::Damaged),
    ("XX001", Trouble::Damaged),
    ("XX002", Trouble::Damaged),
];

/// Primary result codes of SQLite. <https://www.sqlite.org/rescode.html>
const SQLITE: &[(u32, Trouble)] = &[
    (5, Trouble::Locked),
    (6, Trouble::Locked),
    (8, Trouble::ReadOnly),
    (10, Trouble::Damaged),
    (11, Trouble::Damaged),
    (13, Trouble::Full),
    (14, Trouble::Damaged),
    (26, Trouble::Damaged),
];

/// An extended result code of SQLite has the primary one in its lowest byte.
const PRIMARY: u32 = 0xff;

impl Trouble {
    /// What a caller is told.
    pub(super) fn public(self) -> &'static str {
        match self {
            Self::Silent => "The database does not answer; try again",
            Self::Slow => "The database took too long; try again",
            Self::Locked => "Somebody else is writing to the database; try again",
            Self::Full => "The database has no room left; its operator must make some",
            Self::ReadOnly => "The database can only be read; try again",
            Self::Damaged => "The database is damaged or missing; its operator must mend it",
        }
    }

    /// What befell the database, if an error says so.
    pub(super) fn of(error: &sqlx::Error) -> Option<Self> {
        match error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Some(Self::Silent),
            sqlx::Error::Database(error) => Self::of_code(error.code()?.as_ref()),
            _ => None,
        }
    }

    fn of_code(code: &str) -> Option<Self> {
        // A SQLSTATE has five characters; SQLite's codes are numbers of up to four digits.
        if code.len() == 5 {
            return POSTGRES.iter().find(|(begin, _)| code.starts_with(begin)).map(|(_, trouble)| *trouble);
        }
        let primary = code.parse::<u32>().ok()? & PRIMARY;
        SQLITE.iter().find(|(code, _)| *code == primary).map(|(_, trouble)| *trouble)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_tell_what_befell_a_database() {
        for (code, trouble) in [
            ("57P01", Some(Trouble::Silent)),
            ("57014", Some(Trouble::Slow)),
            ("53100", Some(Trouble::Full)),
            ("53300", Some(Trouble::Silent)),
            ("25006", Some(Trouble::ReadOnly)),
            ("23505", None),
            ("42P01", None),
            ("1032", Some(Trouble::ReadOnly)),
            ("13", Some(Trouble::Full)),
            ("11", Some(Trouble::Damaged)),
            ("2067", None),
            ("1", None),
        ] {
            assert_eq!(Trouble::of_code(code), trouble, "{code}");
        }
    }
}
