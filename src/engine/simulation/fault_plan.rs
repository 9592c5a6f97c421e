//! How the world behaves in one run: data that was drawn before the run began, so that it shrinks.

use proptest::prelude::{Just, any, prop};
use proptest::strategy::Strategy as Draws;

use crate::model::{Failure, FailureKind, Millis};

use super::plans::{COMMANDS, MODELS, Mix};

/// What goes wrong in a run, and what people do meanwhile.
#[derive(Debug, Clone)]
pub struct FaultPlan {
    pub manners: Vec<Manner>,
    pub proofs: Vec<Proof>,
    /// Of each audit, by its round; the last one stays.
    pub passes: Vec<bool>,
    /// The decompositions, by their round; the last one stays. Never empty.
    pub lists: Vec<Tasks>,
    /// Whether models say the same again in later rounds.
    pub repeats: bool,
    /// What becomes of each delivery, one after another. Then all arrive.
    pub deliveries: Vec<Arrives>,
    /// Of each closing, one after another: whether the disk is full. Then it is not.
    pub full: Vec<bool>,
    /// What people do, one after another. Then what lets the run go on.
    pub people: Vec<Person>,
    /// Whether somebody attends, so that supervisors ask instead of ending.
    pub attended: bool,
    /// How many rounds a person adds each time that the last verdict is fail. Then none.
    pub rounds: Vec<u32>,
    /// Which model is put into which one's place each time that the run failed. Then none.
    pub models: Vec<(usize, usize)>,
    /// What is done about limits when a run is resumed, one after another. Then they are lifted.
    pub limits: Vec<Raise>,
    /// What a person does about the results each time a supervisor's work is over. Then nothing.
    pub hands_on: Vec<HandOn>,
    /// Whether accounts that refuse a request are parked, and whether supervisors stay until they serve again.
    pub parks: bool,
    pub waits: bool,
    /// Whether the clock is set back between supervisors.
    pub set_back: bool,
    /// Which of the things under way reports next, step by step. Then the oldest.
    pub choices: Vec<u8>,
    /// What comes from outside, and at which step.
    pub blows: Vec<(usize, Fault)>,
}

/// How a model behaves: always the same for one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manner {
    pub luck: Luck,
    pub data: Data,
    pub taste: Taste,
    pub hands: Hands,
    pub hands_off: bool,
    /// Tokens, and millionths of a dollar, of each of its attempts.
    pub spends: u64,
    pub reach: Reach,
}

/// How far it gets in one process where the work has a checkpoint: always the same for one part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// So many processes are stopped before one ends the work.
    pub stops: u32,
    /// Which of them change nothing, as bits.
    pub idle: u16,
    /// Tokens that each begins with.
    pub begins: u64,
}

/// Whether its attempts end well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Luck {
    Good,
    /// So many attempts of each call fail.
    Flaky(u32, SimulatedFailure),
    Broken(SimulatedFailure),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SimulatedFailure {
    pub kind: FailureKind,
    pub retry_after: Option<Millis>,
}

/// Whether the data that it leaves are valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Data {
    Valid,
    /// Only after they were mended.
    Mended,
    Invalid,
}

/// What it decides as a judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taste {
    Picks,
    Synthesizes,
    /// It says that it synthesizes, and leaves no document.
    Forgets,
    Refuses,
    /// The one that it likes best, wherever that stands.
    Prefers(u8),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hands {
    Busy,
    Idle,
    /// It changes what it may not, too.
    Grabbing,
}

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    Passes,
    Fails,
    /// Until the work was told what is wrong and changed something.
    FailsFirst,
    AlreadyFails,
    /// On some trees, whatever they are, but for those of tasks.
    FailsAtTimes,
    TimesOut,
    /// It cannot be run at all; so many times.
    CannotRun(u32),
}

#[derive(Debug, Clone)]
pub struct Tasks {
    /// Of each task: which of the tasks before it it depends on (as bits), and a command that verifies it.
    pub tasks: Vec<(u8, Option<usize>)>,
    /// Whether they are written down last one first.
    pub reversed: bool,
    /// Whether ids look like each other: `T`, `T-2`, `T-2-2`.
    pub alike: bool,
}

