//! One thing that a project tells tipstaff to do.

use serde::{Deserialize, Serialize};

use crate::model::{AgentName, ModelName};
use crate::plan::Plan;

/// What an order is about: whether a run uses it depends on that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// What was looked at because the run uses it: its workflow, a template, the limits.
    Named,
    /// A program with its arguments and variables.
    Agent(AgentName),
    /// Who gets the work of these models.
    Models(Vec<ModelName>),
    /// The variables and patterns of commands that prove changes.
    Verify,
    /// The configuration of an agent CLI. It is left out of a run as long as it is not trusted.
    OfAgent,
}

/// One thing that a project tells tipstaff to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// What it is about.
    pub subject: Subject,
    /// As it is shown and kept.
    pub shown: Shown,
}

/// An order as it is shown to the user, and kept where the user has agreed to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Its file and what in it, unique in a project.
    pub name: String,
    /// What it does, a fact a line.
    pub facts: Vec<String>,
    /// The text it consists of, if it is one.
    pub text: String,
    /// Of all of it, and of what is not shown: the user agrees to exactly this.
    pub digest: String,
}

impl Order {
    /// `hidden` is what the facts only hint at, the values of keys.
    pub(super) fn new(
        subject: Subject,
        name: String,
        facts: Vec<String>,
        text: &str,
        hidden: &str,
    ) -> Self {
        let mut hasher = blake3::Hasher::new();
        let parts = facts.iter().map(String::as_str);
        for part in [name.as_str(), text, hidden].into_iter().chain(parts) {
            // With the lengths no two lists are one text.
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        let digest = hasher.finalize().to_hex().to_string();
        let shown = Shown {
            name,
            facts,
            text: text.to_owned(),
            digest,
        };
        Self { subject, shown }
    }

    /// Whether a run with this plan would obey it.
    pub fn is_used(&self, plan: &Plan) -> bool {
        match &self.subject {
            Subject::Named => true,
            Subject::Agent(name) => plan.agents.contains_key(name),
            Subject::Models(names) => names.iter().any(|name| plan.models.contains_key(name)),
            Subject::Verify => plan.phases.iter().any(|phase| phase.edits),
            Subject::OfAgent => false,
        }
    }
}

impl Shown {
    /// For a person: the name, the facts, and the lines of the text.
    pub fn render(&self) -> String {
        let mut out = format!("  {}\n", self.name);
        for fact in &self.facts {
            out.push_str(&format!("    {fact}\n"));
        }
        out
    }

    /// What is different from what the user agreed to before: lines that are gone, lines that are new.
    pub fn render_change(&self, before: &Self) -> String {
        let mut out = format!("  {} (changed since you agreed to it)\n", self.name);
        let lines = |shown: &Self| -> Vec<String> {
            let text = shown.text.lines().map(str::to_owned);
            shown.facts.iter().cloned().chain(text).collect()
        };
        let (old, new) = (lines(before), lines(self));
        let count = |list: &[String], line: &String| list.iter().filter(|l| *l == line).count();
        let mut differs = |sign: char, own: &[String], other: &[String]| {
            for line in own {
                if count(own, line) > count(other, line) {
                    out.push_str(&format!("    {sign} {line}\n"));
                }
            }
        };
        differs('-', &old, &new);
        differs('+', &new, &old);
        if old == new {
            out.push_str("    the value of a key in `env`, or the order of lines\n");
        }
        out
    }
}
