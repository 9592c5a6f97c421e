//! Phases: their order, their beginning, what they wait for.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::Effect;
use crate::model::{
    Answer, AuditVerdict, CallSpec, Decider, FailureKind, Judgement, Label, PersonAnswer,
    PhaseName, Purpose, Question, Timestamp,
};
use crate::plan::{Distill, Orders, PhaseKind, PhasePlan, Refiner, Subject};
use crate::run::{CallEvent, Event, PhaseEvent, RunEvent};

use super::super::facts::{CallFacts, Facts, Stand};
use super::super::part::worklog_of;
use super::super::trace::Moment;
use super::{Promise, ensure, fails_by_its_work, promise};

/// A phase begins, or is left out, when it is its turn and its condition holds, or does not; it is
/// decided once, closed after that, and fails at most once. One that is left out makes no call.
pub fn phases_follow_one_another() -> Promise {
    promise(move |facts, moment| {
        let Moment::Wrote(record) = moment else {
            return Ok(());
        };
        let (phase, stands): (&PhaseName, &[Stand]) = match &record.event {
            Event::Phase {
                phase,
                event: PhaseEvent::Started,
            }
            | Event::Phase {
                phase,
                event: PhaseEvent::Skipped { .. },
            } => {
                let begins = matches!(
                    record.event,
                    Event::Phase {
                        event: PhaseEvent::Started,
                        ..
                    }
                );
                let plan = facts.plan.phase(phase).unwrap();
                let wrong = holds(facts, plan).is_some_and(|holds| holds != begins);
                ensure(!wrong, || "its condition says something else".to_owned())?;
                (phase, &[Stand::Untouched])
            }
            Event::Phase {
                event: PhaseEvent::CallCreated { call },
                ..
            }
            | Event::Phase {
                event: PhaseEvent::CallReused { call, .. },
                ..
            } => (&call.phase, &[Stand::Begun, Stand::Decided]),
            Event::Phase {
                phase,
                event: PhaseEvent::WinnerChosen { .. },
            } => (phase, &[Stand::Begun]),
            Event::Phase {
                phase,
                event: PhaseEvent::Closed { .. },
            } => (phase, &[Stand::Decided]),
            Event::Phase {
                phase,
                event: PhaseEvent::Failed { .. },
            } => (phase, &[Stand::Begun, Stand::Decided]),
            _ => return Ok(()),
        };
        let present = facts
            .current()
            .is_some_and(|current| &current.name == phase);
        ensure(present, || "it is another phase's turn".to_owned())?;
        let state = facts.phase(phase);
        ensure(stands.contains(&state.stand), || {
            format!("it is {:?}", state.stand)
        })?;
        ensure(state.failed.is_none(), || "it has failed".to_owned())
    })
}

/// Whether a phase's condition holds; none where it asks for the results of commands.
fn holds(facts: &Facts<'_>, phase: &PhasePlan) -> Option<bool> {
    let Some(condition) = &phase.when else {
        return Some(true);
    };
    let found = match &condition.subject {
        Subject::Input(value) => Some(value.as_str()),
        Subject::Verdict(phase) => facts.verdict(phase).map(|verdict| match verdict {
            AuditVerdict::Pass => "pass",
            AuditVerdict::Fail => "fail",
        }),
        Subject::Tests(_) => return None,
    };
    Some((found == Some(condition.value.as_str())) != condition.negated)
}

/// A phase is closed once it is decided and nothing of it is left to be distilled.
pub fn a_phase_is_closed_when_all_of_it_is_there() -> Promise {
    promise(move |facts, moment| {
        let Moment::Ordered(Effect::ClosePhase { phase, winner }) = moment else {
            return Ok(());
        };
        let state = facts.phase(phase);
        let decided = state.stand == Stand::Decided && state.winner.as_ref() == Some(&winner.call);
        ensure(decided && state.failed.is_none(), || {
            "it is not decided".to_owned()
        })?;
        let distills = |call: &&CallFacts| {
            call.spec.purpose == Purpose::Distill && worklog_of(&call.spec).is_none()
        };
        let mut distilling = facts.calls_of(phase).filter(distills).peekable();
        let plan = facts.plan.phase(phase).unwrap();
        let left = facts.calls[&winner.call].result.as_ref();
        let lacks = left.is_some_and(|left| left.handoff.is_none() && left.deliverable.is_some());
        let wanted = lacks
            && matches!(plan.distill, Distill::Model(_))
            && !matches!(plan.kind, PhaseKind::Routed { .. });
        ensure(distilling.peek().is_some() == wanted, || {
            format!("distilling is wanted: {wanted}")
        })?;
        ensure(distilling.all(|call| call.over), || {
            "it is being distilled".to_owned()
        })
    })
}

