//! The machine: memory, and how many files may be open.

use super::diagnosis::Diagnosis;
use crate::app::left_for_clients;
use crate::config::HttpLimits;

const MIB: u64 = 1024 * 1024;

/// Memory of a process that does nothing, in bytes.
const AT_REST: u64 = 64 * MIB;

/// Memory that an import takes, as a multiple of its body: measured with 18.6 MB, which took 135 MB at most.
const IMPORT_FACTOR: u64 = 6;

/// Looks at what Linux says of itself; of other systems nothing is known.
pub(super) fn examine(limits: &HttpLimits, found: &mut Diagnosis) {
    memory(limits, memory_bytes(), found);
    open_files(limits, std::fs::read_to_string("/proc/self/limits").ok().as_deref(), found);
}

fn memory(limits: &HttpLimits, there: Option<u64>, found: &mut Diagnosis) {
    let transfers = limits.max_transfers as u64 * limits.max_body_bytes() as u64 * IMPORT_FACTOR;
    let needed = AT_REST + limits.memory_bytes() + transfers;
    let mib = |bytes: u64| bytes.div_ceil(MIB);
    match there {
        None => {}
        Some(there) if AT_REST + limits.memory_bytes() > there / 2 => found.warning(
            "memory",
            format!(
                "{} MiB are set aside for answers, of {} MiB that there are",
                limits.memory_mib,
                mib(there)
            ),
            "set REC_REGISTRY_MEMORY_MIB lower, or give the process more memory",
        ),
        Some(there) if needed > there => found.note(
            "memory",
            format!(
                "{} imports of {} MiB at the same time may take {} MiB, of {} MiB that there are",
                limits.max_transfers,
                limits.max_body_mib,
                mib(needed),
                mib(there)
            ),
            "set REC_REGISTRY_MAX_TRANSFERS or REC_REGISTRY_MAX_BODY_MIB lower if such imports come",
        ),
        Some(there) => found.ok(
            "memory",
            format!(
                "the largest imports take up to {} MiB, of {} MiB that there are",
                mib(needed),
                mib(there)
            ),
        ),
    }
}

/// The memory that this process may have: what its group may, or what the machine has.
fn memory_bytes() -> Option<u64> {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let group = read("/sys/fs/cgroup/memory.max").and_then(|text| text.trim().parse::<u64>().ok());
    let machine = read("/proc/meminfo").and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()?.checked_mul(1024)
    });
    group.into_iter().chain(machine).min()
}

fn open_files(limits: &HttpLimits, told: Option<&str>, found: &mut Diagnosis) {
    let Some(limit) = told.and_then(open_file_limit) else { return };
    let room = left_for_clients(limit);
    if room < limits.max_connections {
        found.note(
            "open_files",
            format!(
                "{limit} files may be open here: enough for {room} connections, of up to {}",
                limits.max_connections
            ),
            "raise it where the server is started (ulimit -n, LimitNOFILE= of systemd), or set \
             REC_REGISTRY_MAX_CONNECTIONS lower",
        );
    } else {
        found.ok(
            "open_files",
            format!("the files that may be open here are enough for {} connections", limits.max_connections),
        );
    }
}

/// The limit that a server raises its own to, of the table that Linux keeps of a process.
fn open_file_limit(table: &str) -> Option<u64> {
    let line = table.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    let hard = line.split_whitespace().nth(1)?;
    if hard == "unlimited" { Some(u64::MAX) } else { hard.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "Limit                     Soft Limit           Hard Limit           Units\n\
        Max processes             63704                63704                processes\n\
        Max open files            1024                 524288               files\n";

    #[test]
    fn the_hard_limit_of_open_files_is_the_one_that_holds() {
        assert_eq!(open_file_limit(TABLE), Some(524_288));
        assert_eq!(open_file_limit("Max open files  unlimited  unlimited  files\n"), Some(u64::MAX));
        assert_eq!(open_file_limit("Max processes 1 1 processes\n"), None);
    }

    #[test]
    fn the_files_that_a_server_keeps_for_itself_are_not_there_for_clients() {
        let said = |files: u64| {
            let mut found = Diagnosis::default();
            open_files(
                &HttpLimits::default(),
                Some(&TABLE.replace("524288", &files.to_string())),
                &mut found,
            );
            format!("{found:?}")
        };
        assert!(said(1_100).contains("enough for 844 connections, of up to 1024"), "{}", said(1_100));
        assert!(said(1_280).contains("enough for 1024 connections"), "{}", said(1_280));
    }

    #[test]
    fn memory_that_is_set_aside_must_be_there() {
        let severity = |memory_mib: u32, there: u64| {
            let mut found = Diagnosis::default();
            memory(&HttpLimits { memory_mib, ..HttpLimits::default() }, Some(there * MIB), &mut found);
            found.status()
        };
        assert_eq!(severity(16, 512), 0);
        assert_eq!(severity(16, 100_000), 0);
        assert_eq!(severity(512, 512), 1);
    }
}
