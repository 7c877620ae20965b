//! A service that proves: parameters are made once, each request is a proof with progress that ends when nobody wants it any more.
//!
//!     cargo run --release -p zkmips --example prove_service -- PROGRAM INPUT PROOF [SECONDS]
//!
//! gives up after so many seconds.

use std::{
    error::Error,
    fs,
    sync::Mutex,
    time::{Duration, Instant},
};
use zkmips::{Cache, Inputs, Params, Phase, Program, Progress, ProveError, Proved, Prover, Shape};

/// What a client sees of its request.
struct Request {
    /// When nobody waits any more.
    until: Option<Instant>,
    phase: Mutex<Option<Phase>>,
}

impl Progress for Request {
    fn at(&self, phase: Phase, done: u64, total: Option<u64>) {
        let mut last = self.phase.lock().unwrap_or_else(|error| error.into_inner());
        if *last != Some(phase) {
            let of = total.map_or(String::new(), |total| format!(" of {total}"));
            println!("{}: {done}{of} {}", phase.name(), phase.unit());
        }
        *last = Some(phase);
    }

    fn go_on(&self) -> bool {
        self.until.is_none_or(|until| Instant::now() < until)
    }
}

/// Proves, unless `seconds` pass before that.
pub fn serve(
    params: &Params,
    program: &Program,
    stdin: Vec<u8>,
    seconds: Option<f64>,
) -> Result<Option<Proved>, ProveError> {
    let inputs = Inputs {
        stdin,
        ..Inputs::default()
    };
    let request = Request {
        until: seconds.map(|s| Instant::now() + Duration::from_secs_f64(s)),
        phase: Mutex::default(),
    };
    match Prover::new(params, &request).prove(program, inputs) {
        Ok(proved) => Ok(Some(proved)),
        Err(ProveError::Stopped) => Ok(None),
        Err(error) => Err(error),
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [program, input, proof, rest @ ..] = arguments.as_slice() else {
        return Err("usage: prove_service PROGRAM INPUT PROOF [SECONDS]".into());
    };
    let seconds = rest.first().map(|s| s.parse()).transpose()?;
    // Once for all requests.
    let params = Params::setup(Shape::Small, &Cache::of_user()?, &())?;
    let program = Program::load(&fs::read(program)?)?;
    match serve(&params, &program, fs::read(input)?, seconds)? {
        Some(proved) => {
            fs::write(proof, proved.file.to_bytes())?;
            println!("{}", proved.statement);
        }
        None => println!("given up"),
    }
    Ok(())
}
