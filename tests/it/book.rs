//! The documentation does what it says: every command of the README and of the book is run, in the order of the page, on a clean
//! folder, and says what is shown; what is not run names nothing that is not there; and the book builds, with links that lead
//! somewhere. `support::console` tells which blocks are run and how what varies is left out.
//!
//! A page is run as by a reader: `rec-registry` is the program under test, `cargo run --release --` as well, and what the
//! repository has stands in the folder. A server goes on in the background until the next one of the page takes its place.
//! Addresses of this machine are others, so that pages can be run beside each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::CommandFactory as _;
use rec_registry::cli::Cli;

use crate::support::command::run;
use crate::support::console::{Shell, Step, blocks, says, steps};
use crate::support::database::{missing, must_be_complete};
use crate::support::server::{PROGRAM, free_address};
use crate::support::{self, Backend, TestDatabase};

/// What a reader finds beside the program.
const BESIDE: &[&str] = &["examples", "tests/samples"];
/// How the README starts the program.
const FROM_SOURCE: &str = "cargo run --release --";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every page of the documentation, with its text.
fn pages() -> Vec<(PathBuf, String)> {
    let mut paths = vec![root().join("README.md")];
    paths.extend(markdown_below(&root().join("docs/book/src")));
    paths
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("a page is read");
            (path.strip_prefix(root()).expect("a page of the repository").to_owned(), text)
        })
        .collect()
}

