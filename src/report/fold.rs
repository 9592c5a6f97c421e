//! The fold of a plan and its records that everything else in this room shows.
//!
//! Pure and total: records that make no sense (a call nobody created) are passed over, because a
//! display must never be what stops a run.

use crate::model::{
    Answer, CallId, CallResult, CallSpec, Decider, Event, Judgement, Label, Millis, ModelName,
    PhaseName, Question, Record, RunEnd, RunId, RunLimits, Timestamp,
};
use crate::plan::Plan;

use super::view::{CallState, CallView, PhaseState, PhaseView, RunState, Totals, Winner};

/// A run as it stands after some of its records.
#[derive(Debug, Clone, PartialEq)]
pub struct RunView {
    /// The run, once it began.
    pub run: Option<RunId>,
    /// The version of tipstaff that worked on it last.
    pub version: String,
    /// The workflow's name.
    pub workflow: String,
    /// What the user asked for.
    pub request: String,
    /// How far it is.
    pub state: RunState,
    /// When it began.
    pub started: Option<Timestamp>,
    /// When the supervisor's present (or last) work on it began.
    pub session: Option<Timestamp>,
    /// When its last record was written.
    pub last: Option<Timestamp>,
    /// Its limits, as raised.
    pub limits: RunLimits,
    /// The limit that stopped it last, if one did.
    pub limit: Option<String>,
    /// The signal that interrupted it last, if one did.
    pub signal: Option<String>,
    /// Its phases, in the plan's order.
    pub phases: Vec<PhaseView>,
    /// Its calls, in the order they were created.
    pub calls: Vec<CallView>,
    /// Wall-clock time of the supervisors' earlier work.
    worked: Millis,
}

impl RunView {
    /// A run that has not begun.
    pub fn new(plan: &Plan) -> Self {
        let phase = |phase: &crate::plan::PhasePlan| PhaseView {
            name: phase.name.clone(),
            description: phase.description.clone(),
            kind: phase.kind.clone(),
            folder: plan.phase_folder(&phase.name).unwrap_or_default(),
            state: PhaseState::Waiting,
            started: None,
            ended: None,
            stragglers_until: None,
            labels: Vec::new(),
            winner: None,
        };
        Self {
            run: None,
            version: String::new(),
            workflow: plan.workflow.clone(),
            request: plan.request.clone(),
            state: RunState::Planned,
            started: None,
            session: None,
            last: None,
            limits: plan.limits,
            limit: None,
            signal: None,
            phases: plan.phases.iter().map(phase).collect(),
            calls: Vec::new(),
            worked: Millis::default(),
        }
    }

    /// The run after all these records.
    pub fn replay(plan: &Plan, records: &[Record]) -> Self {
        let mut view = Self::new(plan);
        for record in records {
            view.apply(record);
        }
        view
    }

