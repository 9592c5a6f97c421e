//! Ways to judge, as a workflow says them.

use std::collections::BTreeMap;

use tipstaff::config;
use tipstaff::model::Destination;
use tipstaff::plan::Plan;
use tipstaff::workflow::{Bindings, Library, compile, parse};
use tipstaff::yaml::Source;

/// A way to judge.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// As the table calls it.
    pub name: &'static str,
    /// What is after `judge:`.
    judge: &'static str,
    /// Whether the proposals are changes on which commands run.
    pub evidence: bool,
    /// Whether all proposals are shown in the order of `models`, as where nothing is shuffled.
    pub unshuffled: bool,
}

const DEFAULT: Setting = Setting {
    name: "default",
    judge: "lead",
    evidence: false,
    unshuffled: false,
};

const PANEL: &str = "{ by: [lead, second, third] }";

pub const SETTINGS: [Setting; 10] = [
    Setting {
        name: "unshuffled",
        unshuffled: true,
        ..DEFAULT
    },
    DEFAULT,
    Setting {
        name: "auto",
        judge: "{ by: lead, orders: auto }",
        ..DEFAULT
    },
    Setting {
        name: "both",
        judge: "{ by: lead, orders: both }",
        ..DEFAULT
    },
    Setting {
        name: "pairwise",
        judge: "{ by: lead, method: pairwise }",
        ..DEFAULT
    },
    Setting {
        name: "tournament",
        judge: "{ by: lead, method: tournament }",
        ..DEFAULT
    },
    Setting {
        name: "panel",
        judge: PANEL,
        ..DEFAULT
    },
    Setting {
        name: "evidence",
        evidence: true,
        ..DEFAULT
    },
    Setting {
        name: "panel, evidence",
        judge: PANEL,
        evidence: true,
        ..DEFAULT
    },
    Setting {
        name: "panel, both, evidence",
        judge: "{ by: [lead, second, third], orders: both }",
        evidence: true,
        ..DEFAULT
    },
];

const CONFIG: &str = "models:
  weak: { agent: opencode, id: acme/weak }
  middle: { agent: opencode, id: acme/middle }
  strong: { agent: opencode, id: acme/strong }
  lead: { agent: opencode, id: umbrella/lead }
  second: { agent: opencode, id: umbrella/second }
  third: { agent: opencode, id: umbrella/third }
";

impl Setting {
    /// Every pair twice, by one judge.
    pub fn pairs_in_both_orders() -> Self {
        Self {
            name: "pairwise, both",
            judge: "{ by: lead, method: pairwise, orders: both }",
            ..DEFAULT
        }
    }

    /// The plan of an ensemble that is judged so.
    pub fn plan(&self) -> Plan {
        let edits = match self.evidence {
            true => "    edits: true\n    verify: make test\n",
            false => "",
        };
        let text = format!(
            "name: judged\nphases:\n  - name: plan\n    type: ensemble\n    models: [weak, middle, strong]\n    \
             judge: {}\n    context_strategy: fresh\n    prompt: Plan it.\n{edits}",
            self.judge
        );
        let config = config::load(&[Source::new("config", CONFIG)]).expect("the models are valid");
        let bindings = Bindings {
            request: "Plan it.".to_owned(),
            sets: BTreeMap::new(),
            model_overrides: BTreeMap::new(),
            depth: None,
            best_of: None,
            seed: 0,
            destination: Destination::Nowhere,
            library: Library {
                prompts: &|name| tipstaff::context::templates::builtin(name).map(str::to_owned),
                names: &Vec::new,
                read_file: &|_| Err("there is none".to_owned()),
            },
        };
        let workflow = parse(&Source::new("workflow", text)).expect("the workflow can be read");
        let compiled = compile(&workflow, &bindings, &config);
        compiled.expect("the workflow is valid").plan
    }
}
