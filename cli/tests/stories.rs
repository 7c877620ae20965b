//! What a person reads when a guest fails: what happened, where, and what led to it.

mod common;
use common::*;
use std::fs;

const ORDERS: [&str; 2] = ["mips", "mipsle"];

/// Runs a program that fails with this status and gives what is on standard error.
#[track_caller]
fn story(name: &str, order: &str, options: &[&str], arguments: &[&str], status: i32) -> String {
    let mut run = zkmips();
    run.arg("run").arg(program(name, order)).args(options);
    let output = run.arg("--").args(arguments).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(status), "{stderr}");
    stderr
}

#[test]
fn a_crash_tells_place_registers_callers_and_calls() {
    for order in ORDERS {
        let text = story("crash", order, &[], &[], 128 + 11);
        has(
            &text,
            &[
                "zkmips: the program crashed: SIGSEGV",
                " in main",
                "accessing 0x00000000",
                "\n  instruction: sw ",
                "\n    at ",
                " ra 004",
                "\n  called from:\n    0x004",
                " in __start",
                "\n  last system calls:\n    write(1, 0x",
                ", 7) = 7\n",
            ],
        );
        let divided = story("wild", order, &[], &["d"], 128 + 8);
        has(
            &divided,
            &["SIGFPE", "in divide", "wild.c:", "instruction: teq"],
        );
        let jumped = story("wild", order, &[], &["f"], 128 + 11);
        has(
            &jumped,
            &[
                "SIGSEGV",
                "at 0x20000000",
                "called from:\n    0x004",
                "start.S:",
            ],
        );
    }
}

#[test]
fn what_linux_would_not_allow_is_stopped() {
    let cases: [(&str, &[&str]); 7] = [
        (
            "u",
            &[
                "loaded from memory that it has not mapped (0x10000000)",
                "in load",
                "called from",
            ],
        ),
        ("k", &["accessed memory of the system (0x80000000)"]),
        (
            "t",
            &["accessed memory of the system (0xa0000008)", "in store"],
        ),
        ("c", &["stored into its own code", "in store"]),
        ("p", &["stored into its own code or a constant beside it"]),
        ("g", &["has not mapped", "after giving it back", "brk(0x"]),
        (
            "s",
            &[
                "below its stack",
                "in recurse",
                "recursion without end",
                " times\n",
            ],
        ),
    ];
    for order in ORDERS {
        for (what, parts) in cases {
            let text = story("wild", order, &[], &[what], 65);
            has(
                &text,
                &[
                    "zkmips: stopped before instruction",
                    "SIGSEGV",
                    "wild.c:",
                    "--permissive",
                ],
            );
            has(&text, parts);
        }
    }
    let prove = program("wild", "mips");
    let output = zkmips()
        .arg("prove")
        .arg(prove)
        .args(["--", "u"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(65));
    has(
        &String::from_utf8_lossy(&output.stderr),
        &["stopped before instruction"],
    );
}

#[test]
fn the_machine_goes_on_if_asked() {
    for order in ORDERS {
        // The last byte of the status is what was loaded, and one more.
        let text = story("wild", order, &["--permissive"], &["g"], 2);
        has(
            &text,
            &["zkmips: the program loaded from memory that it has not mapped"],
        );
        assert_eq!(text.lines().count(), 1, "{text}");
        story("wild", order, &["--permissive"], &["u"], 1);
    }
}

#[test]
fn a_deadlock_shows_who_waits_for_what() {
    for order in ORDERS {
        let text = story("wild", order, &[], &["w"], 134);
        has(
            &text,
            &[
                "all its threads wait for each other",
                "last system calls:\n    futex(0x",
            ],
        );
    }
}

#[test]
fn a_program_that_takes_too_long_is_stopped() {
    let limit = ["--limit", "100000"];
    let text = story("wild", "mips", &limit, &["l"], 64);
    has(
        &text,
        &[
            "not ended after 100,000 instructions",
            "--limit",
            "the program was at 0x",
            "wild.c:",
        ],
    );
    // Half a million instructions into a stripped Go program with several threads.
    let text = story("go-runtime", "mipsle", &["--limit", "3000000"], &[], 64);
    has(
        &text,
        &[
            "threads:",
            "waiting at the futex",
            "in runtime.",
            "(runtime/proc.go:",
            "running",
        ],
    );
}

#[test]
fn a_thread_that_keeps_others_waiting_is_told_of_while_it_runs() {
    let text = story("wild", "mipsle", &["--limit", "300000000"], &["y"], 64);
    let (notice, end) = text
        .split_once("zkmips: the program had not ended")
        .unwrap();
    has(
        notice,
        &[
            "no system call and no atomic operation",
            "2 threads:",
            "running",
            "waiting for its turn",
            "clone(",
        ],
    );
    has(end, &["while other threads waited for their turn"]);
}

#[test]
fn snapshots_tell_functions_and_lines_too() {
    let limit = ["--limit", "20000"];
    let text = story("go-hello-snapshot", "mips", &limit, &[], 64);
    has(&text, &["the program was at 0x", ".go:", "called from:"]);
}

#[test]
fn damaged_debugging_information_does_no_harm() {
    let directory = tempfile::tempdir().unwrap();
    let original = fs::read(program("wild", "mips")).unwrap();
    // Behind code and data come the debugging sections.
    for (start, value) in [(0x460, 0xff), (0x460, 0x00), (0x600, 0x80), (0x900, 0x7f)] {
        let mut bytes = original.clone();
        let sections = u32::from_be_bytes(bytes[32..36].try_into().unwrap()) as usize;
        bytes[start..sections].fill(value);
        let path = directory.path().join("damaged");
        fs::write(&path, bytes).unwrap();
        let mut run = zkmips();
        let output = run
            .arg("run")
            .arg(&path)
            .args(["--", "d"])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(136), "{text}");
        has(&text, &["SIGFPE", "instruction: teq"]);
    }
}

