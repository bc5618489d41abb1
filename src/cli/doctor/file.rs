//! The file of a SQLite database: who can read it, what it lies on, how much room there is.

use std::path::{Path, PathBuf};

use super::diagnosis::Diagnosis;

const MIB: u64 = 1024 * 1024;

/// Room below which writes are about to fail, in bytes.
const LITTLE_ROOM: u64 = 128 * MIB;

/// Looks at the file and at what stands beside it.
pub(super) fn examine(file: &Path, found: &mut Diagnosis) {
    #[cfg(unix)]
    permissions(file, found);
    #[cfg(unix)]
    room(file, found);
    #[cfg(target_os = "linux")]
    file_system(file, found);
}

/// The file itself, and those that SQLite keeps beside it.
#[cfg(unix)]
fn family(file: &Path) -> Vec<PathBuf> {
    let beside = |end: &str| {
        let mut path = file.as_os_str().to_owned();
        path.push(end);
        PathBuf::from(path)
    };
    vec![file.to_path_buf(), beside("-wal"), beside("-shm"), beside(".lock")]
}

#[cfg(unix)]
fn permissions(file: &Path, found: &mut Diagnosis) {
    use std::os::unix::fs::MetadataExt as _;

    /// Reading by others, and by the group; entering a folder.
    const READ_BY_OTHERS: u32 = 0o004;
    const ENTERED_BY_OTHERS: u32 = 0o001;
    let there: Vec<_> =
        family(file).into_iter().filter_map(|path| Some((path.metadata().ok()?, path))).collect();
    let folder = std::fs::canonicalize(file).ok();
    let is_entered = folder.as_deref().is_some_and(|file| {
        file.ancestors()
            .skip(1)
            .all(|folder| folder.metadata().is_ok_and(|folder| folder.mode() & ENTERED_BY_OTHERS != 0))
    });
    let open: Vec<_> = there
        .iter()
        .filter(|(state, _)| state.mode() & READ_BY_OTHERS != 0 && state.len() > 0)
        .map(|(_, path)| path.display().to_string())
        .collect();
    if is_entered && !open.is_empty() {
        found.warning(
            "file_permissions",
            format!("everybody on this machine can read {}", open.join(", ")),
            format!("chmod o-rwx {}, and UMask=0077 for the service", open.join(" ")),
        );
    } else {
        found.ok("file_permissions", "others on this machine cannot read the file");
    }
    let Some((own, _)) = there.first() else { return };
    for (state, path) in there.iter().skip(1).filter(|(state, _)| state.uid() != own.uid()) {
        found.warning(
            "file_owner",
            format!(
                "{} belongs to the user {}, the database to {}: whoever serves may not be able to write",
                path.display(),
                state.uid(),
                own.uid()
            ),
            format!("chown --reference={} {}", file.display(), path.display()),
        );
    }
    if own.mode() & 0o222 == 0 {
        found.error(
            "file_permissions",
            format!("nobody may write to {}", file.display()),
            format!("chmod u+w {}", file.display()),
        );
    }
}

#[cfg(unix)]
fn room(file: &Path, found: &mut Diagnosis) {
    let Ok(volume) = rustix::fs::statvfs(file) else { return };
    let free = volume.f_bavail.saturating_mul(volume.f_frsize);
    let size = file.metadata().map_or(0, |file| file.len());
    let what = format!("{} MiB are free where the database is, which takes {} MiB", free / MIB, size / MIB);
    if free < LITTLE_ROOM {
        found.error(
            "room",
            what,
            "make room, or move the database to a larger volume: writes are about to fail",
        );
    } else if free < size.saturating_mul(2) {
        found.note("room", what, "a backup beside it and the log of a large import need as much again each");
    } else {
        found.ok("room", what);
    }
}

/// Volumes that are not of this machine, by the number that Linux knows their kind by. What one process locks or maps
/// there others need not see.
#[cfg(target_os = "linux")]
const REMOTE: &[(u32, &str)] = &[
    (0x6969, "NFS"),
    (0x517B, "SMB"),
    (0xFF53_4D42, "CIFS"),
    (0xFE53_4D42, "SMB2"),
    (0x00C3_6400, "Ceph"),
    (0x0102_1997, "9P"),
];

#[cfg(target_os = "linux")]
fn file_system(file: &Path, found: &mut Diagnosis) {
    let Ok(volume) = rustix::fs::statfs(file) else { return };
    let kind = u32::try_from(volume.f_type & 0xffff_ffff).unwrap_or_default();
    if let Some((_, name)) = REMOTE.iter().find(|(number, _)| *number == kind) {
        found.error(
            "file_system",
            format!("the database lies on {name}, where SQLite's log and locks are not safe"),
            "put it on a disk of this machine, or use PostgreSQL",
        );
    }
}