/// A judge sees proposals that are finished and sealed, and they are sealed when all are over, or when
/// the quorum is in and the stragglers had their time.
pub fn judges_wait_for_the_sealing() -> Promise {
    let mut given: BTreeMap<_, Timestamp> = BTreeMap::new();
    let mut last = Timestamp::default();
    promise(move |facts, moment| {
        let Moment::Wrote(record) = moment else {
            return Ok(());
        };
        let before = std::mem::replace(&mut last, record.at);
        match &record.event {
            Event::Run(RunEvent::Resumed { .. }) => {
                // By a clock that was set back, what was left of a wait is left.
                let back = before.since(record.at);
                for until in given.values_mut() {
                    *until = Timestamp(until.0.saturating_sub(back.0));
                }
                Ok(())
            }
            Event::Call {
                call,
                event: CallEvent::AttemptStarted { .. },
            } => {
                let spec = &facts.calls[call].spec;
                let sealed = facts.phase(&spec.phase).sealed.is_some();
                let judges = spec.purpose == Purpose::Judge;
                ensure(!judges || sealed, || "nothing is sealed".to_owned())
            }
            Event::Phase {
                phase,
                event: PhaseEvent::ProposalsSealed { labels },
            } => {
                let mut sealed = labels.iter().map(|(_, call)| &facts.calls[call]);
                let finished = sealed.all(|call| call.result.is_some());
                ensure(finished, || "an unfinished proposal".to_owned())?;
                let plan = facts.plan.phase(phase).unwrap();
                let PhaseKind::Ensemble {
                    proposers, quorum, ..
                } = &plan.kind
                else {
                    return Err("no ensemble".to_owned());
                };
                // What is mended is sealed once more.
                let again = facts.phase(phase).sealed.is_some();
                let ended = |call: &&CallFacts| call.over || is_parked(facts, call, record.at);
                let over = facts.calls_of(phase).filter(ended).count();
                let enough = labels.len() >= usize::try_from(*quorum).unwrap();
                let late = given.get(phase).is_some_and(|until| record.at >= *until);
                let all = over == proposers.len();
                let least = if plan.edits && !plan.verify.is_empty() {
                    1
                } else {
                    2
                };
                let dropped = facts.phase(phase).drops_stragglers
                    && labels.len() >= proposers.len().min(least);
                let right = again || enough && late || all || dropped;
                ensure(right, || "too early".to_owned())
            }
            Event::Phase {
                phase,
                event: PhaseEvent::QuorumReached { until },
            } => {
                given.insert(phase.clone(), *until);
                Ok(())
            }
            _ => Ok(()),
        }
    })
}