/// A person's answer to whatever is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    /// Approves, or picks the proposal at this index.
    Agrees(u8),
    /// Rejects, or sends the proposers back.
    Rejects,
    /// Says why, and changes the last document.
    Corrects,
    Silent,
}

/// What a person does about the results, if it can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandOn {
    Nothing,
    Apply,
    ApplyPart,
    ApplyToBranch,
    Undo,
    UndoPart,
}

/// What is done about the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Raise {
    Nothing,
    /// All limits that there are become so much larger.
    By(u64),
}

/// What of a delivery arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrives {
    All,
    /// Some of it is held back until a person accepts it.
    Some,
    Nothing,
    /// The disk is full.
    Fails,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Interrupt,
    /// Another run of this user hears that the account of this model has no quota left.
    Parks(u8),
    /// The machine sleeps, or its clock is set ahead.
    Sleeps(Millis),
    /// A person steers the run, whether it can be done or not.
    Steers(Steer),
    /// The supervisor dies with so many of the events of its last step on disk; attempts that were
    /// finished by then are recovered, or not; others go on elsewhere, or are lost.
    Death {
        written: u8,
        recovers: bool,
        elsewhere: bool,
    },
}

/// What a person wants of the run; of the call or phase at this place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Steer {
    Pause,
    Continue,
    EndCall(u8),
    GoOn(u8),
}

/// All failures that an attempt can report by itself.
const FAILURES: [FailureKind; 23] = [
    FailureKind::Network,
    FailureKind::RateLimit,
    FailureKind::Provider,
    FailureKind::Crash,
    FailureKind::Hang,
    FailureKind::NoDeliverable,
    FailureKind::Truncated,
    FailureKind::BadOutput,
    FailureKind::Loop,
    FailureKind::PermissionRefused,
    FailureKind::OutOfMemory,
    FailureKind::OutOfDisk,
    FailureKind::TooManyProcesses,
    FailureKind::AgentMissing,
    FailureKind::Auth,
    FailureKind::Quota,
    FailureKind::UnknownModel,
    FailureKind::ContextOverflow,
    FailureKind::Rejected,
    FailureKind::Timeout,
    FailureKind::Machine,
    FailureKind::Setup,
    FailureKind::Refused,
];
/// So many of them may pass if one waits.
const PASSING: usize = 10;

impl From<SimulatedFailure> for Failure {
    fn from(failure: SimulatedFailure) -> Self {
        Self {
            retry_after: failure.retry_after,
            ..Self::new(failure.kind, "simulated")
        }
    }
}

/// A model that does everything right.
pub const GOOD: Manner = Manner {
    luck: Luck::Good,
    data: Data::Valid,
    taste: Taste::Picks,
    hands: Hands::Busy,
    hands_off: true,
    spends: 1,
    reach: Reach {
        stops: 0,
        idle: 0,
        begins: 0,
    },
};

/// Everything goes well.
impl Default for FaultPlan {
    fn default() -> Self {
        Self {
            manners: vec![GOOD; MODELS],
            proofs: vec![Proof::Passes; COMMANDS],
            passes: Vec::new(),
            lists: vec![Tasks::default()],
            repeats: false,
            deliveries: Vec::new(),
            full: Vec::new(),
            people: Vec::new(),
            attended: false,
            rounds: Vec::new(),
            models: Vec::new(),
            limits: Vec::new(),
            hands_on: Vec::new(),
            parks: false,
            waits: false,
            set_back: false,
            choices: Vec::new(),
            blows: Vec::new(),
        }
    }
}

impl FaultPlan {
    /// The same without anything from outside.
    pub fn calm(&self) -> Self {
        Self {
            blows: Vec::new(),
            ..self.clone()
        }
    }
}

/// One task.
impl Default for Tasks {
    fn default() -> Self {
        Self {
            tasks: vec![(0, None)],
            reversed: false,
            alike: false,
        }
    }
}

