//! One file of a project that tells tipstaff to do something.

use crate::model::{AgentName, ModelName};
use crate::plan::Plan;

/// A file of a project, and what it orders. The user agrees to exactly this, text included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub path: String,
    /// What it does. Never empty.
    pub facts: Vec<Fact>,
    /// The text, if all of it counts.
    pub text: String,
}

/// One thing that it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// In words, on one line.
    pub says: String,
    pub by: By,
}

/// Which runs obey an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// Those that were made of the file.
    All,
    Agent(AgentName),
    Model(ModelName),
    /// Those that change files, and verify the changes.
    Editors,
    /// None as long as it is not agreed to: it is left out.
    Nobody,
}

impl Order {
    /// Whether a run with this plan obeys it.
    pub fn is_used(&self, plan: &Plan) -> bool {
        self.facts.iter().any(|fact| match &fact.by {
            By::All => true,
            By::Agent(name) => plan.agents.contains_key(name),
            By::Model(name) => plan.models.contains_key(name),
            By::Nobody => false,
            By::Editors => plan.phases.iter().any(|phase| phase.edits),
        })
    }

    /// All of it that counts, a line each: the facts first.
    pub fn lines(&self) -> Vec<String> {
        let facts = self.facts.iter().map(|fact| fact.says.clone());
        facts.chain(self.text.lines().map(str::to_owned)).collect()
    }

    /// For a person: the facts, or what is different from the lines that the user agreed to before.
    pub fn render(&self, before: Option<&[String]>) -> String {
        let now = self.lines();
        let Some(before) = before else {
            let facts = now[..self.facts.len()].iter();
            let facts: String = facts.map(|fact| format!("    {fact}\n")).collect();
            return format!("  {}\n{facts}", self.path);
        };
        let mut out = format!("  {} (changed since you agreed to it)\n", self.path);
        let count = |list: &[String], line: &String| list.iter().filter(|l| *l == line).count();
        for (sign, own, other) in [('-', before, &now[..]), ('+', &now[..], before)] {
            let differ = own
                .iter()
                .filter(|line| count(own, line) > count(other, line));
            out.extend(differ.map(|line| format!("    {sign} {line}\n")));
        }
        out
    }
}
