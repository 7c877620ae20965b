//! Ctrl-C, and requests to end: no file is left half written, and it is said how to go on.

use crate::failure::{Failure, SOFTWARE};
use crate::terminal::Terminal;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use zkmips::{whole_file, Cache};

/// What a shell reports for a program that Ctrl-C has ended: 128 and SIGINT.
pub const INTERRUPTED: i32 = 130;
/// Keys are written in less time than this.
const PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);

/// What is lost by an interruption, and how to go on.
#[derive(Clone, Debug, Default)]
enum Advice {
    /// Nothing to say.
    #[default]
    None,
    /// Work is lost, and this would have kept it.
    Lost(String),
    /// The file that keeps it, if it has been written.
    Kept(PathBuf),
}

/// What is to be said and done when the command is interrupted.
#[derive(Clone, Default)]
pub struct Interrupt {
    advice: Arc<Mutex<Advice>>,
    /// A socket, which is in the way of the next one.
    remove: Arc<Mutex<Option<PathBuf>>>,
}

impl Interrupt {
    /// From now on, interruptions are answered.
    pub fn install(terminal: Arc<Terminal>, cache: Option<Cache>) -> Result<Self, Failure> {
        let interrupt = Interrupt::default();
        let heard = interrupt.clone();
        let answer = move || {
            terminal.finish();
            let begun = Instant::now();
            let writing = || cache.as_ref().is_some_and(Cache::is_being_written);
            while writing() && begun.elapsed() < PATIENCE {
                std::thread::sleep(POLL);
            }
            let _nothing_is_half_written = whole_file::none_unfinished();
            if let Some(path) = heard.remove.lock().ok().and_then(|mut path| path.take()) {
                let _ = std::fs::remove_file(path);
            }
            eprintln!("zkmips: interrupted{}", heard.advice());
            std::process::exit(INTERRUPTED);
        };
        ctrlc::set_handler(answer).map_err(|error| {
            Failure::new(SOFTWARE, format!("cannot listen to signals: {error}"))
        })?;
        Ok(interrupt)
    }

    /// From now on an interruption loses work, which something would keep.
    pub fn loses(&self, sentence: &str) {
        self.set(Advice::Lost(sentence.to_owned()));
    }

    /// From now on, work is kept in this file.
    pub fn keeps(&self, checkpoint: PathBuf) {
        self.set(Advice::Kept(checkpoint));
    }

    /// From now on, this is removed.
    pub fn removes(&self, path: &Path) {
        if let Ok(mut remove) = self.remove.lock() {
            *remove = Some(path.to_owned());
        }
    }

    fn set(&self, advice: Advice) {
        if let Ok(mut current) = self.advice.lock() {
            *current = advice;
        }
    }

    fn advice(&self) -> String {
        let advice = self.advice.lock().map(|advice| advice.clone());
        match advice.unwrap_or_default() {
            Advice::None => String::new(),
            Advice::Lost(sentence) => format!("; {sentence}"),
            Advice::Kept(path) if path.exists() => format!(
                ", and the work is kept in {}; go on with: {} (and the same input)",
                path.display(),
                command()
            ),
            Advice::Kept(path) => format!(
                ", and nothing was kept yet in {}; begin again with: {}",
                path.display(),
                command()
            ),
        }
    }
}

/// The command line, as a shell would read it.
fn command() -> String {
    let words = std::env::args_os().map(|word| quoted(&word.to_string_lossy()));
    words.collect::<Vec<_>>().join(" ")
}

/// A word that a shell leaves as it is, in quotes if need be.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_as_a_shell_reads_them() {
        let words = ["./prog", "", "a b", "it's", "$(rm)"].map(quoted);
        assert_eq!(words, ["./prog", "''", "'a b'", r"'it'\''s'", "'$(rm)'"]);
    }
}
