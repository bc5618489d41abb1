//! A backup of PostgreSQL: an archive that its own programs write and read.

use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail, ensure};

use super::Programs;
use super::whole_file::WholeFile;
use crate::cli::progress::Progress;
use crate::config::DatabaseUrl;
use crate::service::deployment::{PostgresState, postgres, survey_postgres};

/// Of the whole database, from one snapshot; who owns it and who else may read it is said where it is restored.
const DUMP: &[&str] = &["--format=custom", "--no-owner", "--no-privileges"];

/// All of it or nothing.
const RESTORE: &[&str] = &["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges"];

/// What every archive of this program's databases has in its table of contents.
const OWN_TABLE: &str = " TABLE DATA ";
const OWN_NAME: &str = " seaql_migrations ";

/// Copies a database that others may have open into a file, and looks at its table of contents.
pub(super) async fn take(
    programs: &Programs,
    url: &DatabaseUrl,
    into: &Path,
    progress: &Progress,
) -> anyhow::Result<u64> {
    let file = WholeFile::begin(into)?;
    let mut dump = program(programs, "pg_dump", url);
    dump.args(DUMP).arg("--file").arg(file.path());
    file.watched(progress, run(dump)).await?;
    progress.now("checking the copy");
    readable(programs, url, file.path()).await?;
    file.finish()
}

/// Makes a database what a backup says, in one transaction.
pub(super) async fn restore(
    programs: &Programs,
    url: &DatabaseUrl,
    backup: &Path,
    replaces: bool,
    progress: &Progress,
) -> anyhow::Result<PostgresState> {
    let before = look(url).await?;
    ensure!(
        before.servers == 0,
        "{} connections of servers are open to the database: stop them first",
        before.servers
    );
    ensure!(
        replaces || before.tables.is_empty(),
        "there are {} tables in the database already: make a new one (createdb), or say --replace, and they are lost",
        before.tables.len()
    );
    let contents = readable(programs, url, backup).await?;
    // pg_restore takes away what the archive has, and those would stay, to be in the way of the migrations that make them.
    let has = |table: &str| contents.lines().any(|line| table_of(line) == Some(table));
    let others: Vec<_> = before.tables.iter().map(String::as_str).filter(|table| !has(table)).collect();
    ensure!(
        others.is_empty(),
        "there are tables in the database that the backup knows nothing of, as when a newer version has been there ({}): \
         make a new one (createdb), and restore into that",
        others.join(", ")
    );
    let mut restore = program(programs, "pg_restore", url);
    restore.args(RESTORE);
    if replaces {
        restore.args(["--clean", "--if-exists"]);
    }
    restore.arg(into_database(url)).arg(backup);
    progress.now("restoring");
    run(restore).await?;
    progress.now("surveying the tables");
    survey_postgres(url.expose()).await.context("the tables cannot be surveyed")?;
    look(url).await
}

async fn look(url: &DatabaseUrl) -> anyhow::Result<PostgresState> {
    postgres(url.expose()).await.with_context(|| format!("the database {url} does not answer"))
}

/// The table of contents of an archive that is one of this program's databases.
async fn readable(programs: &Programs, url: &DatabaseUrl, archive: &Path) -> anyhow::Result<String> {
    let mut list = program(programs, "pg_restore", url);
    list.arg("--list").arg(archive);
    let contents = run(list).await.context("the backup cannot be read")?;
    let is_own = contents.lines().any(|line| line.contains(OWN_TABLE) && line.contains(OWN_NAME));
    ensure!(is_own, "the backup is of no database of this program");
    Ok(contents)
}

/// The table that a line of a table of contents is about: `215; 1259 16390 TABLE public member registry`.
fn table_of(line: &str) -> Option<&str> {
    line.split_whitespace().skip_while(|word| *word != "TABLE").nth(2)
}

/// `pg_restore` takes the database from its command line alone: as a connection string with nothing but the name in it.
fn into_database(url: &DatabaseUrl) -> String {
    let environment = url.libpq_environment();
    let name =
        environment.iter().find(|(variable, _)| *variable == "PGDATABASE").map(|(_, name)| name.as_str());
    let quoted = name.unwrap_or_default().replace('\\', "\\\\").replace('\'', "\\'");
    format!("--dbname=dbname='{quoted}'")
}

fn program(programs: &Programs, name: &str, url: &DatabaseUrl) -> Command {
    let path = programs.pg_bin.as_ref().map_or_else(|| name.into(), |folder| folder.join(name));
    let mut command = Command::new(path);
    // Where a password is missing it fails, and asks nobody: a terminal may be there at night as well.
    command.arg("--no-password").envs(url.libpq_environment()).stdin(Stdio::null());
    command
}

/// Runs a program to its end, and gives what it wrote.
async fn run(mut command: Command) -> anyhow::Result<String> {
    let name = command.get_program().display().to_string();
    let output = tokio::task::spawn_blocking(move || command.output()).await?;
    let output = match output {
        Err(error) if error.kind() == ErrorKind::NotFound => bail!(
            "{name} is not there: install PostgreSQL's client programs (postgresql-client), or name their folder with \
             --pg-bin"
        ),
        output => output.with_context(|| format!("{name} cannot be run"))?,
    };
    if !output.status.success() {
        bail!("{name} ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_name_whatever_is_in_it() {
        for (url, expected) in [
            ("postgres://h/registry", "--dbname=dbname='registry'"),
            ("postgres://h/a%27b%5Cc%20host%3Dx", "--dbname=dbname='a\\'b\\\\c host=x'"),
        ] {
            assert_eq!(into_database(&url.parse().expect("a URL")), expected);
        }
    }
}
