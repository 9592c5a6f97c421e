//! What is known of a phase.

use std::collections::BTreeMap;

use crate::model::{
    Artifact, CallId, Closing, Decider, Failure, Label, Millis, PersonAnswer, PhaseName, Question,
    TaskId, Timestamp, TreeId,
};

use super::PhaseEvent;

/// A time, and how long supervisors had worked on the run by then, without the time in which it waited for an
/// answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moment {
    pub at: Timestamp,
    pub worked: Millis,
}

/// A person who finds nothing good enough this often has to word the request anew.
const MOST_SENT_BACK: u32 = 5;

#[derive(Debug, Clone, PartialEq, Default)]
pub struct PhaseState {
    /// Its earlier rounds that began, oldest first.
    pub past: Vec<PastRound>,
    /// How many rounds a person added to those that its loop has.
    pub rounds_added: u32,
    /// How often a person sent its proposers back.
    pub sent_back: u32,
    /// What a person said about it, a sentence each.
    pub said: Vec<String>,
    pub findings: Option<Findings>,
    pub stage: Stage,
    /// Why it cannot go on, until the run is resumed.
    pub failed: Option<(Failure, Moment)>,
    /// What a person has to answer; nothing once that is done.
    pub asked: Option<Question>,
    /// What the person answered in this round.
    pub answered: Option<PersonAnswer>,
}

/// How far a phase is in its present round.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Stage {
    #[default]
    Pending,
    /// Left out, because this condition does not hold.
    Skipped(String),
    Begun(Box<Round>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Round {
    pub began: Moment,
    /// The run's tree when it began: what its candidates start from and are compared with.
    pub ground: TreeId,
    /// Until when stragglers may still propose, once the quorum is in.
    pub straggler_limit: Option<Timestamp>,
    /// Whether a person does not wait for them any more.
    pub drops_stragglers: bool,
    /// The proposals with their blinded names, once they are closed.
    pub sealed: Option<Vec<(Label, CallId)>>,
    /// Which proposal a person found the best, if one said; none if some are as good as each other.
    pub rated: Option<Option<Label>>,
    /// Whether a person changed its document.
    pub edited: bool,
    /// How tasks ended. One that is taken up again is not among them.
    pub tasks: BTreeMap<TaskId, TaskEnd>,
    /// The command under way, and since when.
    pub verifying: Option<(PendingVerification, Timestamp)>,
    pub progress: Progress,
}

/// Whether a round is decided.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    Working,
    /// This document wins; what it leaves is being written.
    Decided(Winner),
    Closed(Winner, Box<Closing>, Moment),
}

#[derive(Debug, Clone, PartialEq)]
pub enum TaskEnd {
    /// This call's changes are part of the run's tree.
    Done(CallId),
    Failed(Failure),
}

/// The decided winner of a phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Winner {
    pub call: CallId,
    pub label: Option<Label>,
    pub by: Decider,
}

/// A command that is to show whether changes are good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingVerification {
    /// The task, if the command is a task's own.
    pub task: Option<TaskId>,
    pub tree: TreeId,
    pub command: String,
    /// The tree whose test files are laid over it, if that is another candidate's.
    pub tests_of: Option<TreeId>,
}

/// What an audit found that sent the run back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findings {
    pub from: PhaseName,
    pub artifact: Artifact,
}

/// A round that the run was sent back from.
#[derive(Debug, Clone, PartialEq)]
pub struct PastRound {
    pub time: Millis,
    pub round: Box<Round>,
    /// Whether it was this phase's own work that was found lacking.
    pub sent_back: bool,
}

