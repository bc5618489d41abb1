//! How many connections the system gives files for. Where it gives few, those of the clients must not take the ones that
//! the database needs.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::Semaphore;

/// Files for all but the clients: the database's connections, of SQLite with a file and a log each, and the logs.
const KEPT: u64 = 256;

/// How many of so many connections there is room for. Asks the system for all the files that it gives to this process,
/// which many systems do only when they are asked.
pub(super) fn room_for(connections: usize) -> usize {
    let given = getrlimit(Resource::Nofile);
    let all = Rlimit { current: given.maximum, ..given };
    let files = match setrlimit(Resource::Nofile, all) {
        Ok(()) => given.maximum,
        Err(error) => {
            tracing::warn!(%error, "the system does not give the files that it promised");
            given.current
        }
    };
    // No number is no limit.
    let room = files.map_or(usize::MAX, left_for_clients).min(Semaphore::MAX_PERMITS);
    if room < connections {
        tracing::warn!(
            connections = room,
            wanted = connections,
            "fewer connections than --max-connections at a time: the system gives too few files (ulimit -n)"
        );
    }
    room.min(connections)
}

/// How many connections of clients there is room for with so many files: at least half of them, however few there are.
#[must_use]
pub fn left_for_clients(files: u64) -> usize {
    usize::try_from(files.saturating_sub(KEPT).max(files / 2)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_keeps_its_files() {
        for (files, connections) in
            [(65_536, 65_280), (1_024, 768), (512, 256), (300, 150), (u64::MAX, usize::MAX - 256)]
        {
            assert_eq!(left_for_clients(files), connections, "{files}");
        }
    }
}
