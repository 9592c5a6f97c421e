//! Hand-made histories for the tests of this module.

use std::collections::BTreeMap;

use crate::model::{
    AccountName, Answer, Budget, CallId, CallResult, CallSpec, Decider, Decision, Digest, FORMAT,
    Failure, FailureKind, Label, Millis, ModelName, PersonAnswer, PhaseName, Purpose, Question,
    RunEnd, RunId, Rung, Timestamp, Undecided, Usage,
};
use crate::plan::Plan;
use crate::run::{CallEvent, Event, PhaseEvent, Record, RunEvent, Via};

use super::sample_build;
use super::sample_build_parts::tree;
use super::sample_parts::{artifact, call, closed, document, limits, phase, plan, used, verdict};

/// 2026-11-22T15:45:01Z.
const START: u64 = 1_795_362_301_000;

/// A plan and what happened.
pub(super) struct History {
    pub(super) plan: Plan,
    pub(super) records: Vec<Record>,
}

impl History {
    fn new() -> Self {
        Self::of(plan())
    }

    /// A run of this plan to which nothing happened yet.
    pub(super) fn of(plan: Plan) -> Self {
        let records = Vec::new();
        Self { plan, records }
    }

    /// Adds an event, `at` milliseconds after the start.
    pub(super) fn add(&mut self, at: u64, event: Event) {
        self.records.push(Record {
            seq: self.records.len() as u64 + 1,
            at: Timestamp(START + at),
            event,
        });
    }

    /// How many records there are up to the first event of this name, itself included.
    pub(super) fn until(&self, name: &str) -> usize {
        let mut records = self.records.iter();
        let found = records.position(|record| kind(&record.event) == name);
        found.expect("the history has such an event") + 1
    }

    /// The run and its first phase began.
    pub(super) fn begin(&mut self, first: &str) {
        self.add(
            0,
            Event::Run(RunEvent::Started {
                run: RunId::from("20261122-154501-plan-3f"),
                format: FORMAT,
                version: "0.1.0".to_owned(),
                workflow: self.plan.workflow.clone(),
                plan: Digest::new("ab".repeat(32)),
                base: tree(0),
                files: Vec::new(),
                rehearsal: None,
                sandbox: Rung::None,
            }),
        );
        let phase = PhaseName::from(first);
        self.add(10, PhaseEvent::Started.of(phase));
    }

    pub(super) fn create(&mut self, at: u64, call: CallSpec) {
        let (phase, call) = (call.phase.clone(), std::sync::Arc::new(call));
        self.add(at, PhaseEvent::CallCreated { call }.of(phase));
    }

    pub(super) fn start(&mut self, at: u64, call: &str, attempt: u32, model: &str) {
        self.add(
            at,
            CallEvent::AttemptStarted {
                attempt,
                model: ModelName::from(model),
                agent: "opencode".into(),
            }
            .of(CallId::from(call)),
        );
        self.add(
            at + 40,
            CallEvent::AttemptSpawned {
                attempt,
                pid: 4242,
                prompt_tokens: 1_870,
                on: None,
            }
            .of(CallId::from(call)),
        );
    }

    fn progress(&mut self, at: u64, call: &str, attempt: u32, used: Usage, doing: &str) {
        self.add(
            at,
            CallEvent::AttemptProgressed {
                attempt,
                usage: used,
                doing: doing.to_owned(),
            }
            .of(CallId::from(call)),
        );
    }

    /// The latest of a call, a second after all else.
    pub(super) fn wide(&mut self, call: &str, doing: &str) {
        let last = self.records.last().map_or(START, |record| record.at.0);
        self.progress(
            last - START + 1_000,
            call,
            1,
            used(6_000, 300, 21_000),
            doing,
        );
    }

    pub(super) fn succeed(&mut self, at: u64, call: &str, attempt: u32, result: CallResult) {
        self.add(
            at,
            CallEvent::AttemptSucceeded {
                attempt,
                result: result.into(),
            }
            .of(CallId::from(call)),
        );
    }

    pub(super) fn fail(
        &mut self,
        at: u64,
        call: &str,
        attempt: u32,
        failure: Failure,
        used: Usage,
    ) {
        self.add(
            at,
            CallEvent::AttemptFailed {
                attempt,
                failure,
                usage: used,
            }
            .of(CallId::from(call)),
        );
    }