fn markdown_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder of the book is read") {
        let path = entry.expect("a folder of the book is read").path();
        if path.is_dir() {
            found.extend(markdown_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found.sort();
    found
}

mod every_command_of_the_documentation_runs_and_says_what_is_shown {
    use super::*;

    async fn test(backend: Backend) {
        let mut count = 0;
        for (path, text) in pages() {
            let steps = steps(&text);
            if steps.is_empty() {
                continue;
            }
            count += steps.len();
            support::run(backend, |database: TestDatabase| async move {
                let page = Page::new(&path, database);
                tokio::task::spawn_blocking(move || page.run(&steps)).await.expect("the page is run");
            })
            .await;
        }
        assert!(count > 40, "only {count} commands were found");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn sqlite() {
        test(Backend::Sqlite).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn postgres() {
        test(Backend::Postgres).await;
    }
}

/// A page that is run.
struct Page {
    path: String,
    database: TestDatabase,
    folder: PathBuf,
    /// The addresses of the page, and those that stand for them.
    addresses: BTreeMap<String, String>,
}

impl Page {
    fn new(path: &Path, database: TestDatabase) -> Self {
        let folder = database.directory().join("page");
        for beside in BESIDE {
            let there = folder.join(beside);
            std::fs::create_dir_all(there.parent().expect("a folder")).expect("a folder is made");
            std::os::unix::fs::symlink(root().join(beside), there).expect("a link is made");
        }
        Self { path: path.display().to_string(), database, folder, addresses: BTreeMap::new() }
    }

    fn run(mut self, steps: &[Step]) {
        let programs = Path::new(PROGRAM).parent().expect("the program lies in a folder");
        let path = std::env::var("PATH").unwrap_or_default();
        let default = self.elsewhere("127.0.0.1:8004");
        let mut variables = vec![
            ("PATH", format!("{}:{path}", programs.display())),
            ("REC_REGISTRY_LISTEN", default),
            ("RUST_BACKTRACE", "0".to_owned()),
        ];
        if self.database.backend == Backend::Postgres {
            variables.push(("DATABASE_URL", self.database.url.clone()));
        }
        let mut shell = Shell::start(&self.folder, &variables);
        let mut told = String::new();
        for step in steps {
            let command = self.elsewhere(&step.command.replace(FROM_SOURCE, "rec-registry"));
            let (status, said) = if is_server(&command) {
                shell.end_jobs();
                self.serve(&mut shell, &command)
            } else {
                shell.run(&command)
            };
            let said = self.as_written(&said);
            _ = writeln!(told, "$ {}\n{said}", step.command);
            let lines: Vec<&str> = said.lines().collect();
            let shown: Vec<&str> = step.shown.iter().map(String::as_str).collect();
            // A line that is left free below the last one is for the eye.
            let shown = shown.strip_suffix(&[""]).unwrap_or(&shown);
            let at = format!("{}:{}", self.path, step.line);
            if shown.is_empty() {
                assert_eq!(status, 0, "{at} failed:\n{told}");
            } else {
                assert!(
                    says(&lines, shown),
                    "{at} says something else (status {status}):\n{told}\nshown is\n{}",
                    shown.join("\n")
                );
            }
        }
    }

    /// Starts a server and waits until it is ready, or has ended: its status, and what it said.
    fn serve(&self, shell: &mut Shell, command: &str) -> (i32, String) {
        let mut command = command.replacen("rec-registry ", "exec rec-registry ", 1);
        if self.database.backend == Backend::Postgres && command.contains("rec-registry dev") {
            command += &format!(" --database-url '{}'", self.database.url);
        }
        let ready = format!("http://{}/ready", self.addresses["127.0.0.1:8004"]);
        shell.run(&format!(
            "( {command} ) >../server.log 2>&1 &\n\
             until curl -sf -o /dev/null {ready}; do kill -0 $! 2>/dev/null || break; sleep 0.05; done\n\
             cat ../server.log\n\
             kill -0 $! 2>/dev/null || wait $!"
        ))
    }

    /// A text with addresses that nobody else has.
    fn elsewhere(&mut self, text: &str) -> String {
        const HOST: &str = "127.0.0.1:";
        let mut pieces = text.split(HOST);
        let mut changed = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let digits = piece.chars().take_while(char::is_ascii_digit).count();
            let address = format!("{HOST}{}", &piece[..digits]);
            changed += self.addresses.entry(address).or_insert_with(free_address);
            changed += &piece[digits..];
        }
        changed
    }

    /// What was said, with the addresses as they stand on the page.
    fn as_written(&self, said: &str) -> String {
        self.addresses.iter().fold(said.to_owned(), |said, (written, used)| said.replace(used, written))
    }
}

/// Whether a command serves.
fn is_server(command: &str) -> bool {
    let mut words =
        command.split_whitespace().skip_while(|word| word.contains('=') && !word.starts_with('-'));
    words.next() == Some("rec-registry") && matches!(words.next(), Some("dev" | "serve"))
}

/// Settings of tests, which no command knows.
const OF_TESTS: &[&str] =
    &["REC_REGISTRY_TEST_", "REC_REGISTRY_STRESS_", "REC_REGISTRY_PROBE_", "REC_REGISTRY_URL"];

#[test]
fn what_the_documentation_names_is_there() {
    let (mut flags, mut variables) = (BTreeSet::new(), BTreeSet::new());
    let mut command = Cli::command();
    command.build();
    names(&command, &mut flags, &mut variables);
    let mut unknown = Vec::new();
    for (path, text) in pages() {
        for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            let is_setting =
                word.starts_with("REC_REGISTRY_") && !OF_TESTS.iter().any(|prefix| word.starts_with(prefix));
            // What ends in an underscore stands for several.
            if is_setting && !word.ends_with('_') && !variables.contains(word) {
                unknown.push(format!("{}: {word}", path.display()));
            }
        }
        for block in blocks(&text).iter().filter(|block| block.kind == "sh") {
            let script = block.text.replace("\\\n", " ");
            let check = Command::new("bash").args(["-n", "-c", &script]).output().expect("bash runs");
            assert!(check.status.success(), "{}:{}: {check:?}", path.display(), block.line);
            for line in script.lines().filter_map(|line| line.trim().strip_prefix("rec-registry ")) {
                let given = line.split_whitespace().filter(|word| word.starts_with("--"));
                let given = given.map(|word| word.split('=').next().unwrap_or_default());
                unknown.extend(
                    given
                        .filter(|flag| !flags.contains(*flag))
                        .map(|flag| format!("{}: {flag}", path.display())),
                );
            }
        }
    }
    assert!(unknown.is_empty(), "the documentation names what is not there: {unknown:#?}");
}

/// The flags and the environment variables of a command and of those below it.
fn names(command: &clap::Command, flags: &mut BTreeSet<String>, variables: &mut BTreeSet<String>) {
    for argument in command.get_arguments() {
        flags.extend(argument.get_long().map(|long| format!("--{long}")));
        variables.extend(argument.get_env().map(|name| name.to_string_lossy().into_owned()));
    }
    command.get_subcommands().for_each(|below| names(below, flags, variables));
}

#[tokio::test]
async fn the_book_builds_and_its_links_lead_somewhere() {
    let mdbook = match mdbook() {
        Ok(mdbook) => mdbook,
        Err(reason) => {
            missing("the book", &reason);
            assert!(!must_be_complete(), "{reason}");
            return;
        }
    };
    let folder = tempfile::tempdir().expect("a folder");
    let mut build = Command::new(mdbook);
    build.arg("build").arg(root().join("docs/book")).arg("--dest-dir").arg(folder.path());
    let said = run(&mut build).unwrap_or_else(|said| panic!("{said}"));
    assert!(!said.contains("WARN") && !said.contains("ERROR"), "{said}");

    let listed =
        std::fs::read_to_string(root().join("docs/book/src/SUMMARY.md")).expect("the summary is read");
    for page in markdown_below(&root().join("docs/book/src")) {
        let page = page
            .strip_prefix(root().join("docs/book/src"))
            .expect("a page of the book")
            .display()
            .to_string();
        assert!(
            page == "SUMMARY.md" || listed.contains(&format!("({page})")),
            "SUMMARY.md does not list {page}"
        );
    }
    let mut dead = Vec::new();
    let pages = html_below(folder.path());
    assert!(pages.len() > 15, "{pages:?}");
    for page in &pages {
        let text = std::fs::read_to_string(page).expect("a page is read");
        for link in attributes(&text, "href").chain(attributes(&text, "src")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            if link.contains(':') || link.starts_with("//") {
                continue;
            }
            let to = if file.is_empty() { page.clone() } else { page.parent().expect("a folder").join(file) };
            let leads = match std::fs::read_to_string(&to) {
                Ok(text) => anchor.is_empty() || attributes(&text, "id").any(|id| id == anchor),
                // A picture or a font.
                Err(_) => to.is_file(),
            };
            if !leads {
                dead.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(dead.is_empty(), "links that lead nowhere: {dead:#?}");
}

fn html_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the book is read") {
        let path = entry.expect("the book is read").path();
        if path.is_dir() {
            found.extend(html_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "html") && !path.ends_with("404.html")
        {
            // The page of what is not there is meant for the root of a site.
            found.push(path);
        }
    }
    found
}

/// The values of an attribute in a page.
fn attributes<'t>(html: &'t str, name: &str) -> impl Iterator<Item = &'t str> {
    let pieces = html.split(&format!(" {name}=\"")).skip(1).collect::<Vec<_>>();
    pieces.into_iter().filter_map(|piece| piece.split('"').next())
}

/// The program `mdbook`: the one of this machine, or one in a virtual environment that is made once and kept with the build.
fn mdbook() -> Result<PathBuf, String> {
    if Command::new("mdbook").arg("--version").output().is_ok() {
        return Ok("mdbook".into());
    }
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mdbook");
    let program = home.join("bin/mdbook");
    if !program.exists() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home))?;
        let mut install = Command::new(home.join("bin/python"));
        install.args(["-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r"]);
        run(install.arg(root().join("docs/book/requirements.txt")))?;
    }
    Ok(program)
}
