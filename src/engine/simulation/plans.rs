//! Random plans of all kinds of phases, as a person could have written them.

use proptest::prelude::{Just, any, prop};
use proptest::strategy::Strategy as Draws;

use super::limits::{budgets, limits, unlimited};
use crate::model::{
    Agreement, AtLimit, Budget, Categories, Criterion, Destination, Millis, ModelName, PhaseName,
    RunLimits,
};
use crate::plan::{
    Condition, Distill, EnsembleMode, Judging, LensPlan, LoopPlan, Method, ModelSpec, OnNone,
    Orders, OutputKind, PhaseKind, PhasePlan, Plan, PlannedInput, Proof, Refiner, Strategy,
    Subject, VerifyRules, testing,
};

/// How many models there are.
pub const MODELS: usize = 5;
/// How many different commands verify something.
pub const COMMANDS: usize = 4;

/// The models of a call, by number.
type Chain = Vec<usize>;

/// What a plan is made from.
#[derive(Debug, Clone)]
pub struct Sketch {
    pub parts: Vec<Part>,
    pub limits: RunLimits,
    pub destination: Destination,
    /// How many of the commands run without a question if a model writes them.
    pub allowed: usize,
}

#[derive(Debug, Clone)]
pub struct Part {
    pub work: Work,
    pub strategy: Strategy,
    pub when: Option<When>,
    pub gate: bool,
    pub distill: Distill,
    /// Whether what all earlier phases left is named as its input.
    pub informed: bool,
    /// Of each of its phases.
    pub budget: Budget,
    pub at_limit: AtLimit,
    pub checkpoint: Option<u64>,
    /// Whether its document belongs into the project.
    pub output: bool,
    pub substitutes: Vec<usize>,
}

#[derive(Debug, Clone)]
pub enum Work {
    Document(Chain),
    Ensemble {
        proposers: Vec<Chain>,
        judge: Chain,
        /// How it judges; its panel are the judges beside this one.
        rules: Judging,
        sequential: bool,
        /// Fewer proposals than all, named by the workflow; as an index.
        quorum: Option<u8>,
    },
    /// An ensemble that edits.
    Candidates {
        proposers: Vec<Chain>,
        judge: Chain,
        rules: Judging,
        verify: Vec<usize>,
        on_none: OnNone,
        crosses: bool,
    },
    Lenses {
        lenses: Vec<Chain>,
        judge: Option<Chain>,
    },
    Edits {
        chain: Chain,
        verify: Vec<usize>,
        /// Whether what verified the phases before it verifies it too.
        again: bool,
    },
    /// Two phases: one decomposes, one carries out.
    Tasks {
        splitter: Chain,
        workers: Chain,
        go_on: bool,
        verify: Vec<usize>,
    },
    Audit {
        chain: Chain,
        /// How many phases to go back (0 is itself), and how often at most.
        back: Option<(u8, u32)>,
    },
}

/// A condition: which of the subjects there are, what it is compared with, and how.
#[derive(Debug, Clone, Copy)]
pub struct When {
    pub subject: u8,
    pub value: bool,
    pub negated: bool,
}

/// A part that does this and is nothing special.
impl From<Work> for Part {
    fn from(work: Work) -> Self {
        Self {
            work,
            strategy: Strategy::Distilled,
            when: None,
            gate: false,
            distill: Distill::Agent,
            informed: false,
            budget: Budget::default(),
            at_limit: AtLimit::default(),
            checkpoint: None,
            output: false,
            substitutes: Vec::new(),
        }
    }
}

/// A plan of these parts without limits.
impl From<Vec<Part>> for Sketch {
    fn from(parts: Vec<Part>) -> Self {
        Self {
            parts,
            limits: unlimited(2),
            destination: Destination::Tree,
            allowed: COMMANDS,
        }
    }
}

/// The model of that number.
pub fn model(number: usize) -> ModelName {
    ModelName::new(format!("m{number}"))
}

/// The command of that number.
pub fn command(number: usize) -> String {
    format!("verify {number}")
}

/// How random plans differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mix {
    Wild,
    /// Nothing in which the time of arrival or a limit decides.
    Timeless,
}

