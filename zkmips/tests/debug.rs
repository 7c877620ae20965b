//! A debugger at the other end of a line, speaking GDB's remote protocol by hand.
#![cfg(unix)]

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread::JoinHandle;
use std::time::Duration;
use zkmips::debug::{serve, Debugger, Ended, Timeline};
use zkmips::{ByteOrder, Inputs, Program, Streams};

/// What the guest has written, each time that it was shown.
#[derive(Default)]
struct Shown(Vec<u8>);

impl Streams for Shown {
    fn stdout(&mut self, bytes: &[u8]) {
        self.0.extend(bytes);
    }

    fn stderr(&mut self, _: &[u8]) {}
}

/// The debugger's end of a session.
struct Gdb {
    line: UnixStream,
    order: ByteOrder,
    session: JoinHandle<(Ended, Vec<u8>)>,
}

const RA: usize = 31;
const PC: usize = 37;

/// A fixture, its symbols and a debugger in control of it.
fn debug(name: &str) -> (Program, Gdb) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/");
    let file = |kind: &str| std::fs::read(directory.join(name).join(kind)).unwrap_or_default();
    let program = Program::load(&file("program.elf")).unwrap();
    let stdin = file("input");
    let (line, other) = UnixStream::pair().unwrap();
    let guest = program.clone();
    let session = std::thread::spawn(move || {
        let mut shown = Shown::default();
        let stdin = Box::new(move || Ok(stdin));
        let timeline = Timeline::new(&guest, &Inputs::default(), stdin, &mut shown, false);
        let mut debugger = Debugger::new(timeline.unwrap()).unwrap();
        let ended = serve(&mut debugger, Box::new(other)).unwrap();
        drop(debugger);
        (ended, shown.0)
    });
    line.set_read_timeout(Some(Duration::from_secs(120)))
        .unwrap();
    let order = program.byte_order();
    let mut gdb = Gdb {
        line,
        order,
        session,
    };
    gdb.ask("qSupported:multiprocess+;swbreak+;ReverseStep+;ReverseContinue+");
    (program, gdb)
}

impl Gdb {
    fn send(&mut self, packet: &str) {
        let sum = packet.bytes().fold(0u8, u8::wrapping_add);
        write!(self.line, "${packet}#{sum:02x}").unwrap();
    }

    fn byte(&mut self) -> u8 {
        let mut byte = [0];
        self.line.read_exact(&mut byte).unwrap();
        byte[0]
    }

    fn answer(&mut self) -> String {
        while self.byte() != b'$' {}
        let mut text = Vec::new();
        loop {
            match self.byte() {
                b'#' => break,
                // A run: the last character again, so many times more.
                b'*' => {
                    let times = self.byte() - 29;
                    let last = *text.last().unwrap();
                    text.extend(std::iter::repeat_n(last, times.into()));
                }
                byte => text.push(byte),
            }
        }
        self.byte();
        self.byte();
        // The server may have ended the session with this answer.
        let _ = self.line.write_all(b"+");
        String::from_utf8(text).unwrap()
    }

    fn ask(&mut self, packet: &str) -> String {
        self.send(packet);
        self.answer()
    }

    fn word(&self, hex: &str) -> u32 {
        let bytes: Vec<u8> = (0..4)
            .map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap())
            .collect();
        self.order.word(bytes.try_into().unwrap())
    }

    fn register(&mut self, number: usize) -> u32 {
        let all = self.ask("g");
        self.word(&all[8 * number..])
    }

    fn memory(&mut self, address: u32) -> u32 {
        let hex = self.ask(&format!("m{address:x},4"));
        self.word(&hex)
    }

    /// Goes on and must stop at this address with this said.
    #[track_caller]
    fn go(&mut self, packet: &str, said: &str, pc: u32) {
        let answer = self.ask(packet);
        assert!(answer.contains(said), "{packet}: {answer}, not {said}");
        let at = self.register(PC);
        assert_eq!(at, pc, "{packet}: at {at:#x}, not {pc:#x}");
    }

    fn end(self) -> (Ended, Vec<u8>) {
        drop(self.line);
        self.session.join().unwrap()
    }
}

