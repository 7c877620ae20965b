//! Files that are replaced in one step: at any moment there is the old one or the new one, never a part.
//!
//! A file is written under another name in the same directory and then renamed. Somebody who ends the process in the middle of its work,
//! on Ctrl-C for instance, takes [`none_unfinished`] first, so that nothing is left behind under that other name either.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Held while there is an unfinished file. (Files are written seldom, and none while another one is.)
static UNFINISHED: Mutex<()> = Mutex::new(());

/// Waits until there is no unfinished file; none is begun while the result is kept.
pub fn none_unfinished() -> impl Drop {
    lock()
}

fn lock() -> MutexGuard<'static, ()> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Who may read a new file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Readers {
    /// Its owner alone.
    Owner,
    /// Everybody whom the user's mask does not exclude.
    Everybody,
}

/// A file that will replace another one, or be there for the first time, once all of it is written. Dropped before that it leaves nothing.
pub struct WholeFile {
    // Fields are dropped in this order: the file is gone before the next one may begin.
    file: tempfile::NamedTempFile,
    target: PathBuf,
    _lock: MutexGuard<'static, ()>,
}

impl WholeFile {
    /// Begins a file.
    pub fn create(target: &Path, readers: Readers) -> io::Result<Self> {
        let directory = match target.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".zkmips-");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = match readers {
                Readers::Owner => 0o600,
                Readers::Everybody => 0o666,
            };
            builder.permissions(std::fs::Permissions::from_mode(mode));
        }
        let lock = lock();
        // Without the random name, which tells nobody anything.
        let file = builder
            .tempfile_in(directory)
            .map_err(|error| io::Error::from(error.kind()))?;
        Ok(WholeFile {
            file,
            target: target.to_owned(),
            _lock: lock,
        })
    }

    /// Writes all of it and puts it in its place.
    pub fn write(mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.file.as_file().sync_all()?;
        self.file.persist(&self.target)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::sync::mpsc;
    use std::time::Duration;

    #[test]
    fn a_file_is_replaced_or_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let names = || fs::read_dir(directory.path()).unwrap().count();
        WholeFile::create(&path, Readers::Owner)
            .unwrap()
            .write(b"one")
            .unwrap();
        drop(WholeFile::create(&path, Readers::Owner).unwrap());
        assert_eq!((fs::read(&path).unwrap(), names()), (b"one".to_vec(), 1));
        WholeFile::create(&path, Readers::Everybody)
            .unwrap()
            .write(b"two")
            .unwrap();
        assert_eq!((fs::read(&path).unwrap(), names()), (b"two".to_vec(), 1));
        let absent = WholeFile::create(&directory.path().join("absent/file"), Readers::Owner);
        assert_eq!(absent.err().unwrap().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn whoever_ends_the_process_waits_for_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let unfinished = WholeFile::create(&path, Readers::Owner).unwrap();
        let (send, receive) = mpsc::channel();
        let waiting = std::thread::spawn(move || {
            drop(none_unfinished());
            send.send(()).unwrap();
        });
        let patience = Duration::from_millis(50);
        assert!(receive.recv_timeout(patience).is_err());
        unfinished.write(b"all").unwrap();
        receive.recv_timeout(Duration::from_secs(20)).unwrap();
        waiting.join().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"all");
    }
}
