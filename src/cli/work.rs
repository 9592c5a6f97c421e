//! Working on a run, from its folder to its summary. Shared by `run`, `resume` and `pick`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::args::OutputArgs;
use super::ask::Asker;
use super::changes;
use super::detach;
use super::failure::{Exit, Failure};
use super::interruptible::{Interruptible, interrupted};
use super::keys::Steering;
use super::look::with_net;
use super::notify::Notifier;
use super::open_run::shown_folder;
use super::print;
use super::report::write_markdown;
use super::settings::Settings;
use super::trust::{remark_left_out, trusted_agent_config};
use super::viewer::viewer;
use crate::agents::{self, Carried};
use crate::engine::{Engine, Input};
use crate::files;
use crate::journal::{Journal, Redactor, RunFolder, RunLock};
use crate::machine::{Accounts, Day, Places};
use crate::model::{Artifact, FrozenFile, PhaseName, RunEnd, Timestamp, TreeId};
use crate::plan::{AgentKind, Plan, Rehearsal, SandboxMode, SetupStep};
use crate::process::{MARK, become_subreaper, sweep};
use crate::rehearsal::{Scenario, Server};
use crate::report::{
    Colors, Display, ReportError, RunView, Screen, Sgr, Shown, Supervisor, Terminal, Viewer,
    render_question, render_summary,
};
use crate::run::{PhaseState, Record};
use crate::runtime::{
    Cells, ControlSocket, Observer, Request, RunAccounts, RunContext, RunContextParts,
    RuntimeError, Users, drive, now, set_up,
};
use crate::workspace::{Layers, Progress, Scratch, content_at, remove_tree};

/// Instruction files of a project, in the order in which they are looked for.
const INSTRUCTION_FILES: [&str; 2] = ["AGENTS.md", "CLAUDE.md"];
/// Of an instruction file, no more than this is read, in bytes.
const INSTRUCTIONS_LIMIT: usize = 64 << 10;
/// How long an agent may take to end after it was asked to.
pub const GRACE: Duration = Duration::from_secs(3);

pub struct Work<'a> {
    pub folder: RunFolder,
    pub lock: RunLock,
    pub carried: Carried,
    pub redactor: Redactor,
    pub engine: Engine,
    pub journal: Journal,
    pub records: Vec<Record>,
    pub base: TreeId,
    pub output: &'a OutputArgs,
    pub interruptible: Interruptible,
}

/// What a run works with.
pub struct FrozenInputs {
    pub plan: Artifact,
    pub base: TreeId,
    pub files: Vec<FrozenFile>,
}

/// What the user's own OpenCode lends to a run: nothing in a rehearsal or without OpenCode.
pub fn carry_over(settings: &Settings, plan: &Plan) -> Result<Carried, Failure> {
    let uses_opencode = plan
        .agents
        .values()
        .any(|agent| agent.kind == AgentKind::Opencode);
    if plan.rehearsal.is_some() || !uses_opencode {
        let mut carried = Carried::nothing(&settings.project.root);
        if plan.rehearsal.is_none() {
            look_for_sign_ins(&mut carried, settings);
        }
        return Ok(carried);
    }
    discover(settings)
}

fn look_for_sign_ins(carried: &mut Carried, settings: &Settings) {
    let kinds = AgentKind::WORDS
        .iter()
        .filter_map(|word| AgentKind::of(word));
    let files = kinds.filter_map(|kind| agents::of(kind).sign_in_file(&settings.environment));
    carried.look_for(&settings.environment, files);
}

/// The same whatever a plan needs.
pub fn discover(settings: &Settings) -> Result<Carried, Failure> {
    let is_trusted = trusted_agent_config(settings);
    let mut carried = Carried::discover(&settings.environment, &settings.project.root, &is_trusted)
        .map_err(|error| Failure::new(Exit::Usage, &error, error.hint().as_deref()))?;
    look_for_sign_ins(&mut carried, settings);
    remark_left_out(settings, &carried.left_out);
    Ok(carried)
}

