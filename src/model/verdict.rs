//! What a judge or an auditor decided, as data (`verdict.json`).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Label;

/// What a judge did with the proposals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// One proposal wins as it is.
    Pick,
    /// The judge wrote a better one from several.
    Synthesize,
    /// No proposal is good enough.
    None,
    /// It cannot tell which one is better; only where the workflow allows it.
    Abstain,
}

impl Decision {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pick => "pick",
            Self::Synthesize => "synthesize",
            Self::None => "none",
            Self::Abstain => "abstain",
        }
    }
}

/// A judge's verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Judgement {
    /// What the judge did with the proposals.
    pub decision: Decision,
    /// The winning proposal's label; needed for `pick`, null for `none`.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub winner: Option<Label>,
    /// Points per proposal and criterion.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, BTreeMap<String, f64>>")]
    pub scores: BTreeMap<Label, BTreeMap<String, f64>>,
    /// Why, in a few sentences.
    pub rationale: String,
    /// What is worth taking over into the winner, where the workflow asks for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grafts: Vec<Graft>,
}

/// A part of a proposal that did not win.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Graft {
    /// The proposal that has it.
    #[schemars(with = "String")]
    pub from: Label,
    pub what: String,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The change must not go in like this.
    Blocker,
    /// Ought to be mended before it goes in.
    Major,
    /// Worth knowing.
    Minor,
}

/// Whether an audited change may go in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuditVerdict {
    /// The change is good.
    Pass,
    /// The change is not good.
    Fail,
}

/// One thing an auditor found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The file it is in, relative to the project.
    #[serde(default)]
    pub file: Option<String>,
    /// The line in that file, from 1.
    #[serde(default)]
    pub line: Option<u64>,
    /// What is wrong.
    pub problem: String,
    /// What would mend it.
    #[serde(default)]
    pub fix: Option<String>,
}

/// An auditor's verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Audit {
    /// Pass or fail.
    pub verdict: AuditVerdict,
    /// Why, in a few sentences.
    pub summary: String,
    /// What was found.
    #[serde(default)]
    pub findings: Vec<Finding>,
}