impl PhaseState {
    /// What concerns the phase alone. `now` is the time of the event.
    pub(super) fn apply(&mut self, now: Moment, event: &PhaseEvent) {
        match event {
            PhaseEvent::Started => self.stage = Stage::Begun(Box::new(Round::new(now))),
            PhaseEvent::Skipped { condition } => self.stage = Stage::Skipped(condition.clone()),
            PhaseEvent::Failed { failure } => {
                self.failed = Some((failure.clone(), now));
                self.on_round(|round| round.verifying = None);
            }
            PhaseEvent::PersonAsked { question } => self.asked = Some(question.clone()),
            PhaseEvent::PersonAnswered { answer, because } => self.answered(now, answer, because),
            PhaseEvent::Noted { text } => self.said.push(noted(text)),
            PhaseEvent::RoundsAdded { rounds } => {
                self.rounds_added = self.rounds_added.saturating_add(*rounds);
            }
            PhaseEvent::QuorumReached { until } => {
                self.on_round(|round| round.straggler_limit = Some(*until));
            }
            PhaseEvent::StragglersDropped { .. } => {
                self.on_round(|round| round.drops_stragglers = true);
            }
            PhaseEvent::ProposalsSealed { labels } => {
                self.on_round(|round| round.sealed = Some(labels.clone()));
            }
            PhaseEvent::Rated { best, .. } => {
                self.on_round(|round| round.rated = Some(best.clone()));
            }
            PhaseEvent::VerifyStarted {
                task,
                tree,
                command,
                tests_of,
            } => {
                let verifying = PendingVerification {
                    task: task.clone(),
                    tree: tree.clone(),
                    command: command.clone(),
                    tests_of: tests_of.clone(),
                };
                self.on_round(|round| round.verifying = Some((verifying, now.at)));
            }
            PhaseEvent::Verified { .. } => self.on_round(|round| round.verifying = None),
            PhaseEvent::TaskDone { task, call, .. } => {
                self.task_ended(task, TaskEnd::Done(call.clone()));
            }
            PhaseEvent::TaskFailed { task, failure } => {
                self.task_ended(task, TaskEnd::Failed(failure.clone()));
            }
            PhaseEvent::WinnerChosen { call, label, by } => {
                let (call, label, by) = (call.clone(), label.clone(), by.clone());
                let winner = Winner { call, label, by };
                self.on_round(|round| round.progress = Progress::Decided(winner));
            }
            PhaseEvent::Closed { closing } => self.on_round(|round| round.close(closing, now)),
            // It ended when it ended, whatever a person changes afterwards.
            PhaseEvent::DocumentEdited { closing, .. } => {
                let ended = self.ended().unwrap_or(now);
                self.on_round(|round| {
                    round.edited = true;
                    round.close(closing, ended);
                });
            }
            // These are known of the run.
            PhaseEvent::CallCreated { .. }
            | PhaseEvent::CallReused { .. }
            | PhaseEvent::LimitReached { .. } => {}
        }
    }

    fn task_ended(&mut self, task: &TaskId, end: TaskEnd) {
        self.on_round(|round| {
            round.tasks.insert(task.clone(), end);
        });
    }

    fn answered(&mut self, now: Moment, answer: &PersonAnswer, because: &str) {
        self.asked = None;
        let (did, words) = match answer {
            PersonAnswer::Commands { .. } => return,
            PersonAnswer::Picked(_) | PersonAnswer::Again => ("", ""),
            PersonAnswer::SentBack => ("found no earlier proposal good enough", because),
            PersonAnswer::Approved => ("agreed that this work begins", because),
            PersonAnswer::Rejected { reason } => {
                ("first did not agree that this work begins", reason.as_str())
            }
        };
        if *answer == PersonAnswer::SentBack {
            self.begin_again(now, true);
            self.sent_back += 1;
        }
        self.answered = Some(answer.clone());
        if !words.trim().is_empty() {
            self.said.push(format!("A person {did}: {}", words.trim()));
        }
    }

    /// The phase begins once more: what holds for all of its rounds stays.
    pub(super) fn begin_again(&mut self, now: Moment, sent_back: bool) {
        let time = self.round_time(now.worked).unwrap_or_default();
        if let Stage::Begun(round) = std::mem::take(&mut self.stage) {
            self.past.push(PastRound {
                time,
                round,
                sent_back,
            });
        }
        *self = Self {
            past: std::mem::take(&mut self.past),
            rounds_added: self.rounds_added,
            sent_back: self.sent_back,
            said: std::mem::take(&mut self.said),
            ..Self::default()
        };
    }

    pub(super) fn on_round(&mut self, change: impl FnOnce(&mut Round)) {
        if let Stage::Begun(round) = &mut self.stage {
            change(round);
        }
    }

    /// Its present round, once it has begun.
    pub fn begun(&self) -> Option<&Round> {
        match &self.stage {
            Stage::Begun(round) => Some(round),
            Stage::Pending | Stage::Skipped(_) => None,
        }
    }

    /// Whose document wins, once that is decided.
    pub fn winner(&self) -> Option<&Winner> {
        self.begun()?.winner()
    }

    /// Whether a call won one of its rounds.
    pub fn has_won(&self, call: &CallId) -> bool {
        let past = self.past.iter().filter_map(|past| past.round.winner());
        let mut winners = past.chain(self.winner());
        winners.any(|winner| &winner.call == call)
    }

    /// What its present round left, once it is closed.
    pub fn closed(&self) -> Option<&Closing> {
        self.begun()?.closed()
    }