    /// Takes one more record in. One short arm an event, so that none is forgotten.
    pub fn apply(&mut self, record: &Record) {
        let at = record.at;
        match &record.event {
            Event::RunStarted { run, version, .. } => self.run_started(run, version, at),
            Event::RunResumed { version } => self.run_resumed(version, at),
            Event::LimitReached { limit } => self.limit = Some(limit.clone()),
            Event::LimitsRaised { limits } => self.limits = *limits,
            Event::RunInterrupted { signal } => self.signal = Some(signal.clone()),
            Event::RunEnded { end } => self.run_ended(*end, at),
            Event::PhaseStarted { phase } => self.on_phase(phase, |phase| {
                phase.state = PhaseState::Running;
                phase.started.get_or_insert(at);
            }),
            Event::QuorumReached { phase, until } => {
                self.on_phase(phase, |phase| phase.stragglers_until = Some(*until));
            }
            Event::ProposalsSealed { phase, labels } => self.on_phase(phase, |phase| {
                phase.stragglers_until = None;
                phase.labels.clone_from(labels);
            }),
            Event::WinnerChosen {
                phase,
                call,
                label,
                by,
            } => self.winner_chosen(phase, call, label.as_ref(), by),
            Event::PhaseClosed { phase, closing } => {
                self.phase_ended(phase, PhaseState::Closed(closing.clone()), at);
            }
            Event::PhaseFailed { phase, failure } => {
                self.phase_ended(phase, PhaseState::Failed(failure.clone()), at);
            }
            Event::PersonAsked { phase, question } => {
                self.on_phase(phase, |phase| {
                    phase.state = PhaseState::Asking(question.clone());
                });
            }
            Event::PersonAnswered { phase, .. } => {
                self.on_phase(phase, |phase| phase.state = PhaseState::Running);
            }
            Event::CallCreated { call } => self.add_call(call, CallState::Waiting),
            Event::CallReused { call, from } => {
                self.add_call(call, CallState::Reused(from.clone()));
            }
            Event::CallFailed { call, failure } => self.on_call(call, |call| call.failed(failure)),
            Event::RetryScheduled { call, until } => {
                self.on_call(call, |call| call.state = CallState::Retrying(*until));
            }
            Event::AttemptStarted {
                call,
                attempt,
                model,
                agent,
            } => self.on_call(call, |call| call.start(*attempt, model, agent, at)),
            Event::AttemptSpawned {
                call,
                attempt,
                prompt_tokens,
                ..
            } => self.on_call(call, |call| call.spawned(*attempt, *prompt_tokens)),
            Event::AttemptProgressed {
                call,
                attempt,
                usage,
                doing,
            } => self.on_call(call, |call| call.progressed(*attempt, *usage, doing)),
            Event::AttemptSucceeded {
                call,
                attempt,
                result,
            } => self.on_call(call, |call| call.succeeded(*attempt, result, at)),
            Event::AttemptFailed {
                call,
                attempt,
                failure,
                usage,
            } => self.on_call(call, |call| {
                call.attempt_failed(*attempt, failure, *usage, at);
            }),
        }
        self.last = Some(at);
    }

    /// The phase of that name.
    pub fn phase(&self, name: &PhaseName) -> Option<&PhaseView> {
        self.phases.iter().find(|phase| &phase.name == name)
    }

    /// The call of that name.
    pub fn call(&self, id: &CallId) -> Option<&CallView> {
        self.calls.iter().find(|call| &call.id == id)
    }

    /// The calls of a phase, in the order they were created.
    pub fn calls_of<'a>(&'a self, phase: &'a PhaseName) -> impl Iterator<Item = &'a CallView> {
        self.calls.iter().filter(move |call| &call.phase == phase)
    }

    /// A call's result, also where it was taken from another call.
    pub fn result<'a>(&'a self, call: &'a CallView) -> Option<&'a CallResult> {
        match &self.origin(call).state {
            CallState::Done(result) => Some(result),
            CallState::Waiting
            | CallState::Running
            | CallState::Retrying(_)
            | CallState::Reused(_)
            | CallState::Failed(_)
            | CallState::Cancelled(_) => None,
        }
    }

    /// The model whose work a call's result is, also where it was taken from another call.
    pub fn model_of(&self, call: &CallId) -> Option<&ModelName> {
        self.origin(self.call(call)?).model()
    }

    /// The call behind a label of a phase.
    pub fn behind(&self, phase: &PhaseView, label: &Label) -> Option<&CallView> {
        let (_, call) = phase.labels.iter().find(|(name, _)| name == label)?;
        self.call(call)
    }