#[test]
fn forwards_and_backwards_in_both_byte_orders() {
    for order in ["mips", "mipsle"] {
        let (program, mut gdb) = debug(&format!("c-sort/{order}"));
        let sift = program.address_of("sift").unwrap();
        let main = program.address_of("main").unwrap();
        assert_eq!(gdb.register(PC), program.image().entry());
        assert_eq!(gdb.ask(&format!("Z0,{sift:x},4")), "OK");
        gdb.go("c", "swbreak", sift);
        let first = gdb.ask("g");
        let caller = gdb.register(RA);
        assert!((main..main + 0x400).contains(&caller));
        assert_eq!(gdb.memory(sift), program.image().image_word(sift).unwrap());
        gdb.go("s", "05", sift + 4);
        gdb.go("bs", "05", sift);
        assert_eq!(gdb.ask("g"), first);
        for _ in 0..3 {
            gdb.go("c", "swbreak", sift);
        }
        assert_ne!(gdb.ask("g"), first);
        for _ in 0..3 {
            gdb.go("bc", "swbreak", sift);
        }
        assert_eq!(gdb.ask("g"), first, "every register is what it was");
        gdb.go("bc", "replaylog:begin", program.image().entry());
        assert_eq!(gdb.ask(&format!("z0,{sift:x},4")), "OK");
        assert_eq!(gdb.ask("c"), "W00");
        let (ended, shown) = gdb.end();
        assert_eq!(ended, Ended::Exited(0));
        let expected = format!(
            "{}/../fixtures/c-sort/{order}/expected.json",
            env!("CARGO_MANIFEST_DIR")
        );
        let expected: serde_json::Value =
            serde_json::from_slice(&std::fs::read(expected).unwrap()).unwrap();
        let shown = String::from_utf8(shown).unwrap();
        assert_eq!(
            expected["output"], shown,
            "shown once, though executed twice"
        );
    }
}

#[test]
fn watched_memory_and_changes() {
    let (program, mut gdb) = debug("c-sort/mips");
    let [sift, array] = ["sift", "values"].map(|name| program.address_of(name).unwrap());
    gdb.ask(&format!("Z0,{sift:x},4"));
    gdb.go("c", "swbreak", sift);
    gdb.ask(&format!("z0,{sift:x},4"));
    let element = gdb.memory(array);
    assert_eq!(gdb.ask(&format!("Z2,{array:x},4")), "OK");
    let said = gdb.ask("c");
    assert!(
        said.contains(&format!("watch:{array:x}")) || said.contains(&format!("watch:{array:08x}")),
        "{said}"
    );
    // Before the store, as MIPS does it: after it the element is another.
    let store = gdb.register(PC);
    assert_eq!(gdb.memory(array), element);
    assert!(program.image().instruction_at(store).unwrap().op.is_store());
    assert_eq!(gdb.ask(&format!("z2,{array:x},4")), "OK");
    gdb.ask("s");
    // What is written can be read; code and nothing cannot be written.
    let wanted = 0x0102_0304u32;
    let hex: String = wanted
        .to_be_bytes()
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    assert_eq!(gdb.ask(&format!("M{array:x},4:{hex}")), "OK");
    assert_eq!(gdb.memory(array), wanted);
    for address in [sift, 0x100] {
        let refused = gdb.ask(&format!("M{address:x},4:{hex}"));
        assert!(refused.starts_with('E'), "{refused}");
    }
    assert!(gdb.ask("m100,4").starts_with('E'));
    // The past before a change is gone.
    let pc = gdb.register(PC);
    gdb.go("bs", "replaylog:begin", pc);
    assert_eq!(gdb.memory(array), wanted);
    gdb.send("k");
    assert_eq!(gdb.byte(), b'+');
    assert_eq!(gdb.end().0, Ended::Killed);
}

#[test]
fn a_crash_is_shown_before_it_ends_the_program() {
    let (program, mut gdb) = debug("crash/mips");
    let main = program.address_of("main").unwrap();
    assert_eq!(gdb.ask("c"), "S0b");
    let at = gdb.register(PC);
    assert!((main..main + 0x100).contains(&at));
    assert!(program.image().instruction_at(at).unwrap().op.is_store());
    gdb.go("bs", "05", at - 4);
    gdb.go("s", "05", at);
    assert_eq!(gdb.ask("c"), "S0b");
    assert_eq!(gdb.ask("c"), "X0b");
    let (ended, shown) = gdb.end();
    assert_eq!(
        (ended, shown),
        (Ended::Terminated(11), b"before\n".to_vec())
    );
}

#[test]
fn a_long_way_back_through_a_go_program() {
    let (program, mut gdb) = debug("go-runtime/mips");
    let [main, last] = ["main.main", "main.timers"].map(|name| program.address_of(name).unwrap());
    for address in [main, last] {
        gdb.ask(&format!("Z0,{address:x},4"));
    }
    gdb.go("c", "swbreak", main);
    let registers = gdb.ask("g");
    gdb.go("c", "swbreak", last);
    // Several snapshots lie between the two.
    gdb.go("bc", "swbreak", main);
    assert_eq!(gdb.ask("g"), registers);
    // The debugger goes away without a word.
    assert_eq!(gdb.end().0, Ended::Detached);
}