/// Works on a run until it ends, and tells the user how it did.
pub fn work(
    settings: &Settings,
    work: Work<'_>,
    first: impl FnOnce((&RunContext, &Engine)) -> Input + Send,
) -> Result<Exit, Failure> {
    let output = work.output;
    let folder = work.folder.clone();
    let ended = supervise(settings, work, first)?;
    let view = RunView::replay(&ended.plan, &ended.records);
    let view = with_net(&folder, view);
    // Programs read the events alone.
    if !output.json {
        print::as_it_is(
            &render_summary(&Shown {
                view: &view,
                folder: &ended.folder,
                viewer: &ended.viewer,
                supervisor: Supervisor::Gone,
                now: now(),
                zone: &jiff::tz::TimeZone::system(),
                ledgers: &[],
            }),
            Sgr::Escape,
        );
    }
    let (end, engine) = ended.driven?;
    changes::offer_held(settings, output, &view)?;
    if let Some(path) = &output.pr_body {
        write_markdown(settings, folder.id().as_str(), path)?;
    }
    Ok(exit_of(end, engine.state().interrupted()))
}

/// What a supervisor's work came to.
pub struct Ended {
    plan: Plan,
    folder: String,
    viewer: Viewer,
    records: Vec<Record>,
    pub driven: Result<(RunEnd, Engine), RuntimeError>,
}

/// Works on a run until it ends.
pub fn supervise(
    settings: &Settings,
    work: Work<'_>,
    first: impl FnOnce((&RunContext, &Engine)) -> Input + Send,
) -> Result<Ended, Failure> {
    let plan = work.engine.plan().clone();
    let id = work.folder.id().clone();
    let folder = shown_folder(&work.folder);
    let begins = work.records.is_empty();
    if work.output.detach {
        detach::leave(&work.folder)?;
    }
    let asker = Asker::new(work.output);
    let engine = work.engine.attended(true).waiting(work.output.wait);
    let at_terminal = viewer(settings, &work.folder, Screen::Stderr);
    let notifier = Notifier::new(settings, (&plan, id.as_str()), &work.records, work.output);
    let places = [work.folder.root(), &settings.project.root].map(Path::to_owned);
    let asks = (asker, (folder.as_str(), &at_terminal), places, notifier);
    super::panics::log_to(work.folder.path(RunFolder::PANICS));
    become_subreaper()?;
    let scratch = Scratch::claim(
        &id,
        &work.folder.path(RunFolder::JOURNAL),
        settings.runtime_folder(),
    )?;
    let (steering, requests) = mpsc::unbounded_channel();
    let socket = ControlSocket::open(&settings.register()?.socket(&work.folder));
    let mut watcher = Watcher::new(&plan, &work.records, work.output, asks, &steering);
    drop(work.records);
    let (folder_of_run, base) = (work.folder, work.base);
    let secrets = (work.carried, work.redactor);
    let mut interruptible = work.interruptible;
    let resume = at_terminal.command("resume");
    let hint = match begins {
        true => Interruptible::NOTHING_RAN.to_owned(),
        false => format!("go on with `{resume}`; nothing has to be paid twice"),
    };
    let begun = folder_of_run.clone();
    let cells = interruptible
        .runtime
        .block_on(cells(settings, &plan, &scratch))?;
    let what = match begins {
        true => "checking the project out",
        false => "collecting what agents left when the run stopped",
    };
    let progress = Arc::new(Progress::default());
    let text = || progress.of(what);
    let ready = interruptible.watched((&text, &hint), || {
        let laid_out = (&base, cells, Arc::clone(&progress), work.output.unpark);
        let context = context(settings, &plan, folder_of_run, &scratch, secrets, laid_out)?;
        let first = first((&context, &engine));
        Ok((Arc::new(context), first))
    });
    let ready =
        ready.and_then(|ready| install(&mut interruptible, &ready.0, &hint).map(|()| ready));
    let (context, first) = match ready {
        Ok(ready) => ready,
        Err(failure) => {
            if begins {
                forget(settings, &begun, scratch)?;
            }
            return Err(failure);
        }
    };
    sweep_cache(settings);
    let Interruptible { runtime, signals } = &mut interruptible;
    let inbox = (signals, requests);
    let driven = runtime.block_on(async {
        let journal = work.journal;
        let driven = drive(context.clone(), engine, journal, first, &mut watcher, inbox);
        tokio::select! {
            driven = driven => driven,
            never = socket.serve(&steering) => match never {},
        }
    });
    drop(socket);
    // Whatever still ran on another thread has been told to give up; this waits for it.
    drop(interruptible);
    watcher.finish()?;
    let is_left = |(_, engine): &(RunEnd, Engine)| engine.state().running().next().is_some();
    let is_left = driven.as_ref().is_ok_and(is_left);
    // Read again rather than kept meanwhile: a long run has thousands.
    let written = Journal::read(&context.folder.path(RunFolder::JOURNAL));
    let ended = written.map(|content| Ended {
        viewer: viewer(settings, &context.folder, Screen::Stderr),
        plan,
        folder,
        records: content.records,
        driven,
    });
    drop(context);
    if !is_left {
        // What is left of the scratch folder is of no use to anybody. If a signal comes in between, the
        // rest stays for the system to clean up.
        let what = "removing the workspaces (Ctrl-C leaves them in the temporary folder)";
        Interruptible::new()?.clean_up(what, || Ok(scratch.remove()?));
    }
    drop(work.lock);
    Ok(ended?)
}

