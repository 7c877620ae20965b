//! Where commitment keys are kept.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// Name of the environment variable that moves the cache directory.
pub const CACHE_VARIABLE: &str = "ZKMIPS_CACHE";

/// Files that have not changed for so long are not being written.
const MOMENT: Duration = Duration::from_secs(2);

/// Where commitment keys and descriptions of circuits are kept: anybody can make them, and removing them is safe.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cache {
    directory: PathBuf,
}

/// No place for the cache.
#[derive(Debug, thiserror::Error)]
#[error("no home directory to keep commitment keys in: name a directory with --cache or {CACHE_VARIABLE}")]
pub struct NoCacheDirectory;

/// A file of the cache.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CachedFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
}

impl Cache {
    /// A cache in this directory, which need not exist.
    pub fn at(directory: impl Into<PathBuf>) -> Self {
        Cache {
            directory: directory.into(),
        }
    }

    /// The directory that `ZKMIPS_CACHE` names, or the one the platform has for such things.
    pub fn of_user() -> Result<Self, NoCacheDirectory> {
        match std::env::var_os(CACHE_VARIABLE).filter(|path| !path.is_empty()) {
            Some(path) => Ok(Cache::at(path)),
            None => {
                let directories = directories::ProjectDirs::from("", "", "zkmips");
                let directories = directories.ok_or(NoCacheDirectory)?;
                Ok(Cache::at(directories.cache_dir()))
            }
        }
    }

    /// Its directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The files in it, in order of name.
    pub fn files(&self) -> std::io::Result<Vec<CachedFile>> {
        let entries = match std::fs::read_dir(&self.directory) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        let mut files = Vec::new();
        for entry in entries {
            let path = entry?.path();
            // Unfinished files of an interrupted setup are `*.tmp`.
            let ours = path.extension().is_some_and(|extension| {
                ["key", "shape", "tmp"]
                    .iter()
                    .any(|ours| extension == *ours)
            });
            if ours {
                let bytes = path.metadata()?.len();
                files.push(CachedFile { path, bytes });
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    /// Whether a key file is being written: an unfinished one has changed a moment ago. What an interrupted process has left does not change.
    pub fn is_being_written(&self) -> bool {
        let is_new = |file: &CachedFile| {
            let changed = file
                .path
                .metadata()
                .and_then(|metadata| metadata.modified());
            let age = changed.ok().and_then(|changed| changed.elapsed().ok());
            file.path.extension().is_some_and(|e| e == "tmp") && age.is_some_and(|age| age < MOMENT)
        };
        self.files().is_ok_and(|files| files.iter().any(is_new))
    }

    /// Removes the files and returns what they were.
    pub fn clean(&self) -> std::io::Result<Vec<CachedFile>> {
        let files = self.files()?;
        for file in &files {
            std::fs::remove_file(&file.path)?;
        }
        Ok(files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_files_are_noticed_until_they_are_old() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::at(directory.path());
        std::fs::write(directory.path().join("pallas.key"), "").unwrap();
        assert!(!cache.is_being_written());
        let unfinished = std::fs::File::create(directory.path().join("pallas.0f.tmp")).unwrap();
        assert!(cache.is_being_written());
        let past = std::time::SystemTime::now() - 2 * MOMENT;
        unfinished.set_modified(past).unwrap();
        assert!(!cache.is_being_written());
    }

    #[test]
    fn only_files_of_the_cache_are_listed_and_removed() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::at(directory.path().join("absent"));
        assert_eq!(cache.files().unwrap(), []);
        let cache = Cache::at(directory.path());
        for name in [
            "pallas-2.key",
            "small-00.shape",
            "vesta.0f.tmp",
            "notes.txt",
        ] {
            std::fs::write(directory.path().join(name), name).unwrap();
        }
        let sizes: Vec<u64> = cache.files().unwrap().iter().map(|f| f.bytes).collect();
        assert_eq!(sizes, [12, 14, 12]);
        assert_eq!(cache.clean().unwrap().len(), 3);
        assert_eq!(cache.files().unwrap(), []);
        assert!(directory.path().join("notes.txt").exists());
    }
}