    /// How many records there are up to the end of the task that is done as the `nth`, from 1.
    pub(super) fn tasks_done(&self, nth: usize) -> usize {
        let done = |record: &Record| {
            matches!(
                record.event,
                Event::Phase {
                    event: PhaseEvent::TaskDone { .. },
                    ..
                }
            )
        };
        let ends = self.records.iter().enumerate().filter(|(_, one)| done(one));
        let found = ends.map(|(index, _)| index + 1).nth(nth - 1);
        found.expect("the history has so many")
    }

    fn seal(&mut self, at: u64) {
        self.add(
            at,
            PhaseEvent::ProposalsSealed {
                labels: vec![
                    (Label::from("A"), CallId::from("plan.propose-3")),
                    (Label::from("B"), CallId::from("plan.propose-1")),
                ],
            }
            .of(phase()),
        );
    }
}

/// Three proposers: the first done, the second a straggler that is cancelled, the third retried
/// after a rate limit; the judge picks B.
pub(super) fn ensemble() -> History {
    let mut history = History::new();
    proposals(&mut history);
    history.create(37_010, call("plan.judge", Purpose::Judge, 1, "claude-opus"));
    history.start(37_020, "plan.judge", 1, "claude-opus");
    history.succeed(46_520, "plan.judge", 1, verdict(Decision::Pick));
    history.add(
        46_530,
        PhaseEvent::WinnerChosen {
            call: CallId::from("plan.propose-1"),
            label: Some(Label::from("B")),
            by: Decider::Judge(CallId::from("plan.judge")),
        }
        .of(phase()),
    );
    history.add(46_600, closed());
    history.add(46_610, Event::Run(RunEvent::Ended { end: RunEnd::Done }));
    history
}

/// A proposer without a key; nothing is left to judge.
pub(super) fn failed() -> History {
    let mut history = History::new();
    history.begin("plan");
    history.create(20, call("plan.propose-1", Purpose::Propose, 1, "gpt-4o"));
    history.start(30, "plan.propose-1", 1, "gpt-4o");
    let failure = Failure::new(FailureKind::Auth, "openai refused the key (401)")
        .hint("run `opencode auth login`, then `tipstaff resume`");
    history.fail(
        2_430,
        "plan.propose-1",
        1,
        failure.clone(),
        Usage::default(),
    );
    history.add(
        2_440,
        CallEvent::Failed { failure }.of(CallId::from("plan.propose-1")),
    );
    history.add(
        2_450,
        PhaseEvent::Failed {
            failure: Failure::new(FailureKind::NoDeliverable, "no proposal of 1 came in"),
        }
        .of(phase()),
    );
    history.add(
        2_460,
        Event::Run(RunEvent::Ended {
            end: RunEnd::Failed,
        }),
    );
    history
}

/// The judge was interrupted, then found none good enough: a person has to pick.
pub(super) fn waiting() -> History {
    let mut history = History::new();
    proposals(&mut history);
    history.create(37_010, call("plan.judge", Purpose::Judge, 1, "claude-opus"));
    history.start(37_020, "plan.judge", 1, "claude-opus");
    history.add(
        39_000,
        Event::Run(RunEvent::Interrupted {
            signal: "SIGINT".to_owned(),
        }),
    );
    let cancelled = Failure::new(FailureKind::Cancelled, "the user interrupted the run");
    history.fail(39_400, "plan.judge", 1, cancelled, Usage::default());
    let end = RunEnd::Interrupted;
    history.add(39_410, Event::Run(RunEvent::Ended { end }));
    history.add(
        3_600_000,
        Event::Run(RunEvent::Resumed {
            version: "0.1.0".to_owned(),
            sandbox: Rung::None,
            elsewhere: Vec::new(),
        }),
    );
    history.start(3_600_010, "plan.judge", 2, "claude-opus");
    history.succeed(3_609_010, "plan.judge", 2, verdict(Decision::None));
    history.add(
        3_609_020,
        PhaseEvent::PersonAsked {
            question: Question::PickWinner {
                reason: "the judge found no proposal good enough".to_owned(),
                kind: Some(Undecided::NoneGoodEnough),
            },
        }
        .of(phase()),
    );
    let end = RunEnd::Waiting;
    history.add(3_609_030, Event::Run(RunEvent::Ended { end }));
    history
}