/// Nobody waits for it, and it may end with the process.
fn sweep_cache(settings: &Settings) {
    if let Some(cache) = settings.project_cache() {
        std::thread::spawn(move || Layers::sweep(&cache));
    }
}

/// Of a run that never began: nobody could go on with it. A command of `setup` writes until it has ended.
fn forget(settings: &Settings, begun: &RunFolder, scratch: Scratch) -> Result<(), Failure> {
    sweep(begun.id().as_str());
    let _ = scratch.remove();
    let _ = remove_tree(begun.root());
    settings.register()?.forget(begun);
    Ok(())
}

/// Runs `setup` on the snapshot, before any model is paid.
fn install(
    Interruptible { runtime, signals }: &mut Interruptible,
    context: &Arc<RunContext>,
    hint: &str,
) -> Result<(), Failure> {
    let is_left_out = |step: &&SetupStep| step.detected && !context.cells.are_closed();
    for step in context.plan.setup().iter().filter(is_left_out) {
        print::note(&format!(
            "warning: `{}` is left out: without a sandbox, `setup` has to name it",
            step.run
        ));
    }
    let told = |step: &SetupStep| print::note(&format!("setting up: {}", step.run));
    runtime.block_on(async {
        tokio::select! {
            done = set_up(context, (&context.snapshot, Users::AllOfRun), &told) => done.map(drop).map_err(|failure| {
                Failure::said(Exit::Failed, &failure.message, failure.hint.as_deref())
            }),
            signal = signals.next() => Err(interrupted(signal, hint)),
        }
    })
}

/// The exit code of a run that ended like that.
pub fn exit_of(end: RunEnd, signal: Option<&str>) -> Exit {
    match end {
        RunEnd::Done => Exit::Done,
        RunEnd::Failed => Exit::Failed,
        RunEnd::AuditFailed => Exit::AuditFailed,
        RunEnd::Waiting => Exit::Waiting,
        RunEnd::Limited => Exit::Limited,
        RunEnd::Interrupted => Exit::of_signal(signal.unwrap_or("SIGINT")),
    }
}

