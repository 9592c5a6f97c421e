//! Where things lie in a run's folder, as paths relative to it.

use super::RunFolder;
use crate::model::{CallId, PhaseName};

impl RunFolder {
    /// The frozen plan.
    pub const PLAN: &'static str = "plan.json";

    /// The event log.
    pub const JOURNAL: &'static str = "journal.jsonl";

    /// The file whose lock says that a supervisor works on the run.
    pub const LOCK: &'static str = "lock";

    /// Details of panics: only there if tipstaff made a mistake.
    pub const PANICS: &'static str = "panics.log";

    /// Of a rehearsal: what the scripted models received, one request a line.
    pub const REHEARSAL: &'static str = "rehearsal.jsonl";

    /// The private object store that holds the run's trees.
    pub const STORE: &'static str = "tree.git";

    /// A phase's folder: `phases/02-plan`. `number` is its position in the plan, from 1.
    pub fn phase_dir(number: usize, phase: &PhaseName) -> String {
        format!("phases/{number:02}-{}", folder_name(phase.as_str()))
    }

    /// The folder of one attempt: `phases/02-plan/calls/plan.propose-1/attempt-1`.
    pub fn attempt_dir(number: usize, phase: &PhaseName, call: &CallId, attempt: u32) -> String {
        format!(
            "{}/calls/{}/attempt-{attempt}",
            Self::phase_dir(number, phase),
            folder_name(call.as_str())
        )
    }
}

/// A name that is one folder, whatever it was: separators and control characters become `_`, and so
/// does a leading dot.
fn folder_name(text: &str) -> String {
    let mut name: String = text
        .chars()
        .map(|letter| match letter {
            '/' | '\\' | ':' => '_',
            letter if letter.is_control() || letter.is_whitespace() => '_',
            letter => letter,
        })
        .collect();
    if name.is_empty() || name.starts_with('.') {
        name.insert(0, '_');
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_every_attempt_a_folder_below_its_phase() {
        let dir = RunFolder::attempt_dir(2, &"plan".into(), &"plan.propose-1".into(), 3);
        assert_eq!(dir, "phases/02-plan/calls/plan.propose-1/attempt-3");
    }

    #[test]
    fn never_leaves_the_folder() {
        assert_eq!(
            RunFolder::phase_dir(1, &"../a b".into()),
            "phases/01-_.._a_b"
        );
        assert_eq!(RunFolder::phase_dir(1, &"..".into()), "phases/01-_..");
    }
}
