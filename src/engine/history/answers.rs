//! What persons answered.

use crate::model::{PersonAnswer, PhaseName};

use super::History;
use super::person::answered;

impl History {
    /// Whether a person let this command of a model's run; nothing if nobody was asked yet.
    pub fn may_run(&self, command: &str) -> Option<bool> {
        self.commands.get(command).copied()
    }

    /// The commands of models that nobody let run.
    pub fn refused_commands(&self) -> impl Iterator<Item = &str> {
        let refused = self.commands.iter().filter(|(_, run)| !**run);
        refused.map(|(command, _)| command.as_str())
    }

    pub(super) fn take_answer(&mut self, phase: &PhaseName, answer: &PersonAnswer, because: &str) {
        if let PersonAnswer::Commands { commands, run, .. } = answer {
            let answers = commands.iter().map(|command| (command.clone(), *run));
            self.commands.extend(answers);
            self.phase_mut(phase).asked = None;
        } else {
            answered(self.phase_mut(phase), answer, because);
        }
    }
}
