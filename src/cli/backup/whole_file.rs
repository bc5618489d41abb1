//! A file that is there as a whole or not at all, and that its owner alone can read.

use std::fs::{self, File, OpenOptions};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use anyhow::Context as _;

use crate::cli::progress::Progress;

/// How often it is looked how large the file is by now.
const GLANCE: Duration = Duration::from_millis(200);

/// A file beside the one that it becomes. What is not finished is removed.
pub(super) struct WholeFile {
    into: PathBuf,
    part: PathBuf,
}

/// A path with something added to its end.
pub(super) fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(end);
    PathBuf::from(path)
}

impl WholeFile {
    /// Begins an empty file.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn begin(into: &Path) -> anyhow::Result<Self> {
        let part = with_end(into, ".part");
        let unwritable = || format!("{} cannot be written", part.display());
        // Of an attempt that was cut off.
        match fs::remove_file(&part) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(unwritable);
            }
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&part).with_context(unwritable)?;
        Ok(Self { into: into.to_path_buf(), part })
    }

    /// Where it is written.
    pub(super) fn path(&self) -> &Path {
        &self.part
    }

    /// Does something that fills it, and shows how far it is.
    pub(super) async fn watched<T>(&self, progress: &Progress, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        let mut glance = tokio::time::interval(GLANCE);
        loop {
            tokio::select! {
                done = &mut work => return done,
                _ = glance.tick() => {
                    progress.stands_at(fs::metadata(&self.part).map_or(0, |file| file.len()));
                }
            }
        }
    }

    /// Puts it in its place, on the disk itself; gives its size in bytes.
    ///
    /// # Errors
    /// When that cannot be done.
    pub(super) fn finish(self) -> anyhow::Result<u64> {
        let unwritable = || format!("{} cannot be written", self.into.display());
        let file = File::open(&self.part).with_context(unwritable)?;
        file.sync_all().with_context(unwritable)?;
        let bytes = file.metadata().with_context(unwritable)?.len();
        fs::rename(&self.part, &self.into).with_context(unwritable)?;
        // Its name as well: a folder is written like a file.
        if let Some(folder) = self.into.parent().filter(|folder| !folder.as_os_str().is_empty())
            && let Ok(folder) = File::open(folder)
        {
            folder.sync_all().with_context(unwritable)?;
        }
        Ok(bytes)
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        // Finished ones are not there any more under this name.
        let _ = fs::remove_file(&self.part);
    }
}
