//! What a page of documentation shows of a terminal: its commands, and what they are to say.
//!
//! A block of the kind `console` is run: a line that begins with `$ ` is a command, up to the line that ends it, and what
//! follows is what it says. `…` stands for any text, alone on a line for any lines. Of a command without output nothing is
//! compared, and it must succeed. A block of the kind `sh` is not run.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A block of code on a page.
#[derive(Debug, PartialEq, Eq)]
pub struct Block {
    /// The first word behind the fence.
    pub kind: String,
    /// Where it begins, a line from 1.
    pub line: usize,
    /// What stands in it.
    pub text: String,
}

/// A command with what is shown below it.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    /// Where it stands, a line from 1.
    pub line: usize,
    /// The command, which may have several lines.
    pub command: String,
    /// What it is to say.
    pub shown: Vec<String>,
}

/// The blocks of a page of Markdown.
pub fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, Block)> = None;
    // A block within a list is indented as a whole.
    let mut indent = 0;
    for (at, line) in page.lines().enumerate() {
        let fence: String = line.trim_start().chars().take_while(|&c| c == '`').collect();
        match &mut open {
            Some((closing, _)) if *closing == fence && line.trim() == fence => {
                blocks.extend(open.take().map(|(_, block)| block));
            }
            Some((_, block)) => {
                let spaces = line.len() - line.trim_start_matches(' ').len();
                block.text += &format!("{}\n", &line[spaces.min(indent)..]);
            }
            None if fence.len() >= 3 => {
                let kind = line.trim_start().trim_start_matches('`');
                let kind = kind.split([' ', ',']).next().unwrap_or_default().to_owned();
                indent = line.len() - line.trim_start_matches(' ').len();
                open = Some((fence, Block { kind, line: at + 1, text: String::new() }));
            }
            None => {}
        }
    }
    assert!(open.is_none(), "a block of code is not closed: {open:?}");
    blocks
}

/// The commands of a page.
pub fn steps(page: &str) -> Vec<Step> {
    let consoles = blocks(page).into_iter().filter(|block| block.kind == "console");
    consoles.flat_map(|block| steps_of(&block)).collect()
}

fn steps_of(block: &Block) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut goes_on = false;
    for (at, line) in block.text.lines().enumerate() {
        if let Some(command) = line.strip_prefix("$ ").filter(|_| !goes_on) {
            steps.push(Step { line: block.line + at + 1, command: command.to_owned(), shown: Vec::new() });
        } else {
            let step = steps.last_mut().unwrap_or_else(|| panic!("line {}: no command", block.line + at));
            if goes_on {
                step.command += &format!("\n{line}");
            } else {
                step.shown.push(line.to_owned());
                continue;
            }
        }
        goes_on = steps.last().is_some_and(|step| is_open(&step.command));
    }
    assert!(!goes_on, "line {}: the command does not end", block.line);
    steps
}

/// Whether a command goes on in the next line: up to the end of a text that it is given, behind a backslash, or within quotes.
fn is_open(command: &str) -> bool {
    if let Some((_, end)) = command.lines().next().unwrap_or_default().split_once("<<'") {
        let end = end.split('\'').next().unwrap_or_default();
        return !command.lines().skip(1).any(|line| line == end);
    }
    let mut quote = None;
    let mut characters = command.chars();
    while let Some(c) = characters.next() {
        match (quote, c) {
            // The character behind it means nothing, where there is one.
            (None | Some('"'), '\\') if characters.next().is_none() => return true,
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    quote.is_some()
}

/// Whether lines say what is shown.
pub fn says(lines: &[&str], shown: &[&str]) -> bool {
    match shown.split_first() {
        None => lines.is_empty(),
        Some((&"…", rest)) => (0..=lines.len()).any(|skipped| says(&lines[skipped..], rest)),
        Some((first, rest)) => lines
            .split_first()
            .is_some_and(|(line, lines)| says_line(line.trim_end(), first.trim_end()) && says(lines, rest)),
    }
}

fn says_line(line: &str, shown: &str) -> bool {
    let Some((before, behind)) = shown.split_once('…') else { return line == shown };
    let Some(rest) = line.strip_prefix(before) else { return false };
    (0..=rest.len()).filter(|&at| rest.is_char_boundary(at)).any(|at| says_line(&rest[at..], behind))
}

/// A shell that keeps its variables and its place from one command to the next. What it started ends with it.
pub struct Shell {
    bash: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

/// What no command says.
const END: &str = "=== the command has ended with";

impl Shell {
    /// Starts one in a folder, with these variables beside the environment.
    pub fn start(folder: &Path, variables: &[(&str, String)]) -> Self {
        let mut bash = Command::new("bash");
        bash.args(["--noprofile", "--norc"]).current_dir(folder);
        bash.envs(variables.iter().map(|(name, value)| (name, value)));
        let mut bash = bash.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("bash starts");
        let input = bash.stdin.take();
        let output = BufReader::new(bash.stdout.take().expect("the output is piped"));
        let mut shell = Self { bash, input, output };
        shell.write("exec 2>&1; trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT\n");
        shell
    }

    fn write(&mut self, text: &str) {
        let input = self.input.as_mut().expect("the shell runs");
        input.write_all(text.as_bytes()).expect("the shell listens");
    }

    /// Runs a command to its end: its status, and what it said.
    pub fn run(&mut self, command: &str) -> (i32, String) {
        // Within braces, so that the shell reads the whole of it before a program can read the rest.
        self.write(&format!("{{\n{command}\n}} </dev/null; printf '\\n{END} %d\\n' $?\n"));
        let mut said = String::new();
        loop {
            let mut line = String::new();
            let read = self.output.read_line(&mut line).expect("what the shell says is text");
            assert!(read > 0, "the shell ended in {command}: {said}");
            if let Some(status) = line.strip_prefix(END) {
                // The line break before the mark is none of the command's.
                let said = said.strip_suffix('\n').unwrap_or(&said).to_owned();
                return (status.trim().parse().expect("a status"), said);
            }
            said += &line;
        }
    }

    /// Ends whatever runs in the background.
    pub fn end_jobs(&mut self) {
        self.run("kill $(jobs -p) 2>/dev/null; wait");
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // At the end of its input it ends, and everything that it started before that.
        drop(self.input.take());
        _ = self.bash.wait();
    }
}

#[test]
fn a_page_is_read_as_commands_and_what_they_say() {
    let page = "Text\n\n```console\n$ one \\\n    more\n$ two 'a\nb'\nsaid\n\n$ cat <<'END'\n$ it's\nEND\nshown\n```\n1. In a list\n\n   ```console\n   $ four\n    said\n   ```\n```sh\n$ not run\n```\n";
    let step = |line, command: &str, shown: &[&str]| Step {
        line,
        command: command.to_owned(),
        shown: shown.iter().map(ToString::to_string).collect(),
    };
    assert_eq!(
        steps(page),
        [
            step(4, "one \\\n    more", &[]),
            step(6, "two 'a\nb'", &["said", ""]),
            step(10, "cat <<'END'\n$ it's\nEND", &["shown"]),
            step(18, "four", &[" said"]),
        ]
    );
}

#[test]
fn what_varies_is_left_out() {
    assert!(says(&["a 12 b", "x", "y", "end "], &["a … b", "…", "end"]));
    assert!(says(&["end"], &["…", "end"]));
    assert!(!says(&["a 12 c"], &["a … b"]));
    assert!(!says(&["a", "more"], &["a"]));
    assert!(!says(&[], &["a"]));
}