    /// What it left: its present round, or the latest one that closed.
    pub fn closing(&self) -> Option<&Closing> {
        let past = self.past.iter().rev();
        self.closed()
            .or_else(|| past.filter_map(|past| past.round.closed()).next())
    }

    /// Why it cannot go on.
    pub fn failure(&self) -> Option<&Failure> {
        self.failed.as_ref().map(|(failure, _)| failure)
    }

    /// The proposals with their blinded names, once they are closed.
    pub fn sealed(&self) -> Option<&[(Label, CallId)]> {
        self.begun()?.sealed.as_deref()
    }

    /// Until when stragglers may still propose: the quorum is in, and the proposals are not closed.
    pub fn straggler_limit(&self) -> Option<Timestamp> {
        let round = self.begun()?;
        round.straggler_limit.filter(|_| round.sealed.is_none())
    }

    /// How a task ended in its present round.
    pub fn task(&self, task: &TaskId) -> Option<&TaskEnd> {
        self.begun()?.tasks.get(task)
    }

    /// The tasks that were given up, and why.
    pub fn failed_tasks(&self) -> impl Iterator<Item = (&TaskId, &Failure)> {
        let tasks = self.begun().into_iter().flat_map(|round| &round.tasks);
        tasks.filter_map(|(task, end)| match end {
            TaskEnd::Failed(failure) => Some((task, failure)),
            TaskEnd::Done(_) => None,
        })
    }

    /// The tasks that are done, and the calls that did them.
    pub fn done_tasks(&self) -> impl Iterator<Item = (&TaskId, &CallId)> {
        let tasks = self.begun().into_iter().flat_map(|round| &round.tasks);
        tasks.filter_map(|(task, end)| match end {
            TaskEnd::Done(call) => Some((task, call)),
            TaskEnd::Failed(_) => None,
        })
    }

    pub fn verifying(&self) -> Option<&PendingVerification> {
        let (verifying, _) = self.begun()?.verifying.as_ref()?;
        Some(verifying)
    }

    /// Which time it is done, from 1.
    pub fn round(&self) -> u32 {
        u32::try_from(self.past.len()).map_or(u32::MAX, |past| past.saturating_add(1))
    }

    /// Whether a person may send the proposers back once more.
    pub fn may_be_sent_back(&self) -> bool {
        self.sent_back < MOST_SENT_BACK
    }

    /// When its present round closed or failed.
    pub fn ended(&self) -> Option<Moment> {
        let failed = self.failed.as_ref().map(|(_, at)| *at);
        failed.or(match self.begun()?.progress {
            Progress::Closed(_, _, at) => Some(at),
            Progress::Working | Progress::Decided(_) => None,
        })
    }

    /// How long supervisors have worked on its present round, when they have worked for `worked` on
    /// the run; nothing before it began.
    pub fn round_time(&self, worked: Millis) -> Option<Millis> {
        let until = self.ended().map_or(worked, |ended| ended.worked);
        Some(Millis(until.0.saturating_sub(self.begun()?.began.worked.0)))
    }

    /// The same of all its rounds.
    pub fn time(&self, worked: Millis) -> Option<Millis> {
        let past = self.past.iter().map(|round| round.time);
        past.chain(self.round_time(worked))
            .reduce(|sum, time| Millis(sum.0.saturating_add(time.0)))
    }
}

/// A person's word as prompts have it.
pub(super) fn noted(text: &str) -> String {
    format!("A person notes: {}", text.trim())
}

impl Round {
    fn new(began: Moment) -> Self {
        Self {
            began,
            ground: TreeId::default(),
            straggler_limit: None,
            drops_stragglers: false,
            sealed: None,
            rated: None,
            edited: false,
            tasks: BTreeMap::new(),
            verifying: None,
            progress: Progress::Working,
        }
    }

    /// What nobody has decided is closed by nobody.
    fn close(&mut self, closing: &Closing, at: Moment) {
        self.verifying = None;
        if let Some(winner) = self.winner().cloned() {
            self.progress = Progress::Closed(winner, Box::new(closing.clone()), at);
        }
    }

    /// What it left, once it is closed.
    pub fn closed(&self) -> Option<&Closing> {
        match &self.progress {
            Progress::Closed(_, closing, _) => Some(closing),
            Progress::Working | Progress::Decided(_) => None,
        }
    }

    /// Whose document wins, once that is decided.
    pub fn winner(&self) -> Option<&Winner> {
        match &self.progress {
            Progress::Working => None,
            Progress::Decided(winner) | Progress::Closed(winner, ..) => Some(winner),
        }
    }
}