async fn cells(settings: &Settings, plan: &Plan, scratch: &Scratch) -> Result<Cells, Failure> {
    let (user, project) = (&settings.environment, &settings.project.root);
    let cells = Cells::probe(user, project, scratch.root(), plan.sandbox_mode).await;
    let cells = cells.map_err(|failure| Failure::said(Exit::Failed, &failure.message, None))?;
    if let Some(open) = cells.open() {
        let hint = "`tipstaff run --sandbox on` takes what the machine allows";
        if plan.sandbox_mode == SandboxMode::Required {
            return Err(Failure::said(Exit::Failed, &open, Some(hint)));
        }
        print::note(&format!("sandbox: {open}"));
    }
    Ok(cells)
}

fn context(
    settings: &Settings,
    plan: &Plan,
    folder: RunFolder,
    scratch: &Scratch,
    (carried, redactor): (Carried, Redactor),
    (base, cells, progress, unpark): (&TreeId, Cells, Arc<Progress>, bool),
) -> Result<RunContext, Failure> {
    let instructions = instructions(&folder.path(RunFolder::STORE), base);
    let log = folder.path(RunFolder::REHEARSAL);
    let rehearsal = plan.rehearsal.as_ref();
    let rehearsal = rehearsal.map(|rehearsal| start_rehearsal(rehearsal, &log, redactor.clone()));
    let shared = settings.state_folder()?;
    // A run that an agent starts has that one's place: it would wait for it for ever.
    let is_outermost = !settings.environment.contains_key(OsStr::new(MARK));
    let most = plan.limits.processes.filter(|_| is_outermost);
    let places = most.map(|most| Places::at(shared.join("places"), most));
    let day = || Day::at(shared.join("day.json"), is_outermost);
    let day = plan.rehearsal.is_none().then(day).transpose()?;
    // A rehearsal has accounts of its own.
    let accounts = match plan.rehearsal {
        Some(_) => folder.path(RunFolder::ACCOUNTS),
        None => shared.join("accounts"),
    };
    let signed_in = (&carried, &settings.environment);
    let accounts = RunAccounts::of(plan, signed_in, Accounts::at(accounts));
    if unpark {
        accounts.free();
    }
    let context = RunContext::new(RunContextParts {
        plan: plan.clone(),
        run: folder.id().clone(),
        folder,
        project: settings.project.clone(),
        snapshot: base.clone(),
        cache: settings.project_cache(),
        progress,
        scratch: scratch.root().to_owned(),
        keys: scratch.keys().to_owned(),
        environment: settings.environment.clone(),
        carried,
        rehearsal: rehearsal.transpose()?,
        redactor,
        instructions,
        grace: GRACE,
        cells,
        places,
        day,
        accounts,
    });
    let prepared = context.workspaces().prepare();
    prepared.map_err(|failure| Failure::said(Exit::Failed, &failure.message, None))?;
    Ok(context)
}

pub fn start_rehearsal(
    rehearsal: &Rehearsal,
    log: &std::path::Path,
    redactor: Redactor,
) -> Result<Server, Failure> {
    let scenario = match &rehearsal.text {
        Some(text) => Scenario::parse(text, &rehearsal.scenario),
        None => Scenario::find(&rehearsal.scenario),
    };
    let wrong = |error| Failure::new(Exit::Usage, &error, None);
    let clean = Box::new(move |line: &str| redactor.redact(line).into_owned());
    Server::start_logged(scenario.map_err(wrong)?, log, clean).map_err(wrong)
}

/// The same of the project as it is on disk.
pub fn instructions_of(root: &std::path::Path) -> Option<(String, String)> {
    INSTRUCTION_FILES.iter().find_map(|name| {
        let mut bytes = files::read_below(root, name.as_ref(), files::RECORD).ok()?;
        bytes.truncate(INSTRUCTIONS_LIMIT);
        Some((
            (*name).to_owned(),
            String::from_utf8_lossy(&bytes).into_owned(),
        ))
    })
}

pub fn instructions(store: &std::path::Path, base: &TreeId) -> Option<(String, String)> {
    INSTRUCTION_FILES.iter().find_map(|name| {
        let mut bytes = content_at(store, base, name.as_ref())?;
        bytes.truncate(INSTRUCTIONS_LIMIT);
        let text = String::from_utf8_lossy(&bytes);
        Some(((*name).to_owned(), text.into_owned()))
    })
}

