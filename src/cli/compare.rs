//! `tipstaff compare`, and `tipstaff show RUN A`: proposals and runs beside each other.

use super::args::CompareArgs;
use super::failure::{Exit, Failure};
use super::look::Look;
use super::open_run::OpenRun;
use super::print;
use super::settings::Settings;
use crate::files;
use crate::journal::RunFolder;
use crate::model::{Artifact, CallId, HandoffWords, Label};
use crate::report::{
    PhaseView, Proposal, RunView, reason, render_built_on, render_comparison, render_difference,
    render_runs_compared, render_verdicts,
};

pub fn compare(settings: &Settings, args: &CompareArgs) -> Result<Exit, Failure> {
    let look = Look::at(settings, args.run.as_deref())?;
    let width = look.viewer.width;
    let compared = |phase| {
        let (all, phase) = proposals(&look, phase)?;
        let verdict = look.view.verdict(phase);
        let scored = verdict.as_ref();
        let scored = scored.map(|one| (&one.judgement, phase.criteria()));
        let verdicts = render_verdicts(&look.view, phase, 2, width);
        let why = reason(&look.view, phase).unwrap_or_default();
        Ok::<_, Failure>(render_comparison(&all, scored, (&why, &verdicts), width))
    };
    let difference = |phase, one, other| {
        let (all, _) = proposals(&look, phase)?;
        Ok::<_, Failure>(render_difference(named(&all, one)?, named(&all, other)?))
    };
    let rest: Vec<&str> = args.rest.iter().map(String::as_str).collect();
    let is_phase = |name: &str| {
        look.view
            .phases()
            .any(|phase| phase.name().as_str() == name)
    };
    let text = match rest.as_slice() {
        [phase] if is_phase(phase) => compared(Some(phase))?,
        [other] => {
            let other = Look::at(settings, Some(other))?;
            render_runs_compared(&[look.shown(), other.shown()], width)
        }
        [one, other] => difference(None, one, other)?,
        [phase, one, other, ..] => difference(Some(phase), one, other)?,
        [] => compared(None)?,
    };
    print::data(&text)?;
    Ok(Exit::Done)
}

/// One proposal as its author wrote it. What it was built on is no part of it, and goes to standard error.
pub fn proposal_text(look: &Look, label: &str) -> Result<Vec<u8>, Failure> {
    let all = proposals(look, None)?.0;
    let one = named(&all, label)?;
    let built_on = render_built_on(std::slice::from_ref(one), look.viewer.width);
    if !built_on.is_empty() {
        print::note(&built_on);
    }
    Ok(one.text.clone().into_bytes())
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
/// some.
fn proposals<'v>(
    Look { run, view, .. }: &'v Look,
    wanted: Option<&str>,
) -> Result<(Vec<Proposal>, PhaseView<'v>), Failure> {
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
        let wins = phase.state.has_won(call);
        all.push(proposal(run, view, (label, call), wins)?);
    }
    all.sort_by(|one, other| one.label.cmp(&other.label));
    Ok((all, phase))
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
    let text = read(result.and_then(|result| result.proposed()))?;
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
        built_on: result.and_then(|result| result.built_on.clone()),
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
