//! A guest's run to its end, with what only the person who runs it sees.

use zkmips_emulator::{HostCall, Inputs, Machine, Observer, Outcome, Program};

/// No guest of the tests needs more instructions.
const LIMIT: u64 = 1_000_000_000;

/// Markers and messages, in order.
#[derive(Default)]
struct Seen {
    markers: Vec<String>,
    messages: Vec<u8>,
}

impl Observer for Seen {
    fn host_call(&mut self, _instructions: u64, call: &HostCall) {
        match call {
            HostCall::Marker(name) => self
                .markers
                .push(String::from_utf8_lossy(name).into_owned()),
            HostCall::Stderr(bytes) => self.messages.extend(bytes),
            _ => {}
        }
    }
}

/// How a guest ended.
pub struct Ended {
    pub status: u32,
    pub output: Vec<u8>,
    pub markers: Vec<String>,
    pub messages: String,
}

/// Runs the program of an ELF file.
pub fn run(file: &[u8], inputs: &Inputs) -> Ended {
    let program = Program::load(file).unwrap();
    let mut machine = Machine::new(&program, inputs).unwrap();
    let mut seen = Seen::default();
    let outcome = machine.run_observed(LIMIT, &mut seen).unwrap();
    assert_eq!(outcome, Outcome::Halted);
    Ended {
        status: machine.status(),
        output: machine.output(),
        markers: seen.markers,
        messages: String::from_utf8_lossy(&seen.messages).into_owned(),
    }
}