/// What was made of a winner wins only where a judge that saw both prefers it.
pub fn what_is_refined_beats_what_it_was_made_of() -> Promise {
    promise(move |facts, moment| {
        let Moment::Wrote(record) = moment else {
            return Ok(());
        };
        let Event::Phase {
            phase,
            event: PhaseEvent::WinnerChosen { call, by, .. },
        } = &record.event
        else {
            return Ok(());
        };
        let Some(parent) = facts.calls[call].spec.refines() else {
            return Ok(());
        };
        let sealed = facts.phase(phase).sealed.as_deref().unwrap_or_default();
        let own = sealed.iter().find(|(_, known)| known == call);
        let (own, _) = own.ok_or("it is not sealed")?;
        let plan = facts.plan.phase(phase).unwrap();
        if let PhaseKind::Ensemble { judge, .. } = &plan.kind
            && judge.refine == Some(Refiner::Author)
            && let Some((_, made)) = sealed.iter().find(|(label, _)| label == parent)
            && let Some((_, author)) = &facts.calls[made].last
        {
            let first = facts.calls[call].spec.chain.first();
            ensure(first == Some(author), || format!("{author} made it"))?;
        }
        if let PhaseKind::Ensemble { judge, .. } = &plan.kind
            && judge.grafts
        {
            let said = |wanted: &dyn Fn(&CallSpec, &Judgement) -> bool| {
                facts.calls_of(phase).any(|call| {
                    let answer = call.result.as_ref().map(|left| &left.answer);
                    matches!(answer, Some(Answer::Judgement(own)) if wanted(&call.spec, own))
                })
            };
            let named = said(&|_, own| !own.grafts.is_empty());
            ensure(named, || "nobody named anything to take over".to_owned())?;
            let reversed = said(&|spec, _| {
                let ballot = spec.ballot.as_ref();
                ballot.is_some_and(|one| {
                    one.reversed && one.letters.iter().any(|(_, label)| label == own)
                })
            });
            ensure(reversed, || "one order only".to_owned())?;
        }
        // Of verdicts that differ, what it mends may decide.
        if *by == Decider::Evidence {
            return ensure(facts.plan.phase(phase).unwrap().edits, || {
                "there is no evidence".to_owned()
            });
        }
        let mut verdicts = facts.calls_of(phase).filter_map(|judge| {
            let Answer::Judgement(judgement) = &judge.result.as_ref()?.answer else {
                return None;
            };
            let letters = &judge.spec.ballot.as_ref()?.letters;
            let saw: BTreeSet<&Label> = letters.iter().map(|(_, label)| label).collect();
            let duel = saw == BTreeSet::from([own, parent]);
            duel.then(|| judge.spec.unblinded(judgement).winner)
        });
        let preferred = verdicts.any(|winner| winner.as_ref() == Some(own));
        ensure(preferred, || "no judge prefers it".to_owned())
    })
}

/// A judge's winner is one that a verdict names; under both orders, one that some judge names in both; and there are
/// no more verdicts than the setting takes.
pub fn a_winner_is_named_whatever_the_order() -> Promise {
    // The other order is what a phase does without where its limit leaves no room for it.
    let mut does_without = BTreeSet::new();
    promise(move |facts, moment| {
        let Moment::Wrote(record) = moment else {
            return Ok(());
        };
        if let Event::Call {
            call,
            event: CallEvent::Failed { failure },
        } = &record.event
            && failure.kind == FailureKind::Limit
        {
            does_without.insert(facts.calls[call].spec.phase.clone());
        }
        let Event::Phase {
            phase,
            event:
                PhaseEvent::WinnerChosen {
                    label: Some(label),
                    by: Decider::Judge(_),
                    ..
                },
        } = &record.event
        else {
            return Ok(());
        };
        let plan = facts.plan.phase(phase).unwrap();
        let PhaseKind::Ensemble { judge, .. } = &plan.kind else {
            return Err("no ensemble".to_owned());
        };
        let sealed = facts.phase(phase).sealed.as_deref().unwrap_or_default();
        let made = sealed
            .iter()
            .filter(|(_, call)| facts.calls[call].spec.refines().is_some());
        let made = made.count();
        let count = sealed.len() - made;
        let named = |call: &CallFacts| {
            let Answer::Judgement(judgement) = &call.result.as_ref()?.answer else {
                return None;
            };
            let ballot = call.spec.ballot.as_ref();
            let judge = ballot.map_or(1, |ballot| ballot.judge);
            let set: BTreeSet<Label> = match ballot {
                Some(ballot) => ballot
                    .letters
                    .iter()
                    .map(|(_, label)| label.clone())
                    .collect(),
                None => BTreeSet::new(),
            };
            let reversed = ballot.is_some_and(|ballot| ballot.reversed);
            let winner = call.spec.unblinded(judgement).winner;
            Some(((judge, set), (reversed, winner)))
        };
        let mut verdicts: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for (which, said) in facts.calls_of(phase).filter_map(named) {
            verdicts.entry(which).or_default().insert(said);
        }
        // A verdict that cannot be used is followed by another one for the same.
        let given = verdicts.values().flat_map(|said| {
            let orders: BTreeSet<bool> = said.iter().map(|(reversed, _)| *reversed).collect();
            orders
        });
        let given = given.count();
        let again = judge.of_refined().verdicts(2).end() * made as u64;
        let most = judge.verdicts(count as u64).end() + again;
        ensure(given as u64 <= most, || format!("{given} verdicts"))?;
        let says = |set: &BTreeSet<Label>, said: &BTreeSet<(bool, Option<Label>)>| {
            // Where others failed what is proved, one may be left, in whatever order.
            let several = count > 1 && set.len() != 1;
            let both = judge.orders == Orders::Both && several && !does_without.contains(phase);
            let mut orders = [false, true].into_iter().take(1 + usize::from(both));
            orders.all(|reversed| said.contains(&(reversed, Some(label.clone()))))
        };
        ensure(
            verdicts.iter().any(|((_, set), said)| says(set, said)),
            || format!("nobody names {label} so: {verdicts:?}"),
        )
    })
}

