//! `tipstaff apply` and `undo`: what a run has to deliver, by hand.

use super::args::{AcceptArgs, ApplyArgs, CommitArgs, ConflictArgs, OutputArgs, UndoArgs};
use super::ask::{agrees, is_at_a_terminal};
use super::failure::{Exit, Failure};
use super::interruptible::Interruptible;
use super::open_run::{TakenUp, find_run, take_up};
use super::prepare::here;
use super::print;
use super::settings::Settings;
use super::typed::{command, program};
use crate::engine::accepted;
use crate::engine::by_hand::{self, Transfer};
use crate::model::{CommitStyle, Destination, Direction};
use crate::report::{DeliveryState, RunView, applied_words, shell_word, undone_words};
use crate::run::{Delivery, RunState};
use crate::runtime::{DeliverError, Delivering, now};
use crate::workspace::{ApplyError, Conflicts, Delivered, has_markers};

/// Delivers the results of a run that kept them.
pub fn apply(settings: &Settings, args: &ApplyArgs) -> Result<Exit, Failure> {
    let what = (Direction::Apply, args.run.as_str(), &args.conflicts);
    Held::act(settings, what, args.commits.style(), |held, delivering| {
        held.wanted(settings, delivering, args)
    })
}

/// Takes back what a run put into the user's files.
pub fn undo(settings: &Settings, args: &UndoArgs) -> Result<Exit, Failure> {
    let what = (Direction::Undo, args.run.as_str(), &args.conflicts);
    let style = CommitStyle::default();
    Held::act(settings, what, style, |held, _| {
        Ok(Transfer::back(&held.state))
    })
}

/// Asks the person at the terminal, once, whether what the run held back is to be delivered too. Secrets take a
/// command of their own.
pub fn offer_held(settings: &Settings, output: &OutputArgs, view: &RunView) -> Result<(), Failure> {
    let acting = view.state.held.iter().filter(|held| !held.secret);
    let accept: Vec<String> = acting.map(|held| held.path.clone()).collect();
    let (to, asks) = (
        Destination::Tree,
        is_at_a_terminal() && !output.json && !output.yes,
    );
    let in_project =
        matches!(view.delivery_state(), DeliveryState::Applied { to: there, .. } if there == to);
    let (Some(run), true) = (&view.state.id, in_project && asks && !accept.is_empty()) else {
        return Ok(());
    };
    let files = accept.join(", ");
    if agrees(&format!("deliver what is held back, too ({files})? [y/N] "))? {
        let args = ApplyArgs {
            run: run.to_string(),
            branch: None,
            commit: false,
            commits: CommitArgs::default(),
            accept: AcceptArgs { accept },
            accept_secrets: false,
            conflicts: ConflictArgs::default(),
        };
        apply(settings, &args)?;
    }
    Ok(())
}

fn conflicts(args: &ConflictArgs) -> Conflicts {
    match (args.skip_conflicts, args.three_way) {
        (false, false) => Conflicts::Refuse,
        (true, _) => Conflicts::Skip,
        (false, true) => Conflicts::Mark,
    }
}

/// Writes down what a command that was killed did to the user's files.
pub fn catch_up(settings: &Settings, run: &mut TakenUp) -> Result<(), Failure> {
    let state = RunState::of(&run.records);
    if *state.in_project() != state.before() {
        let delivering = Delivering::new(&settings.project, (&run.plan, &run.folder), &state)?;
        let missing = Vec::from_iter(delivering.missing_event(&state)?);
        run.records.extend(run.journal.append(now(), &missing)?);
    }
    Ok(())
}

/// A run that nobody else works on meanwhile.
struct Held {
    run: TakenUp,
    state: RunState,
}

