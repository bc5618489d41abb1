//! Load from `wrk`, and what it and the system say of it.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::operations::{Operation, Requests};

const CONNECTIONS: &str = "16";

/// Ticks a second in which the system counts the time of a process.
const TICKS: f64 = 100.0;

/// Draws one of the lines of a list. They stay one text, with a note of where each begins: what collects Lua's garbage would
/// stand still for tenths of a second over a table of a million.
const DRAWN: &str = r#"
local file = io.open("LIST", "rb")
local text = file:read("*a") .. "\n"
file:close()
local _, count = text:gsub("\n", "")
local begins = require("ffi").new("uint32_t[?]", count + 1)
begins[0] = 1
for line = 1, count do begins[line] = text:find("\n", begins[line - 1], true) + 1 end
local function drawn()
  local line = math.random(count)
  return text:sub(begins[line - 1], begins[line] - 2)
end
math.randomseed(7)
"#;

/// The requests of one operation, ready to be sent.
pub struct Load {
    script: PathBuf,
    token: String,
    /// The first request: its path, and its body if it is a POST.
    first: (String, Option<String>),
}

/// What one run gave.
pub struct Run {
    /// Requests a second.
    pub rate: f64,
    /// Half of all took at most this, in milliseconds.
    pub p50: f64,
    /// All but a hundredth took at most this, in milliseconds.
    pub p99: f64,
    /// What a request took of the server's processor, in microseconds.
    pub cpu: f64,
    /// The server's memory at the end, in MiB.
    pub memory: f64,
    /// How many requests were answered.
    pub requests: f64,
}

impl Load {
    /// Writes the script for an operation.
    pub fn of(operation: &Operation, token: &str, directory: &Path) -> Self {
        let (method, path, lines) = match &operation.requests {
            Requests::Get(paths) => ("GET", "", paths),
            Requests::Post(path, bodies) => ("POST", path.as_str(), bodies),
        };
        let list = directory.join("requests.txt");
        std::fs::write(&list, lines.join("\n")).expect("the requests are written");
        let request = match method {
            "GET" => "wrk.format(\"GET\", drawn())".to_owned(),
            _ => format!("wrk.format(\"POST\", \"{path}\", nil, drawn())"),
        };
        let script = directory.join("load.lua");
        let text = format!(
            "{DRAWN}wrk.headers[\"Content-Type\"] = \"application/json\"\n\
             wrk.headers[\"Authorization\"] = \"Bearer {token}\"\nrequest = function() return {request} end\n",
        );
        let text = text.replace("LIST", &list.display().to_string());
        std::fs::write(&script, text).expect("the script is written");
        let first = lines.first().cloned().unwrap_or_default();
        let first = if method == "GET" { (first, None) } else { (path.to_owned(), Some(first)) };
        Self { script, token: token.to_owned(), first }
    }

    /// What the server answers to the first request.
    pub async fn sample(&self, base_url: &str) -> Vec<u8> {
        let (path, body) = &self.first;
        let url = format!("{base_url}{path}");
        let client = reqwest::Client::new();
        let request = match body {
            Some(body) => client.post(url).header("content-type", "application/json").body(body.clone()),
            None => client.get(url),
        };
        let answer = request.bearer_auth(&self.token).send().await.expect("the server answers");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.bytes().await.expect("the answer is read").to_vec()
    }

    /// Sends requests for some seconds.
    pub fn run(&self, address: &str, process: u32, seconds: usize) -> Run {
        let before = ticks(process);
        let output = Command::new("wrk")
            .args(["-t1", "-c", CONNECTIONS, "--latency", "-d", &format!("{seconds}s"), "-s"])
            .arg(&self.script)
            .arg(format!("http://{address}/"))
            .output()
            .expect("wrk is installed");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!said.contains("Non-2xx"), "{said}");
        let word = |line: &str, at: usize| {
            let line = said.lines().find(|text| text.trim_start().starts_with(line));
            line.and_then(|text| text.split_whitespace().nth(at))
                .unwrap_or_else(|| panic!("{line:?}: {said}"))
        };
        let requests = said.lines().find(|line| line.contains(" requests in ")).expect("wrk counts requests");
        let requests: f64 =
            requests.split_whitespace().next().and_then(|count| count.parse().ok()).expect("a number");
        Run {
            rate: word("Requests/sec:", 1).parse().expect("a rate"),
            p50: milliseconds(word("50%", 1)),
            p99: milliseconds(word("99%", 1)),
            cpu: (ticks(process) - before) / TICKS * 1e6 / requests.max(1.0),
            memory: memory(process),
            requests,
        }
    }
}

/// A time as `wrk` writes it.
fn milliseconds(text: &str) -> f64 {
    let units = [("us", 0.001), ("ms", 1.0), ("s", 1_000.0)];
    let (number, unit) =
        units.iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, unit))).expect("a unit");
    number.parse::<f64>().expect("a number") * unit
}

/// The processor time of a process, in ticks.
fn ticks(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("the process runs");
    let behind_name = stat.rsplit(')').next().unwrap_or_default();
    let field = |at: usize| behind_name.split_whitespace().nth(at).and_then(|text| text.parse::<f64>().ok());
    field(11).unwrap_or_default() + field(12).unwrap_or_default()
}

/// The memory that a process has, in MiB.
pub fn memory(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches("kB").trim().parse::<f64>().unwrap_or_default() / 1024.0
}