pub fn sketches(mix: Mix) -> impl Draws<Value = Sketch> {
    let limits = match mix {
        Mix::Wild => limits().boxed(),
        Mix::Timeless => (1u32..4).prop_map(unlimited).boxed(),
    };
    let destination = proptest::prop_oneof![
        3 => Just(Destination::Tree),
        1 => Just(Destination::Branch("work".to_owned())),
        1 => Just(Destination::Nowhere),
    ];
    let parts = prop::collection::vec(parts(mix), 1..7);
    let allowed = proptest::prop_oneof![3 => Just(COMMANDS), 1 => 0..COMMANDS];
    (parts, limits, destination, allowed).prop_map(|(parts, limits, destination, allowed)| Sketch {
        parts,
        limits,
        destination,
        allowed,
    })
}

fn parts(mix: Mix) -> impl Draws<Value = Part> {
    let (budget, most) = match mix {
        Mix::Wild => (budgets().boxed(), 2),
        Mix::Timeless => (Just((Budget::default(), AtLimit::Park)).boxed(), 0),
    };
    let substitutes = prop::collection::vec(0..MODELS, 0..=most);
    let strategy = proptest::prop_oneof![
        Just(Strategy::Distilled),
        Just(Strategy::Fresh),
        Just(Strategy::Full),
        Just(Strategy::Scoped),
    ];
    let when = (0u8..8, any::<bool>(), any::<bool>()).prop_map(|(subject, value, negated)| When {
        subject,
        value,
        negated,
    });
    let distill = proptest::prop_oneof![
        3 => Just(Distill::Agent),
        2 => chain().prop_map(|chain| Distill::Model(names(&chain))),
        1 => Just(Distill::Nobody),
    ];
    (
        works(mix),
        strategy,
        prop::option::weighted(0.25, when),
        prop::bool::weighted(0.1),
        distill,
        any::<bool>(),
        budget,
        prop::option::weighted(0.4, 1u64..200),
        (prop::bool::weighted(0.3), substitutes),
    )
        .prop_map(
            |(
                work,
                strategy,
                when,
                gate,
                distill,
                informed,
                (budget, at_limit),
                checkpoint,
                last,
            )| Part {
                work,
                strategy,
                when,
                gate,
                distill,
                informed,
                budget,
                at_limit,
                checkpoint,
                output: last.0,
                substitutes: last.1,
            },
        )
}

fn works(mix: Mix) -> impl Draws<Value = Work> {
    let quorum = match mix {
        Mix::Wild => prop::option::of(any::<u8>()).boxed(),
        Mix::Timeless => Just(None).boxed(),
    };
    let proposers = prop::collection::vec(chain(), 1..4);
    let ensemble = (proposers, chain(), judgings(), any::<bool>(), quorum).prop_map(
        |(proposers, judge, rules, sequential, quorum)| Work::Ensemble {
            proposers,
            judge,
            rules,
            sequential,
            quorum,
        },
    );
    let lenses = (
        prop::collection::vec(chain(), 1..4),
        prop::option::of(chain()),
    );
    let verify = || prop::collection::vec(0..COMMANDS, 0..3);
    let edits = (chain(), verify(), any::<bool>()).prop_map(|(chain, verify, again)| Work::Edits {
        chain,
        verify,
        again,
    });
    let tasks = (chain(), chain(), any::<bool>(), verify()).prop_map(
        |(splitter, workers, go_on, verify)| Work::Tasks {
            splitter,
            workers,
            go_on,
            verify,
        },
    );
    let candidates = prop::collection::vec(chain(), 2..4);
    let on_none =
        proptest::prop_oneof![Just(OnNone::Repair), Just(OnNone::Ask), Just(OnNone::Fail),];
    let candidates = (
        candidates,
        chain(),
        judgings(),
        verify(),
        on_none,
        any::<bool>(),
    )
        .prop_map(
            |(proposers, judge, rules, verify, on_none, crosses)| Work::Candidates {
                proposers,
                judge,
                rules,
                verify,
                on_none,
                crosses,
            },
        );
    let audit = (chain(), prop::option::weighted(0.9, (0u8..5, 0u32..3)))
        .prop_map(|(chain, back)| Work::Audit { chain, back });
    proptest::prop_oneof![
        6 => chain().prop_map(Work::Document),
        8 => ensemble,
        12 => candidates,
        8 => lenses.prop_map(|(lenses, judge)| Work::Lenses { lenses, judge }),
        12 => edits,
        12 => tasks,
        20 => audit,
    ]
}

pub fn criterion() -> [Criterion; 1] {
    let name = "fit".to_owned();
    [Criterion { name, weight: 2 }]
}