impl Held {
    /// Delivers what is wanted, or takes it back, and adds that to the journal. A signal ends it before a delivery
    /// begins to move files, or is too late; what is not finished or not written down, the next command finds out.
    fn act(
        settings: &Settings,
        (direction, run, args): (Direction, &str, &ConflictArgs),
        style: CommitStyle,
        wanted: impl FnOnce(&Self, &Delivering<'_>) -> Result<Transfer, Failure> + Send,
    ) -> Result<Exit, Failure> {
        let mut interruptible = Interruptible::new()?;
        let verb = direction.command();
        let again = format!(
            "no file is half changed; `{} {verb} {run}` goes on",
            program(settings)
        );
        let mut held = interruptible.blocking(("", &again), || Self::take(settings, run))?;
        let (transfer, done) = interruptible.blocking_to_its_end(&again, || {
            let delivering = held.delivering(settings)?;
            let mut transfer = wanted(&held, &delivering)?;
            let how = (conflicts(args), style);
            let done = delivering.deliver(&held.state, &mut transfer, how);
            let done = done.map_err(|error| held.failure(settings, verb, &error))?;
            Ok((transfer, done))
        })?;
        let if_cut = "it is done already; the next command about this run writes it down";
        interruptible.blocking(("", if_cut), || held.record(settings, transfer, &done))
    }

    fn take(settings: &Settings, wanted: &str) -> Result<Self, Failure> {
        let mut run = take_up(settings, find_run(settings, Some(wanted))?)?;
        catch_up(settings, &mut run)?;
        let state = RunState::of(&run.records);
        Ok(Self { run, state })
    }

    /// What is to be delivered, and what is held back: an error if nothing else is left.
    fn wanted(
        &self,
        settings: &Settings,
        delivering: &Delivering<'_>,
        args: &ApplyArgs,
    ) -> Result<Transfer, Failure> {
        let to = match &args.branch {
            Some(name) => Destination::Branch(name.clone()),
            None if args.commit => here(settings)?,
            None => Destination::Tree,
        };
        let typed = |verb: &str| command(settings, verb, &self.run.folder);
        if let Some(refusal) = by_hand::refusal(&self.run.plan, &self.state, &to) {
            let hint = format!("`{}` tells what it did", typed("show"));
            return Err(Failure::said(Exit::Usage, refusal, Some(&hint)));
        }
        let there = self.state.held_by(&to);
        let mut accepted = accepted(&self.run.plan, &self.state, &args.accept.accept);
        accepted.secrets = args.accept_secrets;
        let results = self.state.results();
        let transfer = delivering.without_held(&self.state, results, to, &accepted)?;
        if transfer.results != there {
            return Ok(transfer);
        }
        let mut message = "what is left of this run is held back".to_owned();
        for one in &transfer.held {
            message.push_str(&format!("\n  {}: {}", one.path, one.reason));
        }
        let mut flags = transfer.held.iter().map(|one| match one.secret {
            true => "--accept-secrets".to_owned(),
            false => format!("--accept {}", shell_word(&one.path)),
        });
        let flag = flags.next().unwrap_or_default();
        let hint = format!(
            "`{} {flag}` delivers it, once you have looked",
            typed("apply")
        );
        Err(Failure::said(Exit::Usage, &message, Some(&hint)))
    }

    fn delivering<'a>(&'a self, settings: &'a Settings) -> Result<Delivering<'a>, Failure> {
        let project = &settings.project;
        let run = (&self.run.plan, &self.run.folder);
        Ok(Delivering::new(project, run, &self.state)?)
    }

    /// Nothing was touched, and there may be ways out.
    fn failure(&self, settings: &Settings, verb: &str, error: &DeliverError) -> Failure {
        let again = format!("`{}", command(settings, verb, &self.run.folder));
        let marks =
            "--3way` writes conflict markers into these files, but for those that have some still";
        let skips = "--skip-conflicts` leaves these files as they are and changes the others";
        let ways = match error {
            DeliverError::Apply(ApplyError::Conflicts(_)) => {
                let branch = "--branch NAME` puts the changes onto a new branch";
                [marks, skips, branch].map(|way| format!("{again} {way}")).to_vec()
            }
            DeliverError::Apply(ApplyError::Edited(_)) => {
                [marks, skips].map(|way| format!("{again} {way}")).to_vec()
            }
            DeliverError::Apply(ApplyError::NotOnCommit(_)) => vec![
                "the run began with other contents of these files than the last commit has, for example \
                 with changes that are not committed; commit them and try again"
                    .to_owned(),
                format!("{again}` puts the changes into your files"),
            ],
            DeliverError::Apply(ApplyError::BranchExists(_) | ApplyError::BadBranchName(_)) => {
                vec!["choose another name for the branch".to_owned()]
            }
            DeliverError::Apply(ApplyError::NotClean(_)) => vec![
                format!("commit or stash them, then {again} --commit` goes on"),
                format!("{again} --branch NAME` makes a new branch"),
            ],
            DeliverError::Apply(ApplyError::ChangedByHook) => {
                vec!["a formatter belongs into `verify`, where its result is part of the run".to_owned()]
            }
            DeliverError::Apply(ApplyError::NotApplied)
                if let Some(Delivery::Applied { to: Destination::Branch(name), .. }) = self.state.delivered() =>
            {
                let name = shell_word(name);
                vec![format!("they are on a branch of their own: `git branch -D {name}` takes them away")]
            }
            DeliverError::Apply(_) | DeliverError::Workspace(_) => Vec::new(),
        };
        let hints = [vec!["nothing was touched".to_owned()], ways].concat();
        Failure::new(Exit::Failed, error, Some(&hints.join("\nhint: ")))
    }

    /// Adds what was done to the journal and names the files that need the user.
    fn record(
        &mut self,
        settings: &Settings,
        transfer: Transfer,
        done: &Delivered,
    ) -> Result<Exit, Failure> {
        let delivering = self.delivering(settings)?;
        let transfer = delivering.done(&self.state, transfer, done)?;
        let held = transfer.held.clone();
        let text = match transfer.direction {
            Direction::Apply => applied_words(&transfer.to, transfer.files, held.len() as u64),
            Direction::Undo => undone_words(done.paths.difference(&done.marked).count() as u64),
        };
        let events = by_hand::events(&self.run.plan, &self.state, transfer);
        self.run.journal.append(now(), &events)?;
        print::note(&text);
        for one in &held {
            print::note(&format!("held back: {}: {}", one.path, one.reason));
        }
        for path in &done.left {
            let whole = settings.project.root.join(path);
            let why = match has_markers(&whole).unwrap_or(false) {
                true => ", with the conflict markers it still has",
                false => "",
            };
            print::note(&format!("left as it is{why}: {}", path.display()));
        }
        for path in &done.of_persons {
            print::note(&format!(
                "stays, because you changed it at a gate: {}",
                path.display()
            ));
        }
        if done.commits_stay {
            print::note("the run's commits stay in the history, because others are upon them");
        }
        for path in &done.marked {
            print::note(&format!("has conflict markers: {}", path.display()));
        }
        Ok(match done.left.is_empty() && done.marked.is_empty() {
            true => Exit::Done,
            false => Exit::Failed,
        })
    }
}
