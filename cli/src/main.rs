//! The command `zkmips`.

mod args;
mod commands;
mod estimate;
mod failure;
mod files;
mod interrupt;
mod size;
mod terminal;

use args::{Cli, Command, Common};
use clap::error::ErrorKind;
use clap::Parser;
use failure::{Failure, BROKEN_PIPE, CANNOT_CREATE, SOFTWARE, USAGE};
use files::Output;
use interrupt::Interrupt;
use serde_json::Value;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use terminal::Terminal;
use zkmips::{Cache, NoCacheDirectory};

/// What commands share: where to say how far they are, where keys are, where the report goes.
pub struct Context {
    terminal: Arc<Terminal>,
    interrupt: Interrupt,
    cache: Option<std::path::PathBuf>,
    report: Option<Output>,
}

impl Context {
    fn new(common: Common) -> Result<Self, Failure> {
        if let Some(threads) = common.threads {
            rayon::ThreadPoolBuilder::new()
                .num_threads(threads.into())
                .build_global()
                .map_err(|error| {
                    Failure::new(SOFTWARE, format!("cannot start threads: {error}"))
                })?;
        }
        let report = common.report.as_deref().map(Output::prepare).transpose()?;
        let terminal = Arc::new(Terminal::new(common.quiet));
        let cache = cache(common.cache.as_deref()).ok();
        Ok(Context {
            interrupt: Interrupt::install(Arc::clone(&terminal), cache)?,
            terminal,
            cache: common.cache,
            report,
        })
    }

    fn cache(&self) -> Result<Cache, Failure> {
        cache(self.cache.as_deref()).map_err(|error| Failure::new(CANNOT_CREATE, error))
    }

    /// Whether somebody wants a report.
    fn wants_report(&self) -> bool {
        self.report.is_some()
    }

    /// Writes the report if somebody wants it.
    fn report(&self, report: &Value) -> Result<(), Failure> {
        let Some(output) = &self.report else {
            return Ok(());
        };
        output.write(format!("{report:#}\n").as_bytes())
    }
}

/// The cache in this directory, or the user's.
fn cache(directory: Option<&Path>) -> Result<Cache, NoCacheDirectory> {
    directory.map_or_else(Cache::of_user, |directory| Ok(Cache::at(directory)))
}

fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let context = Context::new(cli.common)?;
    let result = match cli.command {
        Command::Run(args) => commands::run::run(&context, args),
        Command::Prove(args) => commands::prove::prove(&context, args),
        Command::Verify(args) => commands::verify::verify(&context, args),
        Command::Id(args) => commands::id::id(&context, args),
        Command::Check(args) => commands::check::check(&context, args),
        Command::Inspect(args) => commands::inspect::inspect(&context, args),
        Command::Snapshot(args) => commands::snapshot::snapshot(&context, args),
        Command::Setup(args) => commands::setup::setup(&context, args),
        Command::New(args) => commands::new::new(&context, args),
        Command::Debug(args) => commands::debug::debug(&context, args),
        Command::Completions(args) => commands::man::completions(&context, args),
        Command::Man(args) => commands::man::man(&context, args),
    };
    context.terminal.finish();
    result
}

/// Messages go to standard error as they come. If nobody reads it any more, as behind `2>&1 | head`, the command ends as it does when
/// nobody reads its standard output, and not with a panic.
fn end_if_nobody_listens() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let message = panic.payload().downcast_ref::<String>();
        if message.is_some_and(|message| message.starts_with("failed printing to std")) {
            std::process::exit(BROKEN_PIPE.into());
        }
        usual(panic);
    }));
}

fn main() -> ExitCode {
    end_if_nobody_listens();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version were asked for; everything else is a mistake.
            let asked = matches!(
                error.kind(),
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
            );
            let _ = error.print();
            return ExitCode::from(if asked { 0 } else { USAGE });
        }
    };
    match run(cli) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}
