//! The distilled result of a phase (`handoff.json`). JSON is the truth; Markdown is rendered from it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Artifact, ChangedFile, Faults, ModelName, Verification, shortened};

/// A change as the working agent describes it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct DescribedChange {
    /// The file, relative to the project.
    pub path: String,
    /// What changed.
    #[serde(default)]
    pub what: String,
    /// Why.
    #[serde(default)]
    pub why: String,
}

/// What a later proposer of a sequential ensemble made of the proposals before its own, by its own account; empty if it
/// said nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BuiltOn {
    pub took_over: Vec<String>,
    pub added: Vec<String>,
}

/// The words of a handoff: what the agent writes. Only `summary` is required.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct HandoffWords {
    /// What the next phase must know, in a few sentences.
    pub summary: String,
    /// Key decisions.
    #[serde(default)]
    pub decisions: Vec<String>,
    /// Constraints that hold from here on.
    #[serde(default)]
    pub constraints: Vec<String>,
    /// Risks.
    #[serde(default)]
    pub risks: Vec<String>,
    /// What changed, and why.
    #[serde(default)]
    pub changes: Vec<DescribedChange>,
    /// Traps for whoever goes on.
    #[serde(default)]
    pub gotchas: Vec<String>,
    /// Files that matter.
    #[serde(default)]
    pub files: Vec<String>,
    /// Questions left open.
    #[serde(default)]
    pub open_questions: Vec<String>,
    /// Of a proposer that saw earlier proposals: what it took over from them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub took_over: Vec<String>,
    /// What it has that none of them had.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<String>,
}

impl HandoffWords {
    /// The lists that are about earlier proposals. They go into the journal, and no further with the handoff.
    pub const BUILT_ON: [&str; 2] = ["took_over", "added"];

    /// Takes them out, a few short entries of each.
    pub fn take_built_on(&mut self) -> BuiltOn {
        let few = |list: &mut Vec<String>| {
            let entries = std::mem::take(list).into_iter().take(MOST_ENTRIES);
            entries
                .map(|text| shortened(&text, LONGEST_ENTRY).into_owned())
                .collect()
        };
        BuiltOn {
            took_over: few(&mut self.took_over),
            added: few(&mut self.added),
        }
    }
}

const MOST_ENTRIES: usize = 20;
/// In bytes.
const LONGEST_ENTRY: usize = 400;

/// Who wrote a handoff's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HandoffOrigin {
    /// The working agent itself.
    Agent,
    /// A quick model, asked once because the agent left none.
    Distilled,
    /// No model: extracted from the deliverable by rule.
    Extracted,
}

/// What tipstaff itself knows about a phase's result, beside the agent's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoffFacts {
    /// The phase that hands off.
    pub phase: String,
    /// Who wrote the words.
    pub origin: HandoffOrigin,
    /// The models whose work it is.
    pub models: Vec<ModelName>,
    /// The raw deliverable, for whoever needs all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliverable: Option<Artifact>,
    /// From which inputs it was made.
    #[serde(default)]
    pub inputs: Vec<String>,
    /// The files it changed, as git shows them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<ChangedFile>,
    /// How the commands ended that were to verify the changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verifications: Vec<Verification>,
    /// Remarks by machine: words cut to the limit, a missing handoff, what was odd about the call.
    #[serde(default)]
    pub remarks: Faults,
    /// Where the words contradict these facts.
    #[serde(default, skip_serializing_if = "<[String]>::is_empty")]
    pub contradictions: Faults,
}

/// A phase's handoff as it stands in the run folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handoff {
    /// The agent's words, on the top level of the JSON.
    #[serde(flatten)]
    pub words: HandoffWords,
    /// The machine's facts.
    pub facts: HandoffFacts,
}
