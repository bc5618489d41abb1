//! Which database, and how it is reached.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::ValueParserFactory;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, FromArgMatches};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::secret::{Discreet, InFile, discreet};
use super::text::duration;

/// Which database, and how it is reached.
#[derive(Debug, Clone)]
pub struct DatabaseArgs {
    url: DatabaseUrl,
    /// The pool of connections.
    pub pool: PoolArgs,
}

/// What the command line and the environment say of it.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Database")]
struct Given {
    /// The database: `sqlite://FILE?mode=rwc` or `postgres://USER:PASSWORD@HOST/NAME`
    #[arg(
        long,
        env = "DATABASE_URL",
        value_name = "URL",
        hide_env_values = true,
        default_value = "sqlite://./data/registry.db?mode=rwc"
    )]
    database_url: DatabaseUrl,

    /// The file that holds the URL of the database, instead of the URL itself
    #[arg(long, env = "DATABASE_URL_FILE", value_name = "FILE", hide_env_values = true)]
    database_url_file: Option<InFile<DatabaseUrl>>,

    /// The pool of connections
    #[command(flatten)]
    pool: PoolArgs,
}

impl DatabaseArgs {
    /// A database that is named already.
    #[must_use]
    pub fn of(url: DatabaseUrl, pool: PoolArgs) -> Self {
        Self { url, pool }
    }

    /// The database, whichever way it is named.
    #[must_use]
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }
}

impl Args for DatabaseArgs {
    fn augment_args(command: clap::Command) -> clap::Command {
        Given::augment_args(command)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Given::augment_args_for_update(command)
    }
}

impl FromArgMatches for DatabaseArgs {
    /// A flag counts more than the environment, whichever of both ways each takes. Two flags, and two variables, say nothing.
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let Given { database_url, database_url_file, pool } = Given::from_arg_matches(matches)?;
        let Some(InFile(from_file)) = database_url_file else { return Ok(Self::of(database_url, pool)) };
        let by = [matches.value_source("database_url"), matches.value_source("database_url_file")];
        match by {
            [Some(ValueSource::CommandLine), Some(ValueSource::EnvVariable)] => {
                Ok(Self::of(database_url, pool))
            }
            [Some(url), Some(file)] if url == file => Err(clap::Error::raw(
                ErrorKind::ArgumentConflict,
                "the database is named twice: --database-url or DATABASE_URL cannot be used with --database-url-file or \
                 DATABASE_URL_FILE\n",
            )),
            _ => Ok(Self::of(from_file, pool)),
        }
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The pool of database connections.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Database")]
pub struct PoolArgs {
    /// Most database connections at a time [default: four a processor, 8 to 16; of SQLite one, 6 to 16]
    #[arg(
        long,
        env = "REC_REGISTRY_DATABASE_MAX_CONNECTIONS",
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(2..=1000)
    )]
    pub database_max_connections: Option<u32>,

    /// How long a request waits for a database connection
    #[arg(
        long,
        env = "REC_REGISTRY_DATABASE_ACQUIRE_TIMEOUT",
        value_name = "TIME",
        default_value = "10s",
        value_parser = duration
    )]
    pub database_acquire_timeout: Duration,
}

/// Where a database is. Its password does not show when it is printed.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// The SQLite database in a file, made when it is not there.
    #[must_use]
    pub fn sqlite_file(path: &std::path::Path) -> Self {
        const SPECIAL: &AsciiSet = &CONTROLS.add(b'%').add(b'?').add(b'#');
        let path = path.to_string_lossy();
        Self(format!("sqlite://{}?mode=rwc", utf8_percent_encode(&path, SPECIAL)))
    }

    /// The whole URL, with its password.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The file of a SQLite database; none for PostgreSQL and for SQLite in memory.
    #[must_use]
    pub fn file(&self) -> Option<PathBuf> {
        let rest = self.0.strip_prefix("sqlite:")?;
        let path = rest.strip_prefix("//").unwrap_or(rest);
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        let path = percent_decode_str(path).decode_utf8().ok()?;
        (!path.is_empty() && path != ":memory:").then(|| PathBuf::from(path.as_ref()))
    }

    /// Whether it is a PostgreSQL database on another machine behind a password that everybody knows.
    pub(super) fn is_open_to_the_world(&self) -> bool {
        let Some(Login { host, user, password: Some(password) }) = self.login() else { return false };
        !is_local(&host)
            && (password == user || WELL_KNOWN_PASSWORDS.contains(&password.to_lowercase().as_str()))
    }

    /// Whether it holds a password.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.login().is_some_and(|login| login.password.is_some())
    }

    /// Who asks PostgreSQL; none for SQLite.
    fn login(&self) -> Option<Login> {
        if self.0.starts_with("sqlite:") {
            return None;
        }
        let url = reqwest::Url::parse(&self.0).ok()?;
        let option =
            |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        Some(Login {
            host: option("host").or_else(|| url.host_str().map(str::to_owned)).unwrap_or_default(),
            user: option("user").unwrap_or_else(|| decoded(url.username())),
            password: option("password").or_else(|| url.password().map(decoded)),
        })
    }
}