/// The answers of lenses are joined, or found wanting, as soon as the last one ended and not before; if
/// one failed the phase fails, and nothing is joined.
pub fn a_join_follows_its_last_lens() -> Promise {
    let mut died = false;
    promise(move |facts, moment| {
        match moment {
            Moment::Heard(_) if !died => {
                let waits = facts
                    .current()
                    .filter(|_| !facts.stops())
                    .is_some_and(|phase| {
                        let state = facts.phase(&phase.name);
                        let open = state.stand == Stand::Begun && state.failed.is_none();
                        let lenses = Lenses::of(facts, &phase.name);
                        open && lenses.is_some_and(|lenses| lenses.over && !lenses.joined)
                    });
                ensure(!waits, || {
                    "the last lens ended, and nothing followed".to_owned()
                })
            }
            Moment::Wrote(record) => match &record.event {
                Event::Phase {
                    event: PhaseEvent::CallCreated { call },
                    ..
                }
                | Event::Phase {
                    event: PhaseEvent::CallReused { call, .. },
                    ..
                } => {
                    let joins = call.purpose == Purpose::Work;
                    let lenses = Lenses::of(facts, &call.phase).filter(|_| joins);
                    let right = lenses.is_none_or(|lenses| lenses.over && !lenses.failed);
                    ensure(right, || "a lens is missing".to_owned())
                }
                Event::Phase {
                    phase,
                    event: PhaseEvent::WinnerChosen { .. },
                } => {
                    let lenses = Lenses::of(facts, phase);
                    let right = lenses.is_none_or(|lenses| lenses.over && !lenses.failed);
                    ensure(right, || "a lens is missing".to_owned())
                }
                event => {
                    let Some(phase) = fails_by_its_work(facts, event) else {
                        return Ok(());
                    };
                    let over = Lenses::of(facts, phase).is_none_or(|lenses| lenses.over);
                    let asked = facts.phase(phase).answered.is_some();
                    ensure(over || asked, || "a lens is still looking".to_owned())
                }
            },
            Moment::Heard(_) | Moment::Ordered(_) | Moment::Died | Moment::Did(..) => Ok(()),
        }?;
        died = moment.leaves_nobody(died);
        Ok(())
    })
}

/// How far the lenses of a phase are.
struct Lenses {
    over: bool,
    failed: bool,
    joined: bool,
}

impl Lenses {
    fn of(facts: &Facts<'_>, phase: &PhaseName) -> Option<Self> {
        let PhaseKind::Parallel { lenses, .. } = &facts.plan.phase(phase)?.kind else {
            return None;
        };
        let calls: Vec<&CallFacts> = facts.calls_of(phase).collect();
        let is_lens = |call: &&&CallFacts| call.spec.purpose == Purpose::Lens;
        let over: Vec<_> = calls
            .iter()
            .filter(is_lens)
            .filter(|call| call.over)
            .collect();
        Some(Self {
            over: over.len() == lenses.len(),
            failed: over.iter().any(|call| call.result.is_none()),
            joined: calls.iter().any(|call| call.spec.purpose == Purpose::Work),
        })
    }
}

