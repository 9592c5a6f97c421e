//! The loop of a run.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::LocalSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::engine::{Effect, Engine, Input, Stop, expected_cost, steered};
use crate::journal::Journal;
use crate::machine::Held;
use crate::model::{
    CallId, CallSpec, Destination, Failure, FailureKind, MicroUsd, ModelName, PersonAnswer,
    PhaseName, Results, RunEnd, Timestamp, Usage, VerifyOutcome,
};
use crate::run::{
    Control as Wanted, Event, PendingVerification, PhaseEvent, PhaseState, Record, RunEvent, Winner,
};

use super::attempt::{Attempt, Control, unless_stopped};
use super::blocking::{blocking, blocking_to_its_end};
use super::clock::{now_and_jump, today};
use super::close::close;
use super::deliver::{deliver, not_delivered};
use super::edited::edited;
use super::remote::clear_jobs;
use super::signals::Signals;
use super::tasks::Tasks;
use super::verify::Verify;
use super::{Request, RunContext, RuntimeError};

/// How often the display may redraw.
const TICK: Duration = Duration::from_millis(100);

/// Sees what happens in a run.
pub trait Observer {
    /// An event is on disk.
    fn saw(&mut self, record: &Record) -> Result<(), RuntimeError>;

    /// The run asks: the answer, or that none comes, is sent by this channel. Once anything is seen after
    /// that, nobody has to answer any more.
    fn ask(
        &mut self,
        phase: &PhaseName,
        state: &PhaseState,
        answers: mpsc::UnboundedSender<Input>,
    ) -> Result<(), RuntimeError>;

    /// The run stays, and does nothing before this time.
    fn parks(&mut self, until: Timestamp);

    /// A tenth of a second has passed.
    fn tick(&mut self, now: Timestamp) -> Result<(), RuntimeError>;
}

/// Works on a run until the engine says how it ends.
///
/// # Errors
/// The journal cannot be written, or the display. All processes have ended then too, and the run
/// can be resumed.
pub async fn drive(
    context: Arc<RunContext>,
    engine: Engine,
    journal: Journal,
    first: Input,
    observer: &mut dyn Observer,
    (signals, requests): (&mut Signals, mpsc::UnboundedReceiver<Request>),
) -> Result<(RunEnd, Engine), RuntimeError> {
    let tasks = LocalSet::new();
    let (reports, inbox) = mpsc::unbounded_channel();
    let driver = Driver {
        context,
        told: engine.state().own_spent().usage.cost,
        engine,
        journal,
        observer,
        tasks: Tasks { reports },
        controls: BTreeMap::new(),
        wake: None,
        interrupts: 0,
        delivers: false,
        held: None,
        asks: false,
        answer: None,
    };
    let inboxes = (inbox, requests);
    let (result, driver) = tasks.run_until(driver.run(inboxes, first, signals)).await;
    driver.kill_all();
    // The attempts end their processes before they end themselves.
    tasks.await;
    let end = result?;
    if driver.engine.state().running().next().is_none() {
        let context = &driver.context;
        clear_jobs(&context.plan, &context.project, context.folder.id());
    }
    Ok((end, driver.engine))
}

struct Driver<'a> {
    context: Arc<RunContext>,
    engine: Engine,
    /// What the run had spent when the day's sum was told of it.
    told: MicroUsd,
    journal: Journal,
    observer: &'a mut dyn Observer,
    tasks: Tasks,
    controls: BTreeMap<(CallId, u32), watch::Sender<Control>>,
    wake: Option<Timestamp>,
    interrupts: u32,
    delivers: bool,
    held: Option<Input>,
    asks: bool,
    /// What a person who steers is told once it is done.
    answer: Option<(oneshot::Sender<Option<String>>, Option<String>)>,
}

type Inboxes = (
    mpsc::UnboundedReceiver<Input>,
    mpsc::UnboundedReceiver<Request>,
);

