//! `tipstaff compare`, and `tipstaff show RUN A`: proposals and runs beside each other.

use super::args::CompareArgs;
use super::failure::{Exit, Failure};
use super::open_run::{OpenRun, find_run, shown_folder, tell_foreign};
use super::print;
use super::settings::Settings;
use super::viewer::viewer;
use crate::files;
use crate::journal::RunFolder;
use crate::model::{Artifact, CallId, HandoffWords, Judgement, Label};
use crate::report::{
    PhaseView, Proposal, RunView, Screen, Shown, render_comparison, render_difference,
    render_runs_compared,
};
use crate::runtime::now;

pub fn compare(settings: &Settings, args: &CompareArgs) -> Result<Exit, Failure> {
    let run = open(settings, &args.run)?;
    let view = run.view();
    let width = viewer(settings, &run.folder, Screen::Stdout).width;
    let rest: Vec<&str> = args.rest.iter().map(String::as_str).collect();
    let is_phase = |name: &str| view.phases().any(|phase| phase.name().as_str() == name);
    let text = match rest.as_slice() {
        [] => compared(&run, &view, None, width)?,
        [phase] if is_phase(phase) => compared(&run, &view, Some(phase), width)?,
        [other] => runs(settings, [run, open(settings, other)?], width)?,
        [one, other] => difference(&run, &view, None, [one, other])?,
        [phase, one, other] => difference(&run, &view, Some(phase), [one, other])?,
        _ => {
            return Err(Failure::said(
                Exit::Usage,
                "these are too many to compare",
                None,
            ));
        }
    };
    print::data(&text)?;
    Ok(Exit::Done)
}

fn open(settings: &Settings, wanted: &str) -> Result<OpenRun, Failure> {
    let run = OpenRun::read(find_run(settings, Some(wanted))?)?;
    tell_foreign(settings, &run.folder);
    Ok(run)
}

/// One proposal as its author wrote it.
pub fn proposal_text(run: &OpenRun, label: &str) -> Result<Vec<u8>, Failure> {
    let view = run.view();
    let all = proposals(run, &view, None)?.0;
    Ok(named(&all, label)?.text.clone().into_bytes())
}

fn compared(
    run: &OpenRun,
    view: &RunView,
    phase: Option<&str>,
    width: usize,
) -> Result<String, Failure> {
    let (all, judgement) = proposals(run, view, phase)?;
    Ok(render_comparison(&all, judgement.as_ref(), width))
}

fn difference(
    run: &OpenRun,
    view: &RunView,
    phase: Option<&str>,
    labels: [&str; 2],
) -> Result<String, Failure> {
    let (all, _) = proposals(run, view, phase)?;
    Ok(render_difference(
        named(&all, labels[0])?,
        named(&all, labels[1])?,
    ))
}

fn named<'a>(all: &'a [Proposal], label: &str) -> Result<&'a Proposal, Failure> {
    let mut fitting = all
        .iter()
        .filter(|one| one.label.as_str().eq_ignore_ascii_case(label));
    fitting.next().ok_or_else(|| {
        let known: Vec<&str> = all.iter().map(|one| one.label.as_str()).collect();
        let known = known.join(", ");
        let message = format!("there is no proposal `{label}`; the proposals are {known}");
        Failure::said(Exit::Usage, &message, None)
    })
}

/// The proposals of the phase that is named, else of the one that is to be decided, else of the last one that has
/// some; and what the judge said of them.
fn proposals(
    run: &OpenRun,
    view: &RunView,
    wanted: Option<&str>,
) -> Result<(Vec<Proposal>, Option<Judgement>), Failure> {
    let has_some = |phase: &PhaseView<'_>| {
        !phase.labels().is_empty() && wanted.is_none_or(|name| name == phase.name().as_str())
    };
    let asking = view.questions().map(|(phase, _)| phase).find(has_some);
    let phase = asking.or_else(|| view.phases().filter(has_some).last());
    let phase = phase.ok_or_else(|| {
        let message = match wanted {
            Some(name) => format!("phase `{name}` of this run has no proposals"),
            None => format!("run {} has no proposals to compare", run.folder.id()),
        };
        let hint = "a phase of `type: ensemble` has some as soon as all are in";
        Failure::said(Exit::Usage, &message, Some(hint))
    })?;
    let mut all = Vec::new();
    for (label, call) in phase.labels() {
        let wins = phase
            .state
            .winner()
            .is_some_and(|winner| &winner.call == call);
        all.push(proposal(run, view, (label, call), wins)?);
    }
    all.sort_by(|one, other| one.label.cmp(&other.label));
    Ok((
        all,
        view.verdict(phase).map(|(_, judgement)| judgement.clone()),
    ))
}

fn proposal(
    run: &OpenRun,
    view: &RunView,
    (label, call): (&Label, &CallId),
    wins: bool,
) -> Result<Proposal, Failure> {
    let result = view.call(call).and_then(|call| call.result());
    let read = |artifact: Option<&Artifact>| match artifact {
        Some(artifact) => read(&run.folder, artifact),
        None => Ok(String::new()),
    };
    let text = read(result.and_then(|result| result.deliverable.as_ref()))?;
    let words = read(result.and_then(|result| result.handoff.as_ref()))?;
    let words: HandoffWords = serde_json::from_str(&words).unwrap_or_default();
    let changed = result.and_then(|result| result.changes.as_ref());
    let changed = changed.iter().flat_map(|changes| &changes.files);
    Ok(Proposal {
        label: label.clone(),
        model: view
            .model_of(call)
            .map(ToString::to_string)
            .unwrap_or_default(),
        wins,
        text,
        decisions: words.decisions,
        files: words
            .files
            .into_iter()
            .chain(changed.map(|file| file.path.clone()))
            .collect(),
    })
}

fn read(folder: &RunFolder, artifact: &Artifact) -> Result<String, Failure> {
    let bytes = files::read_below(folder.root(), artifact.path.as_ref(), files::RECORD);
    let bytes = bytes.map_err(|error| {
        let path = folder.path(&artifact.path);
        let message = format!("failed to read `{}`: {error}", path.display());
        Failure::said(Exit::Failed, &message, None)
    })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn runs(settings: &Settings, runs: [OpenRun; 2], width: usize) -> Result<String, Failure> {
    let known = runs.iter().map(|run| {
        let viewer = viewer(settings, &run.folder, Screen::Stdout);
        (
            run.view(),
            viewer,
            shown_folder(&run.folder),
            run.supervisor(),
        )
    });
    let known: Vec<_> = known.collect();
    let zone = jiff::tz::TimeZone::system();
    let shown = known
        .iter()
        .map(|(view, viewer, folder, supervisor)| Shown {
            view,
            folder,
            viewer,
            supervisor: *supervisor,
            now: now(),
            zone: &zone,
            ledgers: &[],
        });
    Ok(render_runs_compared(&shown.collect::<Vec<_>>(), width))
}