    /// The verdict of a phase and the judge's call: the one that decided, else the latest.
    pub fn verdict<'a>(&'a self, phase: &'a PhaseView) -> Option<(&'a CallView, &'a Judgement)> {
        let decider = phase.winner.as_ref().and_then(|winner| match &winner.by {
            Decider::Judge(call) => Some(call),
            Decider::Person | Decider::Only => None,
        });
        let judged = |call| match &self.result(call)?.answer {
            Answer::Judgement(judgement) => Some((call, judgement)),
            Answer::Document | Answer::Invalid { .. } => None,
        };
        decider
            .and_then(|call| self.call(call))
            .and_then(judged)
            .or_else(|| self.calls_of(&phase.name).filter_map(judged).last())
    }

    /// The phases that need a person, with what they ask.
    pub fn questions(&self) -> impl Iterator<Item = (&PhaseView, &Question)> {
        self.phases.iter().filter_map(|phase| match &phase.state {
            PhaseState::Asking(question) => Some((phase, question)),
            PhaseState::Waiting
            | PhaseState::Running
            | PhaseState::Closed(_)
            | PhaseState::Failed(_) => None,
        })
    }

    /// Sums over the run. `now` counts only while a supervisor works on it.
    pub fn totals(&self, now: Timestamp) -> Totals {
        let mut totals = Totals {
            wall: self.worked,
            ..Totals::default()
        };
        for attempt in self.calls.iter().flat_map(|call| &call.attempts) {
            totals.attempts += 1;
            totals.usage += attempt.usage;
        }
        if let (RunState::UnderWay, Some(session)) = (self.state, self.session) {
            totals.wall.0 = totals.wall.0.saturating_add(now.since(session).0);
        }
        totals
    }

    fn run_started(&mut self, run: &RunId, version: &str, at: Timestamp) {
        self.run = Some(run.clone());
        version.clone_into(&mut self.version);
        self.state = RunState::UnderWay;
        self.started = Some(at);
        self.session = Some(at);
    }

    fn run_resumed(&mut self, version: &str, at: Timestamp) {
        let last = self.last.unwrap_or(at);
        self.session_over(last);
        version.clone_into(&mut self.version);
        self.state = RunState::UnderWay;
        self.session = Some(at);
        self.limit = None;
        self.signal = None;
    }

    fn run_ended(&mut self, end: RunEnd, at: Timestamp) {
        self.session_over(at);
        self.state = RunState::Ended(end);
    }

    fn session_over(&mut self, at: Timestamp) {
        self.worked = self.totals(at).wall;
        for call in &mut self.calls {
            call.abandoned(at);
        }
    }

    fn winner_chosen(
        &mut self,
        phase: &PhaseName,
        call: &CallId,
        label: Option<&Label>,
        by: &Decider,
    ) {
        self.on_phase(phase, |phase| {
            phase.winner = Some(Winner {
                call: call.clone(),
                label: label.cloned(),
                by: by.clone(),
            });
        });
    }

    fn phase_ended(&mut self, phase: &PhaseName, state: PhaseState, at: Timestamp) {
        self.on_phase(phase, |phase| {
            phase.state = state;
            phase.ended = Some(at);
        });
    }

    fn add_call(&mut self, spec: &CallSpec, state: CallState) {
        self.calls.push(CallView {
            id: spec.id.clone(),
            phase: spec.phase.clone(),
            purpose: spec.purpose,
            slot: spec.slot,
            chain: spec.chain.clone(),
            state,
            attempts: Vec::new(),
        });
    }

    /// The call whose work a reused call's result is; bounded, should records form a circle.
    fn origin<'a>(&'a self, call: &'a CallView) -> &'a CallView {
        let mut call = call;
        for _ in 0..self.calls.len() {
            let CallState::Reused(from) = &call.state else {
                break;
            };
            let Some(origin) = self.call(from) else {
                break;
            };
            call = origin;
        }
        call
    }

    fn on_phase(&mut self, name: &PhaseName, change: impl FnOnce(&mut PhaseView)) {
        if let Some(phase) = self.phases.iter_mut().find(|phase| &phase.name == name) {
            change(phase);
        }
    }

    fn on_call(&mut self, id: &CallId, change: impl FnOnce(&mut CallView)) {
        if let Some(call) = self.calls.iter_mut().find(|call| &call.id == id) {
            change(call);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Usage;
    use crate::report::sample;

    #[test]
    fn the_states_of_an_ensemble() {
        let history = sample::ensemble();
        let view = RunView::replay(&history.plan, &history.records);
        let state = |id: &str| view.call(&CallId::from(id)).map(|call| &call.state);
        assert!(matches!(state("plan.propose-1"), Some(CallState::Done(_))));
        assert!(matches!(
            state("plan.propose-2"),
            Some(CallState::Cancelled(_))
        ));
        let phase = &view.phases[0];
        assert!(matches!(phase.state, PhaseState::Closed(_)));
        let behind = view.behind(phase, &Label::from("B")).expect("B is sealed");
        assert_eq!(behind.short_name(), "propose-1");
        let (judge, judgement) = view.verdict(phase).expect("the judge judged");
        assert_eq!(judge.short_name(), "judge");
        assert_eq!(judgement.winner, Some(Label::from("B")));
    }

    #[test]
    fn what_failed_and_cancelled_attempts_used_counts_too() {
        let history = sample::ensemble();
        let view = RunView::replay(&history.plan, &history.records);
        let totals = view.totals(Timestamp(u64::MAX));
        assert_eq!(totals.attempts, 5);
        assert_eq!(totals.usage.tokens(), 8_200 * 2 + 1_200 + 3_650 + 5_800);
        assert_eq!(totals.wall, Millis(46_610));
    }

    #[test]
    fn time_without_a_supervisor_does_not_count() {
        let history = sample::waiting();
        let view = RunView::replay(&history.plan, &history.records);
        assert_eq!(
            view.totals(Timestamp(u64::MAX)).wall,
            Millis(39_410 + 9_030)
        );
    }

    #[test]
    fn a_killed_supervisor_leaves_lost_attempts_and_waiting_calls() {
        let mut history = sample::ensemble();
        history.records.truncate(history.until("QuorumReached"));
        let mut resumed = history.records[0].clone();
        resumed.at = Timestamp(resumed.at.0 + 1_000_000);
        resumed.event = Event::RunResumed {
            version: "0.2.0".to_owned(),
        };
        history.records.push(resumed);
        let view = RunView::replay(&history.plan, &history.records);
        let straggler = view.call(&CallId::from("plan.propose-2")).expect("created");
        assert_eq!(straggler.state, CallState::Waiting);
        assert_eq!(
            straggler.attempts[0].state,
            crate::report::AttemptState::Lost
        );
        assert_ne!(straggler.usage(), Usage::default());
        assert_eq!(
            view.totals(view.session.expect("resumed")).wall,
            Millis(22_010)
        );
    }

    #[test]
    fn reused_calls_that_point_at_each_other_end() {
        let mut history = sample::ensemble();
        let spec = history
            .records
            .iter()
            .find_map(|record| match &record.event {
                Event::CallCreated { call } => Some(call.clone()),
                _ => None,
            });
        let spec = spec.expect("calls were created");
        history.records.clear();
        let mut view = RunView::replay(&history.plan, &[]);
        view.add_call(&spec, CallState::Reused(spec.id.clone()));
        assert_eq!(view.result(&view.calls[0]), None);
    }

    proptest! {
        /// Any records in any order, from any point on: everything can still be shown.
        #[test]
        fn no_history_is_too_odd_to_show(picks in prop::collection::vec(0..400_usize, 0..80)) {
            let mut all = sample::ensemble().records;
            all.extend(sample::waiting().records);
            all.extend(sample::failed().records);
            all.extend(sample::hostile().records);
            all.extend(sample::every_event());
            let plan = sample::ensemble().plan;
            let picked: Vec<Record> = picks.iter().map(|pick| all[pick % all.len()].clone()).collect();
            let mut display = crate::report::Display::plain(RunView::new(&plan), std::io::sink());
            for record in &picked {
                display.apply(record).expect("a sink takes everything");
            }
            let view = RunView::replay(&plan, &picked);
            crate::report::render_show(&crate::report::Shown {
                view: &view,
                folder: "x",
                supervisor: crate::report::Supervisor::Gone,
                now: Timestamp(0),
                zone: &jiff::tz::TimeZone::UTC,
                ledgers: &[],
            });
        }

        #[test]
        fn every_prefix_can_be_shown(length in 0..60_usize) {
            let history = sample::waiting();
            let records = &history.records[..length.min(history.records.len())];
            let view = RunView::replay(&history.plan, records);
            let now = view.last.unwrap_or_default();
            prop_assert!(view.totals(now).wall <= now.since(Timestamp(0)));
        }
    }
}
