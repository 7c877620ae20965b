//! What `run --profile` and `run --flamegraph` write.

use crate::failure::{Failure, SOFTWARE};
use crate::files::Output;
use inferno::flamegraph;
use std::path::Path;
use zkmips::profile::Profile;

/// Where a profile goes: both files are known to be possible before the run.
pub struct Profiles {
    pprof: Option<Output>,
    flame_graph: Option<Output>,
}

impl Profiles {
    pub fn prepare(pprof: Option<&Path>, flame_graph: Option<&Path>) -> Result<Self, Failure> {
        Ok(Profiles {
            pprof: pprof.map(Output::prepare).transpose()?,
            flame_graph: flame_graph.map(Output::prepare).transpose()?,
        })
    }

    /// Whether anybody wants one.
    pub fn wanted(&self) -> bool {
        self.pprof.is_some() || self.flame_graph.is_some()
    }

    /// Writes what is wanted.
    pub fn write(&self, profile: &Profile, program: &Path) -> Result<(), Failure> {
        let name = program.display().to_string();
        let internal = |error: &dyn std::fmt::Display| Failure::new(SOFTWARE, error);
        if let Some(output) = &self.pprof {
            let mut bytes = Vec::new();
            profile
                .write_pprof(&name, &mut bytes)
                .map_err(|error| internal(&error))?;
            output.write(&bytes)?;
        }
        if let Some(output) = &self.flame_graph {
            let bytes = flame_graph(profile, &name).map_err(|error| internal(&error))?;
            output.write(&bytes)?;
        }
        Ok(())
    }
}

/// A picture of the rows that a proof takes, by function and callers; what is too narrow to be seen is left out.
fn flame_graph(profile: &Profile, name: &str) -> Result<Vec<u8>, impl std::fmt::Display> {
    let lines = profile.folded();
    let (instructions, rows) = profile.totals();
    let mut options = flamegraph::Options::default();
    options.title = format!("Proving cost of {name}");
    options.subtitle = Some(format!(
        "{rows} non-linear rows for {instructions} instructions"
    ));
    options.count_name = "rows".to_owned();
    options.min_width = 0.2;
    // The same run makes the same picture.
    options.deterministic = true;
    let mut svg = Vec::new();
    flamegraph::from_lines(&mut options, lines.iter().map(String::as_str), &mut svg).map(|()| svg)
}
