//! Progress on standard error: a bar on a terminal, a line now and then elsewhere.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use zkmips::{Phase, Progress};

/// Between two lines about the same phase.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// How often a bar moves by itself.
const TICK: Duration = Duration::from_millis(200);

enum Mode {
    Quiet,
    Lines,
    Bar,
}

/// Shows how far a command is.
pub struct Terminal {
    mode: Mode,
    state: Mutex<Option<Current>>,
}

struct Current {
    phase: Phase,
    /// What had been done when this process began.
    first: u64,
    total: Option<u64>,
    start: Instant,
    last_line: Instant,
    bar: ProgressBar,
}

fn doing(phase: Phase) -> &'static str {
    match phase {
        Phase::Keys => "making commitment keys",
        Phase::Circuits => "preparing circuits",
        Phase::Program => "hashing the program",
        Phase::Execute => "executing",
        Phase::Commit => "committing",
        Phase::Fold => "folding",
        Phase::Compress => "compressing the proof",
    }
}

/// Seconds as people read them.
pub fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 10.0 => format!("{s:.1} s"),
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

/// A count with its thousands apart.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl Terminal {
    pub fn new(quiet: bool) -> Self {
        let mode = match quiet {
            true => Mode::Quiet,
            false if std::io::stderr().is_terminal() => Mode::Bar,
            false => Mode::Lines,
        };
        Terminal {
            mode,
            state: Mutex::new(None),
        }
    }

    /// Ends the bar, so that other text can follow.
    pub fn finish(&self) {
        if let Ok(mut state) = self.state.lock() {
            if let Some(current) = state.take() {
                current.bar.finish_and_clear();
            }
        }
    }

    fn begin(&self, phase: Phase, first: u64, total: Option<u64>) -> Current {
        let bar = match self.mode {
            Mode::Bar => {
                let template = match total {
                    Some(_) => {
                        "{msg:24} {wide_bar} {human_pos}/{human_len} {prefix}, {per_sec:0}, {eta} left"
                    }
                    None if phase.unit().is_empty() => "{msg:24} {spinner} {elapsed}",
                    None => "{msg:24} {spinner} {human_pos} {prefix}, {per_sec:0}, {elapsed}",
                };
                let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
                if let Ok(style) = ProgressStyle::with_template(template) {
                    bar.set_style(style);
                }
                bar.set_prefix(phase.unit());
                bar.set_message(doing(phase));
                // What an earlier process has done says nothing about how fast this one is.
                bar.set_position(first);
                bar.reset_eta();
                bar.enable_steady_tick(TICK);
                bar
            }
            _ => ProgressBar::hidden(),
        };
        if matches!(self.mode, Mode::Lines) {
            match total {
                Some(total) => eprintln!(
                    "zkmips: {}: {} {}",
                    doing(phase),
                    count(total),
                    phase.unit()
                ),
                None => eprintln!("zkmips: {}", doing(phase)),
            }
        }
        let start = Instant::now();
        Current {
            phase,
            first,
            total,
            start,
            last_line: start,
            bar,
        }
    }
}

impl Current {
    fn line(&self, done: u64) -> String {
        let elapsed = self.start.elapsed().as_secs_f64();
        let rate = done.saturating_sub(self.first) as f64 / elapsed.max(1e-3);
        let mut text = format!("zkmips: {}: {}", doing(self.phase), count(done));
        if let Some(total) = self.total {
            text += &format!(" of {}", count(total));
        }
        text += &format!(" {}", self.phase.unit());
        if let Some(total) = self.total.filter(|_| done > self.first) {
            let left = total.saturating_sub(done) as f64 / rate;
            text += &format!(", {rate:.2} per second, {} left", duration(left));
        }
        text
    }
}

impl Progress for Terminal {
    fn tell(&self, sentence: &str) {
        if matches!(self.mode, Mode::Quiet) {
            return;
        }
        let line = format!("zkmips: {sentence}");
        match self.state.lock().as_deref() {
            Ok(Some(current)) if matches!(self.mode, Mode::Bar) => current.bar.println(line),
            _ => eprintln!("{line}"),
        }
    }

    fn at(&self, phase: Phase, done: u64, total: Option<u64>) {
        if matches!(self.mode, Mode::Quiet) {
            return;
        }
        let Ok(mut state) = self.state.lock() else {
            return;
        };
        // A phase with another total is another one: keys are made for two curves.
        if state
            .as_ref()
            .is_none_or(|current| (current.phase, current.total) != (phase, total))
        {
            if let Some(current) = state.take() {
                current.bar.finish_and_clear();
            }
            *state = Some(self.begin(phase, done, total));
        }
        let Some(current) = state.as_mut() else {
            return;
        };
        current.bar.set_position(done);
        let due = current.last_line.elapsed() >= LINE_EVERY && !phase.unit().is_empty();
        if matches!(self.mode, Mode::Lines) && due {
            current.last_line = Instant::now();
            eprintln!("{}", current.line(done));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        let counts = [0, 999, 1000, 123_456, 1_234_567].map(count);
        assert_eq!(counts, ["0", "999", "1,000", "123,456", "1,234,567"]);
        let durations = [0.04, 9.96, 61.0, 600.0, 9000.0].map(duration);
        assert_eq!(durations, ["0.0 s", "10.0 s", "61 s", "10 min", "2.5 h"]);
    }

    #[test]
    fn what_was_done_before_is_no_speed() {
        let terminal = Terminal {
            mode: Mode::Lines,
            state: Mutex::new(None),
        };
        let mut current = terminal.begin(Phase::Fold, 1000, Some(5000));
        assert_eq!(
            current.line(1000),
            "zkmips: folding: 1,000 of 5,000 segments"
        );
        current.start -= std::time::Duration::from_secs(1000);
        let line = current.line(3000);
        assert!(line.ends_with(" 2.00 per second, 17 min left"), "{line}");
    }
}