/// Half of all ensembles are judged as usual.
fn judgings() -> impl Draws<Value = Judging> {
    let panel = prop::collection::vec(chain().prop_map(|chain| names(&chain)), 0..3);
    let orders = prop::sample::select(vec![Orders::One, Orders::Both, Orders::Auto]);
    let methods = prop::sample::select(vec![Method::List, Method::Pairwise, Method::Tournament]);
    let agreements = prop::sample::select(vec![Agreement::Majority, Agreement::Unanimous]);
    let criteria = any::<bool>().prop_map(|some| criterion().into_iter().filter(move |_| some));
    let refiners = prop::option::of(prop::option::of(chain().prop_map(|chain| names(&chain))));
    let refiners = refiners.prop_map(|by| by.map(|by| by.map_or(Refiner::Author, Refiner::By)));
    let rules = (
        panel,
        orders,
        methods,
        agreements,
        criteria,
        any::<bool>(),
        (refiners, any::<bool>()),
    );
    let some = rules.prop_map(
        |(panel, orders, method, agreement, criteria, abstain, (refine, grafts))| Judging {
            panel,
            criteria: criteria.collect(),
            orders,
            agreement,
            method,
            abstain,
            refine,
            grafts,
        },
    );
    proptest::prop_oneof![1 => Just(Judging::default()), 1 => some]
}

fn chain() -> impl Draws<Value = Chain> {
    prop::collection::vec(0..MODELS, 1..3)
}

fn names(chain: &Chain) -> Vec<ModelName> {
    chain.iter().copied().map(model).collect()
}

fn proofs(numbers: &[usize]) -> impl Iterator<Item = Proof> {
    numbers.iter().copied().map(command).map(Proof::Command)
}

fn ensemble(
    proposers: &[Chain],
    (judge, rules): (&Chain, &Judging),
    sequential: bool,
    quorum: Option<u8>,
    (on_none, crosses): (OnNone, bool),
) -> PhaseKind {
    let all = u32::try_from(proposers.len()).unwrap();
    PhaseKind::Ensemble {
        proposers: proposers.iter().map(names).collect(),
        judge: Judging {
            panel: [vec![names(judge)], rules.panel.clone()].concat(),
            ..rules.clone()
        },
        mode: match sequential {
            true => EnsembleMode::Sequential,
            false => EnsembleMode::Parallel,
        },
        quorum: quorum.map_or(all, |quorum| u32::from(quorum) % all + 1),
        quorum_named: quorum.is_some(),
        straggler_timeout: Millis::seconds(30),
        on_none,
        cross_tests: crosses.then(|| "*".to_owned()).into_iter().collect(),
    }
}

impl Sketch {
    pub fn plan(&self) -> Plan {
        let mut phases: Vec<PhasePlan> = Vec::new();
        for (number, part) in self.parts.iter().enumerate() {
            let decides = phases.len();
            part.add_to(&mut phases, number);
            let inputs: Vec<PhaseName> = names_of(&phases[..decides]);
            for phase in &mut phases[decides..] {
                if part.informed {
                    phase.inputs.extend(inputs.iter().flat_map(all_of));
                }
            }
            phases[decides].when = part
                .when
                .and_then(|when| when.condition(&phases[..decides]));
            phases[decides].gate = part.gate.then(|| "go on?".to_owned());
        }
        Plan {
            limits: self.limits,
            destination: self.destination.clone(),
            verify: VerifyRules {
                allow: (0..self.allowed).map(command).collect(),
                ..VerifyRules::default()
            },
            models: (0..MODELS).map(|n| (model(n), spec())).collect(),
            ..testing::plan(phases)
        }
    }
}

fn spec() -> ModelSpec {
    ModelSpec {
        agent: "fake".into(),
        id: String::new(),
        variant: None,
        family: None,
        price: None,
        context: None,
    }
}

fn names_of(phases: &[PhasePlan]) -> Vec<PhaseName> {
    phases.iter().map(|phase| phase.name.clone()).collect()
}

fn all_of(phase: &PhaseName) -> [PlannedInput; 3] {
    [
        PlannedInput::Output(phase.clone()),
        PlannedInput::Changes(phase.clone()),
        PlannedInput::Tests(phase.clone()),
    ]
}