#[test]
fn a_trace_has_a_line_for_each_instruction() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("trace");
    let traced = |options: &[&str]| {
        let mut run = zkmips();
        let trace = format!("--trace={}", path.display());
        run.arg("run").arg(program("c-fib", "mips")).arg(trace);
        run.args(options).assert().success();
        fs::read_to_string(&path).unwrap()
    };
    let expected = fs::read(fixture("c-fib/mips/expected.json")).unwrap();
    let expected: serde_json::Value = serde_json::from_slice(&expected).unwrap();
    let all = traced(&[]);
    assert_eq!(all.lines().count() as u64, expected["instructions"]);
    has(
        all.lines().next().unwrap(),
        &["80000000 reset ", " lui $t0, 0x8040", "$t0=80400000"],
    );
    has(
        &all,
        &[
            " main",
            " sw ",
            "]=",
            " syscall",
            " exception $k0=",
            " j 0x80000180",
        ],
    );
    assert_eq!(traced(&["--trace-limit", "7"]).lines().count(), 7);
    let text = story(
        "exit-3",
        "mipsle",
        &["--trace", "--trace-limit", "2"],
        &[],
        3,
    );
    assert_eq!(text.lines().count(), 2, "{text}");
    let full = story("exit-3", "mipsle", &["--trace=/dev/full"], &[], 3);
    has(&full, &["the trace is not complete", "write it elsewhere"]);
}

#[test]
fn statistics_are_a_table_and_a_report() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("report");
    let mut run = zkmips();
    run.arg("run").arg(program("c-fib", "mips")).arg("--stats");
    let output = run.arg("--report").arg(&path).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    has(
        &text,
        &[
            "statistics",
            "of the kernel",
            "load",
            "touched words",
            "segments of a proof",
            "time to prove",
            "MiB",
        ],
    );
    let report: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let kinds = report["kinds"].as_object().unwrap();
    let sum: u64 = kinds.values().map(|number| number.as_u64().unwrap()).sum();
    assert_eq!(sum, report["instructions"].as_u64().unwrap());
    assert!(report["kernel_instructions"].as_u64().unwrap() < sum);
    assert_eq!(report["shape"], "small");
    for name in ["touched_words", "segments", "estimated_memory_bytes"] {
        assert!(report[name].as_u64() > Some(0), "{name}");
    }
    assert!(report["estimated_seconds"].as_f64() > Some(0.0));
}