fn arrives() -> impl Draws<Value = Arrives> {
    prop::sample::select(vec![
        Arrives::All,
        Arrives::All,
        Arrives::Some,
        Arrives::Nothing,
        Arrives::Fails,
    ])
}

/// Random fault plans. In a timeless mix a call ends the same however often it is begun.
pub fn fault_plans(mix: Mix) -> impl Draws<Value = FaultPlan> {
    let script = |length| prop::collection::vec(prop::bool::weighted(0.2), 0..length);
    let chance = match mix {
        Mix::Wild => (prop::collection::vec(arrives(), 0..3), script(3)).boxed(),
        Mix::Timeless => (Just(Vec::new()), Just(Vec::new())).boxed(),
    };
    let from_people = match mix {
        Mix::Wild => (
            prop::collection::vec(people(), 0..8),
            prop::collection::vec(raises(), 0..4),
            prop::collection::vec(0u32..3, 0..3),
            prop::collection::vec((0..MODELS, 0..MODELS), 0..3),
            prop::collection::vec(hands_on(), 0..6),
        )
            .boxed(),
        Mix::Timeless => {
            let none = Just(Vec::new());
            let nothing = (Just(Vec::new()), Just(Vec::new()), Just(Vec::new()));
            (none, nothing.0, nothing.1, nothing.2, Just(Vec::new())).boxed()
        }
    };
    (
        prop::collection::vec(manners(mix), MODELS),
        prop::collection::vec(proofs(mix), COMMANDS),
        prop::collection::vec(prop::bool::weighted(0.4), 1..5),
        prop::collection::vec(tasks(), 1..3),
        any::<bool>(),
        chance,
        (from_people, any::<[bool; 3]>()),
        prop::collection::vec(any::<u8>(), 0..40),
        blows(mix),
    )
        .prop_map(
            move |(
                manners,
                proofs,
                passes,
                lists,
                repeats,
                chance,
                from_people,
                choices,
                blows,
            )| {
                let (deliveries, full) = chance;
                let (from_people, [attended, waits, set_back]) = from_people;
                let (people, limits, rounds, models, hands_on) = from_people;
                let parks = mix == Mix::Wild;
                FaultPlan {
                    manners,
                    proofs,
                    passes,
                    lists,
                    repeats,
                    deliveries,
                    full,
                    people,
                    attended,
                    rounds,
                    models,
                    limits,
                    hands_on,
                    parks,
                    waits,
                    set_back,
                    choices,
                    blows,
                }
            },
        )
}

fn manners(mix: Mix) -> impl Draws<Value = Manner> {
    let failure = |kinds: usize| {
        let wait = prop::option::weighted(
            0.2,
            proptest::prop_oneof![Just(Millis::seconds(20)), Just(Millis::minutes(10))],
        );
        (0..kinds, wait).prop_map(|(kind, retry_after)| SimulatedFailure {
            kind: FAILURES[kind],
            retry_after,
        })
    };
    // A resumed run has new patience: only failure within the patience gives the same end.
    let flaky = match mix {
        Mix::Wild => (1u32..7, failure(FAILURES.len())).boxed(),
        Mix::Timeless => {
            let passing = failure(PASSING).prop_map(|failure| SimulatedFailure {
                retry_after: None,
                ..failure
            });
            (1u32..3, passing).boxed()
        }
    };
    let luck = proptest::prop_oneof![
        12 => Just(Luck::Good),
        3 => flaky.prop_map(|(times, failure)| Luck::Flaky(times, failure)),
        1 => failure(FAILURES.len()).prop_map(Luck::Broken),
    ];
    let data = proptest::prop_oneof![
        10 => Just(Data::Valid),
        1 => Just(Data::Mended),
        1 => Just(Data::Invalid),
    ];
    let taste = proptest::prop_oneof![
        3 => Just(Taste::Picks),
        1 => Just(Taste::Synthesizes),
        1 => Just(Taste::Forgets),
        1 => Just(Taste::Refuses),
        4 => any::<u8>().prop_map(Taste::Prefers),
    ];
    let hands = proptest::prop_oneof![
        3 => Just(Hands::Busy),
        1 => Just(Hands::Idle),
        1 => Just(Hands::Grabbing),
    ];
    (
        luck,
        data,
        taste,
        hands,
        prop::bool::weighted(0.7),
        0u64..20,
        reaches(),
    )
        .prop_map(
            |(luck, data, taste, hands, hands_off, spends, reach)| Manner {
                luck,
                data,
                taste,
                hands,
                hands_off,
                spends,
                reach,
            },
        )
}