/// Who asks a PostgreSQL server.
struct Login {
    host: String,
    user: String,
    password: Option<String>,
}

/// Passwords of examples and images, in lower case.
const WELL_KNOWN_PASSWORDS: &[&str] = &[
    "",
    "postgres",
    "postgresql",
    "password",
    "passw0rd",
    "pass",
    "admin",
    "root",
    "secret",
    "changeme",
    "change-me",
    "example",
    "test",
    "dev",
    "123456",
    "registry",
    "rec-registry",
    "rec_registry",
];

/// Whether a database host is this machine.
fn is_local(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.is_empty()
        || bare == "localhost"
        || bare.starts_with('/')
        || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = ["sqlite:", "postgres://", "postgresql://"];
        if !known.iter().any(|scheme| text.starts_with(scheme)) {
            return Err("it must begin with sqlite://, postgres:// or postgresql://".to_owned());
        }
        // Whoever opens the database would say so too, but with the whole text, password and all.
        if !text.starts_with("sqlite:") && reqwest::Url::parse(text).is_err() {
            return Err("it is no URL: encode the special characters of user, password and name".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

impl ValueParserFactory for DatabaseUrl {
    type Parser = Discreet<Self>;

    fn value_parser() -> Self::Parser {
        discreet()
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.starts_with("sqlite:") {
            return f.write_str(&self.0);
        }
        match reqwest::Url::parse(&self.0) {
            Ok(url) => {
                write!(f, "{}://{}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
            }
            // Where its parts are is not known, so neither is where the password is.
            Err(_) => f.write_str("postgres://…"),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> DatabaseUrl {
        text.parse().expect("a database URL")
    }

    #[test]
    fn a_well_known_password_matters_on_other_machines_alone() {
        for (text, open) in [
            ("postgres://postgres:postgres@db/registry", true),
            ("postgres://someone:someone@db/registry", true),
            ("postgres://u:PassWord@10.0.0.1:5432/registry", true),
            ("postgres://u@localhost/registry?host=db&password=secret", true),
            ("postgres://u:%70ostgres@db/registry", true),
            ("postgres://postgres:postgres@localhost/registry", false),
            ("postgres://postgres:postgres@127.0.0.1/registry", false),
            ("postgres://postgres:postgres@[::1]/registry", false),
            ("postgres:///registry?host=/run/postgresql&user=u&password=u", false),
            ("postgres://postgres:Kc8!x@db/registry", false),
            ("postgres://postgres@db/registry", false),
            ("sqlite://./data/registry.db", false),
        ] {
            assert_eq!(url(text).is_open_to_the_world(), open, "{text}");
        }
    }

    #[test]
    fn a_password_does_not_show() {
        let url = url("postgres://registry:hush@db.example.org/registry?password=hush");
        assert_eq!(url.to_string(), "postgres://db.example.org/registry");
        assert!(!format!("{url:?}").contains("hush"));
        for broken in ["postgres://u:hush@h:port/d", "postgresql://u:hush@[h/d", "postgres://u:hush#@h/d"] {
            let refusal = broken.parse::<DatabaseUrl>().expect_err("it is no URL");
            assert!(!refusal.contains("hush"), "{refusal}");
        }
    }

    #[test]
    fn the_file_of_a_sqlite_database_is_found() {
        for (text, file) in [
            ("sqlite://./data/registry.db?mode=rwc", Some("./data/registry.db")),
            ("sqlite:///var/lib/r%20r.db", Some("/var/lib/r r.db")),
            ("sqlite:registry.db", Some("registry.db")),
            ("sqlite::memory:", None),
            ("postgres://h/d", None),
        ] {
            assert_eq!(url(text).file(), file.map(PathBuf::from), "{text}");
        }
        let odd = std::path::Path::new("/data/100%/what?/registry.db");
        assert_eq!(DatabaseUrl::sqlite_file(odd).file().as_deref(), Some(odd));
        assert!("mysql://h/d".parse::<DatabaseUrl>().is_err());
    }
}