/// Agents and providers that say what a terminal would obey.
pub(super) fn hostile() -> History {
    const EVIL: &str = "evil\x1b[2J\x1b]0;title\x07\r\n\u{202e}text";
    let mut history = History::new();
    history.begin("plan");
    history.create(20, call("plan.propose-1", Purpose::Propose, 1, "gpt-4o"));
    history.start(30, "plan.propose-1", 1, "gpt-4o");
    history.progress(40, "plan.propose-1", 1, used(1_000, 10, 0), EVIL);
    let failure = Failure::new(FailureKind::Provider, EVIL).hint(EVIL);
    history.fail(50, "plan.propose-1", 1, failure.clone(), Usage::default());
    let call_failed = CallEvent::Failed {
        failure: failure.clone(),
    }
    .of(CallId::from("plan.propose-1"));
    history.add(60, call_failed);
    history.create(70, call("plan.judge", Purpose::Judge, 1, "claude-opus"));
    let mut judged = verdict(Decision::Synthesize);
    if let Answer::Judgement(judgement) = &mut judged.answer {
        judgement.rationale = EVIL.to_owned();
        judgement.scores.insert(
            Label::from("A"),
            BTreeMap::from_iter([(EVIL.to_owned(), 1.0)]),
        );
    }
    judged.remarks = EVIL.to_owned().into();
    history.start(80, "plan.judge", 1, "claude-opus");
    history.succeed(90, "plan.judge", 1, judged);
    history.seal(95);
    let phase = phase();
    history.add(100, PhaseEvent::Failed { failure }.of(phase));
    history
}

/// The type of an event, as its line has it.
pub(super) fn kind(event: &Event) -> String {
    let line = serde_json::to_value(event).expect("events are plain data");
    line["type"]
        .as_str()
        .expect("every event has a type")
        .to_owned()
}

/// One record of each kind of event, and more where kinds differ in what they hold, as the
/// documentation shows them.
pub(super) fn every_event() -> Vec<Record> {
    let history = ensemble();
    let mut records: Vec<Record> = Vec::new();
    let others = waiting().records.into_iter().chain(failed().records);
    let builds = sample_build::build().records.into_iter();
    let builds = builds.chain(sample_build::build_that_failed_its_audit().records);
    let builds = builds.chain(sample_build::build_that_lost_a_task().records);
    for record in history.records.into_iter().chain(others).chain(builds) {
        if !records
            .iter()
            .any(|known| kind(&known.event) == kind(&record.event))
        {
            records.push(record);
        }
    }
    let mut more = History::new();
    more.records.clone_from(&records);
    more.add(
        37_010,
        PhaseEvent::CallReused {
            call: std::sync::Arc::new(call("plan.judge-2", Purpose::Judge, 2, "claude-opus")),
            from: CallId::from("plan.judge"),
        }
        .of("plan"),
    );
    more.add(
        3_700_000,
        PhaseEvent::PersonAnswered {
            answer: PersonAnswer::Picked(Label::from("B")),
            because: String::new(),
        }
        .of(phase()),
    );
    more.add(
        3_700_010,
        Event::Run(RunEvent::LimitReached {
            limit: "calls: 40".to_owned(),
        }),
    );
    more.add(
        3_700_012,
        PhaseEvent::LimitReached {
            limit: "tokens: 200000".to_owned(),
        }
        .of(phase()),
    );
    more.add(
        3_700_020,
        Event::Run(RunEvent::LimitsRaised {
            limits: limits(),
            budgets: BTreeMap::from([(
                phase(),
                Budget {
                    tokens: Some(400_000),
                    ..Budget::default()
                },
            )]),
            changes: None,
        }),
    );
    more.records.extend(sample_build::variants());
    acts_of_persons(&mut more);
    for (index, record) in more.records.iter_mut().enumerate() {
        record.seq = index as u64 + 1;
    }
    more.records
}

