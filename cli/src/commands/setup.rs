//! `zkmips setup`

use super::{shape, verifier_params};
use crate::args::Setup;
use crate::failure::{reason, Failure, IO};
use crate::terminal::{count, duration};
use crate::{files, Context};
use serde_json::{json, Value};
use std::process::ExitCode;
use std::time::Instant;
use zkmips::{hex, CachedFile};

pub fn setup(context: &Context, args: Setup) -> Result<ExitCode, Failure> {
    let shape = shape(&args.shape)?;
    let cache = context.cache()?;
    let fail = |error: std::io::Error| Failure::about(cache.directory(), IO, reason(&error));
    if args.list || args.clean {
        let known = match args.clean {
            true => cache.clean().map_err(fail)?,
            false => cache.files().map_err(fail)?,
        };
        let lines: String = known.iter().map(line).collect();
        files::stdout(lines.as_bytes())?;
        let directory = cache.directory().display();
        match (known.len(), args.clean) {
            (0, _) => eprintln!("zkmips: nothing is kept in {directory}"),
            (n, true) => eprintln!("zkmips: removed {n} files from {directory}"),
            (_, false) => {}
        }
        let listed: Vec<Value> = known
            .iter()
            .map(|file| json!({ "path": file.path, "bytes": file.bytes }))
            .collect();
        context.report(&json!({ "files": listed }))?;
        return Ok(ExitCode::SUCCESS);
    }
    context
        .interrupt
        .loses("what is finished is kept, and the same command makes the rest");
    let start = Instant::now();
    let params = verifier_params(context, shape)?;
    let seconds = start.elapsed().as_secs_f64();
    let bytes: u64 = cache.files().map_err(fail)?.iter().map(|f| f.bytes).sum();
    let digest = hex::encode(params.digest());
    eprintln!(
        "zkmips: ready in {}: parameters {digest} of shape {}, {} bytes in {}",
        duration(seconds),
        shape.name(),
        count(bytes),
        cache.directory().display()
    );
    context.report(&json!({
        "digest": digest,
        "shape": shape.name(),
        "seconds": seconds,
        "bytes": bytes,
    }))?;
    Ok(ExitCode::SUCCESS)
}

fn line(file: &CachedFile) -> String {
    format!("{:>15}  {}\n", count(file.bytes), file.path.display())
}