fn reaches() -> impl Draws<Value = Reach> {
    let stops = proptest::prop_oneof![
        4 => Just(0),
        8 => 1u32..5,
        1 => Just(u32::MAX),
    ];
    let idle = proptest::prop_oneof![
        1 => Just(0),
        1 => any::<u16>(),
    ];
    (stops, idle, 0u64..200).prop_map(|(stops, idle, begins)| Reach {
        stops,
        idle,
        begins,
    })
}

fn proofs(mix: Mix) -> impl Draws<Value = Proof> {
    let times = match mix {
        Mix::Wild => (1u32..3).boxed(),
        Mix::Timeless => Just(u32::MAX).boxed(),
    };
    proptest::prop_oneof![
        8 => Just(Proof::Passes),
        3 => Just(Proof::Fails),
        4 => Just(Proof::FailsFirst),
        1 => Just(Proof::AlreadyFails),
        6 => Just(Proof::FailsAtTimes),
        1 => Just(Proof::TimesOut),
        1 => times.prop_map(Proof::CannotRun),
    ]
}

fn tasks() -> impl Draws<Value = Tasks> {
    let task = (any::<u8>(), prop::option::of(0..COMMANDS));
    let tasks = prop::collection::vec(task, 1..5);
    (tasks, any::<bool>(), any::<bool>()).prop_map(|(tasks, reversed, alike)| Tasks {
        tasks,
        reversed,
        alike,
    })
}

fn people() -> impl Draws<Value = Person> {
    proptest::prop_oneof![
        3 => any::<u8>().prop_map(Person::Agrees),
        1 => Just(Person::Rejects),
        2 => Just(Person::Corrects),
        1 => Just(Person::Silent),
    ]
}

fn hands_on() -> impl Draws<Value = HandOn> {
    proptest::prop_oneof![
        2 => Just(HandOn::Nothing),
        2 => Just(HandOn::Apply),
        1 => Just(HandOn::ApplyPart),
        1 => Just(HandOn::ApplyToBranch),
        1 => Just(HandOn::Undo),
        1 => Just(HandOn::UndoPart),
    ]
}

fn raises() -> impl Draws<Value = Raise> {
    proptest::prop_oneof![
        1 => Just(Raise::Nothing),
        2 => (1u64..30).prop_map(Raise::By),
    ]
}

/// What a person ends or does not wait for makes another end of the run; a pause does not.
fn steers(mix: Mix) -> impl Draws<Value = Steer> {
    match mix {
        Mix::Wild => proptest::prop_oneof![
            Just(Steer::Pause),
            Just(Steer::Continue),
            any::<u8>().prop_map(Steer::EndCall),
            any::<u8>().prop_map(Steer::GoOn),
        ]
        .boxed(),
        Mix::Timeless => proptest::prop_oneof![Just(Steer::Pause), Just(Steer::Continue)].boxed(),
    }
}

fn blows(mix: Mix) -> impl Draws<Value = Vec<(usize, Fault)>> {
    let parks = match mix {
        Mix::Wild => any::<u8>().prop_map(Fault::Parks).boxed(),
        Mix::Timeless => Just(Fault::Interrupt).boxed(),
    };
    let fault = proptest::prop_oneof![
            1 => parks,
            2 => steers(mix).prop_map(Fault::Steers),
            1 => Just(Fault::Interrupt),
    1 => (1u64..600).prop_map(|minutes| Fault::Sleeps(Millis::minutes(minutes))),
            2 => (0u8..6, any::<bool>(), any::<bool>())
                .prop_map(|(written, recovers, elsewhere)| Fault::Death { written, recovers, elsewhere }),
        ];
    prop::collection::vec((1usize..60, fault), 0..4)
}