fn acts_of_persons(more: &mut History) {
    more.add(
        3_700_002,
        PhaseEvent::PersonAnswered {
            answer: PersonAnswer::SentBack,
            because: "all forget the proxies".to_owned(),
        }
        .of(phase()),
    );
    more.add(
        3_700_004,
        PhaseEvent::RoundsAdded { rounds: 2 }.of(PhaseName::from("audit")),
    );
    more.add(
        3_700_006,
        Event::Run(RunEvent::ModelReplaced {
            model: "gpt-4o".into(),
            by: "claude-opus".into(),
            definition: artifact(&format!("models/{}.json", "cd".repeat(32))),
        }),
    );
    let closed = more.records.iter().find_map(|record| match &record.event {
        Event::Phase {
            event: PhaseEvent::Closed { closing, .. },
            ..
        } => Some(closing.clone()),
        _ => None,
    });
    more.add(
        3_700_008,
        PhaseEvent::DocumentEdited {
            by: Decider::Person,
            closing: closed.expect("a phase was closed"),
        }
        .of(phase()),
    );
    let via = Via::Keys;
    more.add(3_700_030, RunEvent::Paused { via }.into());
    more.add(3_700_030, RunEvent::Continued { via: Via::Watch }.into());
    let ended = CallEvent::EndedByPerson { via };
    more.add(3_700_030, ended.of("plan.propose-3"));
    let dropped = PhaseEvent::StragglersDropped { via };
    more.add(3_700_030, dropped.of(phase()));
    let text = "mind the proxies".to_owned();
    more.add(
        3_700_040,
        PhaseEvent::Noted { text: text.clone() }.of(phase()),
    );
    more.add(3_700_042, Event::Run(RunEvent::Noted { text }));
    more.add(
        3_700_044,
        Event::Run(RunEvent::TakenOver {
            run: "20261122-163450-plan-e4d7".into(),
            from: phase(),
        }),
    );
    more.add(
        3_700_046,
        PhaseEvent::Rated {
            best: Some("B".into()),
            because: "its steps can be undone".to_owned(),
        }
        .of(phase()),
    );
    let account = AccountName::new("claude");
    let parked = RunEvent::AccountParked {
        account: account.clone(),
        models: vec!["claude-opus".into()],
        until: Timestamp(1_795_372_001_010),
        why: FailureKind::Quota,
    };
    more.add(3_700_048, parked.into());
    more.add(3_700_050, RunEvent::AccountFreed { account }.into());
    let by = Millis(11_520_000);
    more.add(15_220_052, RunEvent::ClockJumped { by }.into());
}

fn proposals(history: &mut History) {
    history.begin("plan");
    for (slot, model) in [(1, "claude-opus"), (2, "gemini-pro"), (3, "gpt-4o")] {
        let id = format!("plan.propose-{slot}");
        history.create(20, call(&id, Purpose::Propose, slot, model));
        history.start(30 + u64::from(slot), &id, 1, model);
    }
    history.progress(
        4_000,
        "plan.propose-1",
        1,
        used(6_000, 300, 21_000),
        "reading src/server.rs",
    );
    let slow_down = Failure {
        retry_after: Some(Millis::seconds(4)),
        ..Failure::new(FailureKind::RateLimit, "openai asked to slow down (429)")
    };
    history.fail(5_130, "plan.propose-3", 1, slow_down, used(1_200, 0, 2_000));
    history.add(
        5_140,
        CallEvent::RetryScheduled {
            until: Timestamp(START + 9_140),
        }
        .of(CallId::from("plan.propose-3")),
    );
    history.start(9_150, "plan.propose-3", 2, "gpt-4o");
    history.succeed(
        16_400,
        "plan.propose-1",
        1,
        document("propose-1", 1, 41_000),
    );
    history.progress(17_000, "plan.propose-2", 1, used(3_500, 150, 0), "grep");
    let mut odd = document("propose-3", 2, 23_500);
    odd.remarks = "the document came as the final message, not as a file"
        .to_owned()
        .into();
    history.succeed(22_000, "plan.propose-3", 2, odd);
    history.add(
        22_010,
        PhaseEvent::QuorumReached {
            until: Timestamp(START + 37_000),
        }
        .of(phase()),
    );
    let cancelled = Failure::new(FailureKind::Cancelled, "the straggler's time was over");
    history.fail(
        37_000,
        "plan.propose-2",
        1,
        cancelled.clone(),
        used(3_500, 150, 0),
    );
    history.add(
        37_003,
        CallEvent::Failed { failure: cancelled }.of(CallId::from("plan.propose-2")),
    );
    history.seal(37_005);
}