/// Keeps the display up to date, and asks.
struct Watcher<'a> {
    plan: &'a Plan,
    display: Display,
    asker: Asker,
    /// The run's folder, and where the user stands.
    folder: (&'a str, &'a Viewer),
    run_folder: PathBuf,
    project: PathBuf,
    notifier: Notifier,
    steering: Steering,
}

impl<'a> Watcher<'a> {
    fn new(
        plan: &'a Plan,
        records: &[Record],
        output: &OutputArgs,
        (asker, folder, [run_folder, project], notifier): (
            Asker,
            (&'a str, &'a Viewer),
            [PathBuf; 2],
            Notifier,
        ),
        requests: &mpsc::UnboundedSender<Request>,
    ) -> Self {
        let view = || RunView::replay(plan, records);
        let display = if output.quiet {
            Display::Quiet
        } else if output.json {
            Display::json(Screen::Stdout)
        } else if Screen::Stderr.is_terminal() && !output.plain {
            Display::live(view(), Terminal::stderr(), Colors::of_stderr())
        } else {
            Display::plain(view(), Screen::Stderr)
        };
        Self {
            plan,
            display,
            asker,
            folder,
            run_folder,
            project,
            notifier,
            steering: Steering::new(requests.clone()),
        }
    }
}

impl Watcher<'_> {
    fn finish(&mut self) -> Result<(), ReportError> {
        self.steering.rest();
        self.display.finish()?;
        self.notifier.finish();
        Ok(())
    }
}

impl Observer for Watcher<'_> {
    fn saw(&mut self, record: &Record) -> Result<(), RuntimeError> {
        self.asker.stop();
        self.notifier.saw(&record.event);
        match self.display.apply(record) {
            // Whoever read our output has had enough of it; the run goes on.
            Err(error) if error.is_broken_pipe() => {
                self.display = Display::Quiet;
                Ok(())
            }
            other => other.map_err(unwatched),
        }
    }

    fn ask(
        &mut self,
        phase: &PhaseName,
        state: &PhaseState,
        answers: mpsc::UnboundedSender<Input>,
    ) -> Result<(), RuntimeError> {
        self.steering.rest();
        self.display.finish().map_err(unwatched)?;
        let asked = state.asked.as_ref();
        if let Some(question) = asked.filter(|asked| self.asker.leaves_open(asked)) {
            self.notifier.asks(phase, question);
        }
        let journal = self.run_folder.join(RunFolder::JOURNAL);
        let records = Journal::read(&journal)?.records;
        let view = RunView::replay(self.plan, &records);
        let shown = || match (view.phase(phase), &state.asked) {
            (Some(phase), Some(asked)) => render_question(&view, phase, asked, self.folder),
            (_, _) => String::new(),
        };
        let back = view.state.may_be_sent_back(phase);
        let about = view.state.before_gate(phase);
        let about = about.filter(|_| view.state.is_at_gate(phase));
        let document = about.and_then(|(_, state)| state.closed()).map(|closing| {
            let kept = || self.run_folder.join(&closing.deliverable.path);
            let there = closing
                .published
                .as_ref()
                .map(|path| self.project.join(path));
            there.filter(|path| path.is_file()).unwrap_or_else(kept)
        });
        self.asker
            .ask(shown, (phase, state), (back, document), answers);
        Ok(())
    }

    fn parks(&mut self, until: Timestamp) {
        self.notifier.parks(until);
    }

    fn tick(&mut self, now: Timestamp) -> Result<(), RuntimeError> {
        self.steering.take(&mut self.display);
        self.display.tick(now).map_err(unwatched)
    }
}

/// The loop does not know what watches it.
fn unwatched(error: ReportError) -> RuntimeError {
    RuntimeError::Display(std::io::Error::other(error))
}