/// Behind a gate nothing begins before a person agreed, and after a no nothing begins at all. Nobody is
/// asked twice by one supervisor, nor for what was answered.
pub fn a_gate_holds() -> Promise {
    promise(move |facts, moment| {
        let Moment::Wrote(record) = moment else {
            return Ok(());
        };
        let mut answers = facts
            .phases
            .values()
            .filter_map(|phase| phase.answered.as_ref());
        let rejected = answers.any(|answer| matches!(answer, PersonAnswer::Rejected { .. }));
        match &record.event {
            Event::Phase {
                event: PhaseEvent::CallCreated { call },
                ..
            }
            | Event::Phase {
                event: PhaseEvent::CallReused { call, .. },
                ..
            } => {
                ensure(!rejected, || "a person said no".to_owned())?;
                let gated = facts.plan.phase(&call.phase).unwrap().gate.is_some();
                let agreed = facts.phase(&call.phase).answered.is_some();
                ensure(!gated || agreed, || "nobody has agreed".to_owned())
            }
            Event::Call {
                event: CallEvent::AttemptStarted { .. },
                ..
            }
            | Event::Phase {
                event: PhaseEvent::Started,
                ..
            }
            | Event::Phase {
                event: PhaseEvent::Skipped { .. },
                ..
            } => ensure(!rejected, || "a person said no".to_owned()),
            Event::Phase {
                phase,
                event: PhaseEvent::PersonAsked { question },
            } => {
                let state = facts.phase(phase);
                let answered = match (question, &state.answered) {
                    (Question::Approve { .. }, answer) => answer.is_some(),
                    (Question::RunCommands { commands }, _) => commands
                        .iter()
                        .any(|command| facts.commands.contains_key(command)),
                    (Question::PickWinner { .. }, answer) => {
                        matches!(answer, Some(PersonAnswer::Picked(_)))
                    }
                };
                let again = state.asked.as_ref() == Some(question);
                ensure(!answered && !again, || "has been asked".to_owned())
            }
            _ => Ok(()),
        }
    })
}

/// A failed audit sends the run back to where its loop says, as often as the loop allows and no more
/// often; only then the run goes on.
pub fn loops_are_counted() -> Promise {
    promise(move |facts, moment| {
        let Moment::Wrote(record) = moment else {
            return Ok(());
        };
        match &record.event {
            Event::Run(RunEvent::LoopedBack { from, to, .. }) => {
                let rule = facts.plan.phase(from).unwrap().on_fail.as_ref();
                let left = loops(facts, from) < most_loops(facts, from);
                let right = rule.is_some_and(|rule| &rule.goto == to && left);
                ensure(right, || "no loop leads there any more".to_owned())?;
                let failed = facts.verdict(from) == Some(AuditVerdict::Fail);
                let closed = facts.phase(from).stand == Stand::Closed;
                ensure(failed && closed, || "its verdict is not fail".to_owned())
            }
            Event::Phase {
                event: PhaseEvent::Started,
                ..
            }
            | Event::Phase {
                event: PhaseEvent::Skipped { .. },
                ..
            } => {
                let left = unused(facts);
                ensure(left.is_none(), || format!("{left:?} may go back"))
            }
            _ => Ok(()),
        }
    })
}

fn loops(facts: &Facts<'_>, phase: &PhaseName) -> u32 {
    facts.loops.get(phase).copied().unwrap_or_default()
}

/// As many as its loop has, and people added.
fn most_loops(facts: &Facts<'_>, phase: &PhaseName) -> u32 {
    let rule = facts.plan.phase(phase).unwrap().on_fail.as_ref();
    rule.map_or(0, |rule| {
        rule.max + facts.rounds.get(phase).copied().unwrap_or_default()
    })
}

/// A closed audit with the verdict fail whose loop is not used up.
pub fn unused(facts: &Facts<'_>) -> Option<PhaseName> {
    let failed = facts.failed_audits().find(|phase| {
        let most = most_loops(facts, &phase.name);
        facts.phase(&phase.name).stand == Stand::Closed && loops(facts, &phase.name) < most
    });
    failed.map(|phase| phase.name.clone())
}

/// The calls of a phase are named after how often it began: `@2` is of its second time.
pub fn calls_are_named_after_their_round() -> Promise {
    let mut begun: BTreeMap<PhaseName, u32> = BTreeMap::new();
    promise(move |_, moment| {
        let Moment::Wrote(record) = moment else {
            return Ok(());
        };
        match &record.event {
            Event::Phase {
                phase,
                event: PhaseEvent::Started,
            } => *begun.entry(phase.clone()).or_default() += 1,
            Event::Phase {
                event: PhaseEvent::CallCreated { call },
                ..
            }
            | Event::Phase {
                event: PhaseEvent::CallReused { call, .. },
                ..
            } => {
                let round = begun[&call.phase];
                ensure(call.id.round() == round, || format!("it is round {round}"))?;
            }
            _ => {}
        }
        Ok(())
    })
}

/// Whether nobody works on a call, and an account that it may be asked through is parked.
fn is_parked(facts: &Facts<'_>, call: &CallFacts, now: Timestamp) -> bool {
    let mut chain = call.spec.chain.iter().chain(&facts.stand_ins);
    let works = facts.live.iter().any(|(live, _)| *live == call.spec.id);
    !works && chain.any(|model| facts.parked.holds(model, now))
}
