//! Where the events of an attempt are, and how they are read without secrets.

use std::fs::File;
use std::io;
use std::path::Path;

use super::settings::Settings;
use super::work::carry_over;
use crate::agents::Carried;
use crate::files::{self, if_there};
use crate::journal::{Redactor, RunFolder};
use crate::plan::Plan;
use crate::run::{Attempt, AttemptEnd, CallState};
use crate::runtime::{CallLog, attempt_folder, folder_under_way};

/// So many last lines of standard error are shown of an attempt that left any.
const ERROR_LINES: usize = 8;
/// Its end is read in this many bytes.
const ERRORS: u64 = 8 << 20;

pub struct CallFiles<'a> {
    folder: &'a RunFolder,
    plan: &'a Plan,
    carried: Carried,
    /// Of what is under way; what is kept was cleaned when it was kept.
    redactor: Redactor,
}

impl<'a> CallFiles<'a> {
    pub fn new(settings: &Settings, folder: &'a RunFolder, plan: &'a Plan) -> Self {
        let nothing = |_| Carried::nothing(&settings.project.root);
        let carried = carry_over(settings, plan).unwrap_or_else(nothing);
        // The plan that is kept lacks the values of its variables.
        let mut whole = plan.clone();
        if let Ok(known) = settings.configuration() {
            for (name, agent) in &mut whole.agents {
                let known = known.config.agents.get(name).map(|known| &known.env);
                let _ = known.map(|known| agent.env.complete(known));
            }
            let _ = whole.verify.env.complete(&known.config.verify.env);
        }
        Self {
            folder,
            plan,
            redactor: settings.redactor(Some(&whole), Some(&carried)),
            carried,
        }
    }

    /// A file that was kept when it had ended; none before.
    pub fn kept(&self, call: &CallState, number: u32, name: &str) -> io::Result<Option<File>> {
        let kept = attempt_folder(self.plan, &call.spec, number);
        open(self.folder.root(), &format!("{kept}/{name}"))
    }

    /// Its events, wherever they are now.
    pub fn events(
        &self,
        call: &CallState,
        number: u32,
        attempt: &Attempt,
    ) -> io::Result<Option<File>> {
        let place = folder_under_way(self.folder.id(), &call.spec.id, number);
        // A killed supervisor leaves them where they were.
        let live = match is_under_way(attempt) {
            true => open(&place, "events.jsonl")?,
            false => None,
        };
        match live {
            Some(file) => Ok(Some(file)),
            None => self.kept(call, number, "events.jsonl"),
        }
    }

    /// The last lines of its standard error.
    pub fn errors(&self, call: &CallState, number: u32) -> io::Result<Option<String>> {
        let errors = self.kept(call, number, "stderr.log")?;
        let errors = errors.map(|file| files::text(file, ERRORS));
        Ok(errors.and_then(Result::ok).map(|text| last_lines(&text)))
    }

    /// What the events tell; none if the plan does not know the agent.
    pub fn log(&self, events: File, attempt: &Attempt) -> Option<CallLog> {
        let agent = self.plan.agents.get(&attempt.agent)?;
        let redactor = self.redactor.clone();
        Some(CallLog::new(events, (agent, &self.carried), redactor))
    }
}

/// Whether its events may still be where they were written.
pub fn is_under_way(attempt: &Attempt) -> bool {
    matches!(attempt.end(), None | Some(AttemptEnd::Lost))
}

/// None where there is none.
fn open(folder: &Path, name: &str) -> io::Result<Option<File>> {
    if_there(files::open_below(folder, name.as_ref()))
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(ERROR_LINES)..].join("\n")
}
