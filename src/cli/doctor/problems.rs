//! What is to be mended.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cli::probes::{Lack, Machine, What};
use crate::model::{Bytes, Rung};

/// With less room than this a run may come to nothing.
const LITTLE_ROOM: Bytes = Bytes(1 << 30);

/// Something to mend.
#[derive(Debug, Serialize)]
pub struct Problem {
    pub problem: String,
    pub remedy: String,
    /// The models that it concerns.
    pub models: Vec<String>,
}

/// What is to be mended, each once, with the models that it concerns.
#[derive(Default)]
pub struct Problems(BTreeMap<Lack, Vec<String>>);

impl Problems {
    pub fn of(machine: &Machine) -> Self {
        let mut problems = Self::default();
        if let Some(why) = &machine.sandbox_why {
            let open = match machine.sandbox {
                Rung::Namespaces | Rung::Landlock => "the sandbox is not the strictest",
                Rung::None => "there is no sandbox: agents can read and write what you can",
            };
            let lift = machine.sandbox_lift.clone();
            let remedy = lift.unwrap_or_else(|| "allow user namespaces on this machine".to_owned());
            problems.add(
                Lack::new(
                    What::Machine,
                    format!("{open}: no namespaces: {why}"),
                    remedy,
                ),
                None,
            );
        }
        if let Some(problem) = &machine.ripgrep.problem {
            let problem = format!("{problem}: agents of OpenCode have no search tools");
            let remedy = "install ripgrep with your system's packages";
            problems.add(Lack::new(What::Machine, problem, remedy), None);
        }
        for disk in &machine.disks {
            if let Some(free) = disk.free.filter(|free| *free < LITTLE_ROOM) {
                let problem = format!(
                    "{free} are free for the {} in `{}`",
                    disk.of,
                    disk.path.display()
                );
                let remedy = "make room there, or set TMPDIR or XDG_CACHE_HOME";
                problems.add(Lack::new(What::Machine, problem, remedy), None);
            }
        }
        problems
    }

    pub fn add<'m>(&mut self, lack: Lack, models: impl IntoIterator<Item = &'m str>) {
        let concerned = self.0.entry(lack).or_default();
        for model in models {
            if !concerned.iter().any(|known| known == model) {
                concerned.push(model.to_owned());
            }
        }
    }

    pub fn listed(self) -> Vec<Problem> {
        let listed = self.0.into_iter().map(|(lack, models)| Problem {
            problem: lack.problem,
            remedy: lack.remedy,
            models,
        });
        listed.collect()
    }
}