impl Part {
    fn add_to(&self, phases: &mut Vec<PhasePlan>, number: usize) {
        let name = format!("p{number}");
        match &self.work {
            Work::Document(chain) => phases.push(self.single(&name, chain, OutputKind::Document)),
            Work::Ensemble {
                proposers,
                judge,
                rules,
                sequential,
                quorum,
            } => {
                let rest = (OnNone::Ask, false);
                let kind = ensemble(proposers, (judge, rules), *sequential, *quorum, rest);
                phases.push(self.phase(&name, kind));
            }
            Work::Candidates {
                proposers,
                judge,
                rules,
                verify,
                on_none,
                crosses,
            } => {
                let rest = (*on_none, *crosses);
                let kind = ensemble(proposers, (judge, rules), false, None, rest);
                phases.push(PhasePlan {
                    edits: true,
                    verify: proofs(verify).collect(),
                    ..self.phase(&name, kind)
                });
            }
            Work::Lenses { lenses, judge } => {
                let lenses = lenses.iter().zip(0..).map(|(chain, n): (_, u32)| LensPlan {
                    name: format!("l{n}"),
                    chain: names(chain),
                    prompt: "look".to_owned(),
                });
                let kind = PhaseKind::Parallel {
                    lenses: lenses.collect(),
                    judge: judge.as_ref().map(names),
                };
                phases.push(self.phase(&name, kind));
            }
            Work::Edits {
                chain,
                verify,
                again,
            } => {
                let editing = phases.iter().filter(|phase| *again && phase.edits);
                let again = editing.map(|phase| Proof::TestsOf {
                    tests_of: phase.name.clone(),
                });
                let verify = again.chain(proofs(verify)).collect();
                phases.push(PhasePlan {
                    edits: true,
                    checkpoint: self.checkpoint,
                    verify,
                    ..self.single(&name, chain, OutputKind::Edits)
                });
            }
            Work::Tasks {
                splitter,
                workers,
                go_on,
                verify,
            } => {
                let any = OutputKind::Tasks(Categories::default());
                let splits = self.single(&name, splitter, any);
                let kind = PhaseKind::Routed {
                    tasks: splits.name.clone(),
                    routing: [("default".to_owned(), names(workers))].into(),
                    named: vec!["default".to_owned()],
                    go_on: *go_on,
                };
                phases.push(splits);
                phases.push(PhasePlan {
                    edits: true,
                    checkpoint: self.checkpoint,
                    verify: proofs(verify).collect(),
                    ..self.phase(&format!("{name}-tasks"), kind)
                });
            }
            Work::Audit { chain, back } => {
                let own = self.single(&name, chain, OutputKind::Audit);
                let all: Vec<PhaseName> = phases
                    .iter()
                    .chain([&own])
                    .map(|p| p.name.clone())
                    .collect();
                let on_fail = back.map(|(back, max)| LoopPlan {
                    goto: all[all.len() - 1 - usize::from(back) % all.len()].clone(),
                    max,
                });
                phases.push(PhasePlan { on_fail, ..own });
            }
        }
    }

    fn single(&self, name: &str, chain: &Chain, yields: OutputKind) -> PhasePlan {
        let chain = names(chain);
        self.phase(name, PhaseKind::Single { chain, yields })
    }

    fn phase(&self, name: &str, kind: PhaseKind) -> PhasePlan {
        PhasePlan {
            strategy: self.strategy,
            budget: self.budget,
            at_limit: self.at_limit,
            distill: self.distill.clone(),
            substitutes: names(&self.substitutes),
            output: self.output.then(|| format!("docs/{name}.md")),
            ..testing::phase(name, kind)
        }
    }
}

impl When {
    /// The condition, on what earlier phases can be asked for; none where there is nothing to ask.
    fn condition(self, earlier: &[PhasePlan]) -> Option<Condition> {
        let audits = earlier.iter().filter(|phase| {
            matches!(
                &phase.kind,
                PhaseKind::Single {
                    yields: OutputKind::Audit,
                    ..
                }
            )
        });
        let proved = earlier.iter().filter(|phase| phase.edits);
        let mut subjects = vec![Subject::Input("pass".to_owned())];
        subjects.extend(audits.map(|phase| Subject::Verdict(phase.name.clone())));
        subjects.extend(proved.map(|phase| Subject::Tests(phase.name.clone())));
        let subject = subjects.swap_remove(usize::from(self.subject) % subjects.len());
        Some(Condition {
            text: "if".to_owned(),
            subject,
            value: if self.value { "pass" } else { "fail" }.to_owned(),
            negated: self.negated,
        })
    }
}