impl Driver<'_> {
    async fn run(
        mut self,
        mut inboxes: Inboxes,
        first: Input,
        signals: &mut Signals,
    ) -> (Result<RunEnd, RuntimeError>, Self) {
        let result = self.work(&mut inboxes, first, signals).await;
        (result, self)
    }

    async fn work(
        &mut self,
        (inbox, requests): &mut Inboxes,
        first: Input,
        signals: &mut Signals,
    ) -> Result<RunEnd, RuntimeError> {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut input = Some(first);
        loop {
            let end = match input.take() {
                Some(input) => self.step(input)?,
                None => None,
            };
            if let Some((reply, refused)) = self.answer.take() {
                let _ = reply.send(refused);
            }
            if let Some(end) = end {
                return Ok(end);
            }
            // Whether the changes have arrived is known: now it can be said what the signal interrupted.
            if !self.delivers
                && let Some(held) = self.held.take()
            {
                input = Some(held);
                continue;
            }
            input = tokio::select! {
                report = inbox.recv() => {
                    let others = matches!(
                        report,
                        Some(Input::Happened(Event::Call { .. } | Event::Phase { .. }))
                    );
                    self.delivers &= others;
                    report
                }
                signal = signals.next() => self.interrupt(signal),
                Some(request) = requests.recv() => self.steer(request),
                _ = ticks.tick() => self.tick()?,
            };
        }
    }

    /// While a question is open nothing moves, and whoever answers elsewhere left the answer in a file.
    fn tick(&mut self) -> Result<Option<Input>, RuntimeError> {
        let (now, jumped) = now_and_jump();
        if let Some(jumped) = jumped.filter(|_| !self.asks) {
            return Ok(Some(Input::Happened(jumped)));
        }
        // By the wall clock: timers stand still while the machine sleeps.
        let is_due = self.wake.take_if(|at| *at <= now).is_some();
        let known = &self.engine.state().accounts;
        if is_due || !known.is_empty() && !self.context.accounts.news(now, known).is_empty() {
            return Ok(Some(Input::Tick));
        }
        // Others may spend what it waits for.
        if let Some(limit) = self.day_is_over_its_limit() {
            return Ok(Some(limit));
        }
        if self.asks {
            let act = self.context.folder.take_answer();
            return Ok(act.map(|act| Input::Answered { acts: vec![act] }));
        }
        self.observer.tick(now)?;
        Ok(None)
    }

    /// An approval comes with what the person changed in the documents before.
    fn with_edits(&self, mut input: Input) -> Result<Input, RuntimeError> {
        let approves = |act: &Event| {
            matches!(
                act,
                Event::Phase {
                    event: PhaseEvent::PersonAnswered {
                        answer: PersonAnswer::Approved,
                        ..
                    },
                    ..
                }
            )
        };
        if let Input::Resume { acts, .. } | Input::Answered { acts } = &mut input
            && acts.iter().any(approves)
        {
            acts.extend(edited(&self.context, self.engine.state())?);
        }
        Ok(input)
    }

    /// The engine's answer to an input: events to disk, then to the display, then the effects.
    fn step(&mut self, input: Input) -> Result<Option<RunEnd>, RuntimeError> {
        let (at, jumped) = now_and_jump();
        let mut input = self.with_edits(input)?;
        let (accounts, state) = (&self.context.accounts, self.engine.state());
        accounts.learn(at, &input, state);
        match &mut input {
            Input::Begin(begin) => begin.parked = accounts.news(at, &BTreeMap::new()),
            Input::Resume { acts, .. } => acts.extend(accounts.news(at, &BTreeMap::new())),
            _ => {
                // Before the engine decides anything: the time that it goes by, and that nobody asks an account that
                // another run knows to be parked.
                let news = accounts.news(at, &state.accounts);
                for event in jumped.into_iter().chain(news) {
                    if let Some(end) = self.react(at, Input::Happened(event))? {
                        return Ok(Some(end));
                    }
                }
            }
        }
        self.react(at, input)
    }

    fn react(&mut self, at: Timestamp, input: Input) -> Result<Option<RunEnd>, RuntimeError> {
        let reaction = self.engine.handle(at, input);
        for record in self.journal.append(at, &reaction.events)? {
            self.observer.saw(&record)?;
        }
        self.wake = None;
        self.asks &= reaction.events.is_empty();
        let mut end = None;
        for effect in reaction.effects {
            match effect {
                Effect::StartAttempt {
                    call,
                    attempt,
                    model,
                } => {
                    self.start_attempt(call, attempt, model);
                }
                Effect::CancelAttempt {
                    call,
                    attempt,
                    stop,
                } => {
                    let what = match stop {
                        Stop::AfterStep => Control::EndStep,
                        Stop::Now => Control::Stop,
                    };
                    self.tell(&call, attempt, what);
                }
                Effect::ClosePhase { phase, winner } => self.start_close(phase, winner),
                Effect::Ask { phase, .. } => self.ask(&phase)?,
                Effect::Verify { phase, verifying } => self.start_verify(phase, verifying),
                Effect::Deliver { results, to } => self.start_delivery(results, to),
                Effect::Park(until) => self.observer.parks(until),
                Effect::WakeAt(at) => self.wake = Some(at),
                Effect::End(how) => end = Some(how),
            }
        }
        match self.day_is_over_its_limit() {
            // Nothing that has just been ordered has begun.
            Some(limit) if end.is_none() => self.step(limit),
            _ => Ok(end),
        }
    }

    /// Tells what was spent. What all runs of the day may spend is a limit as any other, once it is reached.
    fn day_is_over_its_limit(&mut self) -> Option<Input> {
        let state = self.engine.state();
        let (spent, limits) = (state.own_spent().usage.cost, self.engine.plan().limits);
        let most = state.limits(limits).day;
        let more = MicroUsd(spent.0.saturating_sub(self.told.0));
        if more.0 == 0 && most.is_none() {
            return None;
        }
        let day = self.context.day.as_ref()?;
        let left = most.map_or_else(Held::new, |_| self.expected_cost());
        // What could not be written down is told the next time.
        let sum = day.add(&today(), more, &left).ok()?;
        self.told = spent;
        // Where no call is left to be made, no limit is in the way.
        let is_at_work = state.open_calls().any(|call| !call.superseded);
        let counts = is_at_work && state.limit().is_none();
        let most = most.filter(|most| counts && sum >= *most)?;
        let limit = format!("day: {most}");
        Some(Input::Happened(RunEvent::LimitReached { limit }.into()))
    }

    fn expected_cost(&self) -> Held {
        let all = expected_cost(self.engine.plan(), self.engine.state());
        all.map(|(call, cost)| (call.to_string(), cost)).collect()
    }

    /// Asks the person who attends; an older answer is none to this.
    fn ask(&mut self, phase: &PhaseName) -> Result<(), RuntimeError> {
        let _ = self.context.folder.take_answer();
        self.asks = true;
        let answers = self.tasks.reports.clone();
        match self.engine.state().phase(phase) {
            Some(state) => self.observer.ask(phase, state, answers),
            None => Ok(()),
        }
    }

    fn start_attempt(&mut self, call: Arc<CallSpec>, number: u32, model: ModelName) {
        let controlled = self.control((call.id.clone(), number));
        let state = self.engine.state();
        let attempt = Arc::new(Attempt {
            context: self.context.clone(),
            ground: state.ground_of(&call).cloned(),
            of_day: state.limits(self.engine.plan().limits).day.map(|most| {
                let cost = self.expected_cost().remove(call.id.as_str());
                (most, cost.unwrap_or_default())
            }),
            call,
            number,
            model,
            reports: self.tasks.reports.clone(),
        });
        let (lost, cleared, control) = (attempt.clone(), attempt.clone(), controlled.clone());
        self.tasks.start(
            async move { Some(attempt.run(controlled).await) },
            move |failure| lost.failed(failure, Usage::default()),
            move |report| async move {
                if let Some(report) = report {
                    cleared.clear(&report, control).await;
                }
            },
        );
    }

    fn start_verify(&mut self, phase: PhaseName, verifying: PendingVerification) {
        let controlled = self.control((CallId::new(format!("{phase}.verify")), 0));
        let state = self.engine.state();
        // Candidates are compared with what they all started from, other work with the run's beginning.
        let round = state.phase(&phase).and_then(PhaseState::begun);
        let ground = round.filter(|round| round.sealed.is_some());
        let before = match &verifying.tests_of {
            // Both passed it by themselves.
            Some(_) => Some(VerifyOutcome::Passed),
            None => ground
                .and_then(|_| state.on_ground(&phase, &verifying.command))
                .map(|before| before.outcome),
        };
        let verify = Verify {
            context: self.context.clone(),
            phase: phase.clone(),
            ground: ground
                .map_or(&self.context.snapshot, |round| &round.ground)
                .clone(),
            before,
            verifying,
        };
        self.tasks.start(
            verify.run(controlled),
            move |failure| failed(phase, failure),
            |_| ready(()),
        );
    }

    fn start_close(&mut self, phase: PhaseName, winner: Winner) {
        let mut controlled = self.control((CallId::new(format!("{phase}.close")), 0));
        let (context, state) = (self.context.clone(), self.engine.state().clone());
        let (name, lost) = (phase.clone(), phase.clone());
        let closed = blocking(move || Ok(close(&context, &state, &name, &winner)));
        self.tasks.start(
            async move {
                match unless_stopped(&mut controlled, closed).await {
                    Err(failure) if failure.kind == FailureKind::Cancelled => None,
                    Err(failure) => Some(failed(phase, failure)),
                    Ok(input) => Some(input),
                }
            },
            move |failure| failed(lost, failure),
            |_| ready(()),
        );
    }

    fn start_delivery(&mut self, results: Results, to: Destination) {
        self.delivers = true;
        let mut controlled = self.control((CallId::new("delivery"), 0));
        let (context, state) = (self.context.clone(), self.engine.state().clone());
        let tree = results.tree.clone();
        let lost = move |failure| not_delivered(tree, true, failure);
        let panicked = lost.clone();
        self.tasks.start(
            async move {
                let stop = async {
                    let _ = controlled.wait_for(|known| *known >= Control::Leave).await;
                };
                let work = move || Ok(deliver(&context, &state, results, to));
                let delivered = blocking_to_its_end(stop, work).await;
                Some(delivered.unwrap_or_else(lost))
            },
            panicked,
            |_| ready(()),
        );
    }

    /// What the task of this name is told by.
    fn control(&mut self, name: (CallId, u32)) -> watch::Receiver<Control> {
        let (control, controlled) = watch::channel(Control::Run);
        self.controls.insert(name, control);
        controlled
    }

    /// A person wants something of the run.
    fn steer(
        &mut self,
        Request {
            control,
            via,
            reply,
        }: Request,
    ) -> Option<Input> {
        let (plan, state) = (self.engine.plan(), self.engine.state());
        let refused = steered(plan, state, &control, via).err();
        let is_refused = refused.is_some();
        self.answer = reply.map(|reply| (reply, refused));
        match control {
            _ if is_refused => None,
            Wanted::Stop => self.interrupt("stop"),
            control => Some(Input::Steered { control, via }),
        }
    }

    /// The first signal asks the run to stop; the second one kills what does not. Who is asked and
    /// interrupts answers later.
    fn interrupt(&mut self, signal: &str) -> Option<Input> {
        if self.asks {
            return Some(Input::Unanswered);
        }
        self.interrupts += 1;
        if self.interrupts > 1 {
            self.kill_all();
            return None;
        }
        self.tell_all(Control::Leave);
        let signal = signal.to_owned();
        let interrupt = Input::Happened(Event::Run(RunEvent::Interrupted { signal }));
        if self.delivers {
            self.held = Some(interrupt);
            return None;
        }
        Some(interrupt)
    }

    fn kill_all(&self) {
        self.tell_all(Control::Kill);
    }

    fn tell_all(&self, what: Control) {
        for control in self.controls.values() {
            control.send_if_modified(|known| raise(known, what));
        }
    }

    fn tell(&self, call: &CallId, attempt: u32, what: Control) {
        if let Some(control) = self.controls.get(&(call.clone(), attempt)) {
            control.send_if_modified(|known| raise(known, what));
        }
    }
}

/// What was told once stays told.
fn raise(known: &mut Control, what: Control) -> bool {
    let raises = what > *known;
    *known = what.max(*known);
    raises
}

/// What a phase needs cannot be done.
fn failed(phase: PhaseName, failure: Failure) -> Input {
    Input::Happened(PhaseEvent::Failed { failure }.of(phase))
}
