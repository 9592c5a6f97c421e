//! A call's inputs as parts of its prompt.

use std::fmt::Write as _;

use super::{Assembly, excerpt};
use crate::context::input_files::{IN, content_of, input_file};
use crate::context::ledger::strategy_name;
use crate::context::part::{Part, PartKind};
use crate::context::{ContextError, handoff, templates};
use crate::judge;
use crate::model::{
    Artifact, CallInput, Graft, Handoff, HandoffOrigin, HandoffWords, InputSource, Label,
    WorkState, shortened,
};
use crate::plan::{PhasePlan, Strategy};

/// So many bytes of a faulty answer go to who has to mend it: more than any honest answer has.
const MOST_FAULTY: usize = 256 << 10;

/// An input as parts: none for the request, which has its own place; for words with facts about them one of
/// each, so that a model's words are never where tipstaff speaks.
pub(super) fn parts_of(
    input: &CallInput,
    assembly: &Assembly<'_>,
    phase: &PhasePlan,
) -> Result<Vec<Part>, ContextError> {
    let part = match &input.source {
        InputSource::Request => return Ok(Vec::new()),
        InputSource::Deliverable(name) => Part::new(
            PartKind::Input,
            &format!("document of {name}"),
            &format!("phase {name}, document"),
            &why_document(phase.strategy),
        ),
        InputSource::Handoff(name) => Part::new(
            PartKind::Handoff,
            &format!("handoff of {name}"),
            &format!("phase {name}, handoff"),
            &why_handoff(phase.strategy),
        ),
        InputSource::EarlierProposal(position) => Part::new(
            PartKind::EarlierProposal,
            &format!("earlier proposal {position}"),
            &format!("phase {}, proposal {position}", phase.name),
            "the ensemble is sequential: later authors see the earlier proposals",
        ),
        InputSource::Proposal(label) => Part::new(
            PartKind::Proposal,
            &format!("proposal {label}"),
            &format!("phase {}, proposal {label}", phase.name),
            "to be judged, under its blinded name",
        ),
        InputSource::Candidate { label, facts, .. } => {
            return candidate(label, facts, input, assembly);
        }
        InputSource::File(path) => Part::new(
            PartKind::Input,
            &format!("file {path}"),
            path,
            "a named file of the project, as it was when the run began",
        ),
        InputSource::Faulty => Part::new(
            PartKind::Faulty,
            "faulty answer",
            "the earlier answer",
            "to be mended",
        ),
        InputSource::Errors(errors) => {
            let text: String = errors.iter().map(|error| format!("- {error}\n")).collect();
            let why = "what is wrong with the earlier answer";
            return Ok(vec![
                Part::new(PartKind::Errors, "errors", "tipstaff", why).with(&text),
            ]);
        }
        InputSource::Changes(name) => Part::new(
            PartKind::Changes,
            &format!("changes of {name}"),
            &format!("phase {name}, changes"),
            "the patch is a named input of this phase",
        ),
        InputSource::Tests(name) => Part::new(
            PartKind::Tests,
            &format!("tests of {name}"),
            &format!("phase {name}, tests"),
            "the results of `verify` are a named input of this phase",
        ),
        InputSource::Findings(name) => Part::new(
            PartKind::Findings,
            &format!("findings of {name}"),
            &format!("phase {name}, findings"),
            "an audit sent the run back to have these mended",
        ),
        InputSource::Lens(name) => Part::new(
            PartKind::Input,
            &format!("answer of {name}"),
            &format!("phase {}, lens {name}", phase.name),
            "one of the answers to be joined",
        ),
        InputSource::Worklog => Part::new(
            PartKind::Worklog,
            "the work so far",
            "tipstaff",
            "what the stopped process said, did and changed; its state is distilled from it",
        ),
        InputSource::Person(said) => return Ok(vec![person(said)]),
        InputSource::Feedback(lines) => return Ok(vec![feedback(lines)]),
        InputSource::Reasons {
            label,
            said,
            grafts,
        } => return Ok(reasons(label, said, grafts)),
        InputSource::Printed { command, number } => {
            return Ok(vec![printed(command, *number, input, assembly)?]);
        }
        InputSource::State(state) => return work_state(state, input, assembly),
    };
    with_content(part, input, assembly)
}

/// The part with what its input's artifact holds, and the facts about it.
fn with_content(
    part: Part,
    input: &CallInput,
    assembly: &Assembly<'_>,
) -> Result<Vec<Part>, ContextError> {
    let artifact = artifact_of(input, &part.name)?;
    let text = content(artifact, assembly, &part)?;
    let part = Part {
        digest: Some(artifact.digest.clone()),
        ..part.with(&text)
    };
    Ok(match (&input.source, input_file(&input.source)) {
        (InputSource::Changes(_), Some(file)) => vec![patch_shortened(part, &file)],
        (InputSource::Handoff(name), _) => {
            let handoff = handoff_of(artifact, text_of(artifact, assembly, &part)?)?;
            with_facts(part, name.as_str(), &handoff::render_facts(&handoff))
        }
        (_, _) => vec![part],
    })
}

/// A candidate: its author's words, what tipstaff knows of it, and what it changes.
fn candidate(
    label: &Label,
    facts: &[String],
    input: &CallInput,
    assembly: &Assembly<'_>,
) -> Result<Vec<Part>, ContextError> {
    let part = |name: &str, source: &str, why: &str| {
        Part::new(
            PartKind::Proposal,
            &name.replace("{}", label.as_str()),
            source,
            why,
        )
    };
    let why = "what the author of this candidate says of it";
    let words = part("proposal {}", "its author", why);
    let words = match &input.artifact {
        None => words.with("The author left no words."),
        Some(artifact) => {
            let text = text_of(artifact, assembly, &words)?;
            // A handoff of a call is valid; a document is taken as it is.
            let handoff = serde_json::from_str::<HandoffWords>(text);
            let text = handoff.map_or_else(
                |_| shortened(text, MOST_FAULTY).into_owned(),
                |words| handoff::render_words(&handoff::limit(words, handoff::LIMIT).words),
            );
            Part {
                digest: Some(artifact.digest.clone()),
                ..words.with(&text)
            }
        }
    };
    let why = "the patch of this candidate, to be judged";
    let patch = part("changes of proposal {}", "git", why);
    let text = content_of(input, assembly.contents);
    let text = text.ok_or_else(|| ContextError::MissingContent {
        name: patch.name.clone(),
        path: patch.name.clone(),
    })?;
    let file = input_file(&input.source).unwrap_or_default();
    let patch = patch_shortened(patch.with(text), &file);
    let (files, added, removed) = excerpt::counts(text);
    let mut known = match files {
        0 => "- it changes no file\n".to_owned(),
        _ => format!("- files changed: {files}, lines added: {added}, removed: {removed}\n"),
    };
    known.extend(facts.iter().map(|fact| format!("- {fact}\n")));
    let why = "what git and the commands say of it, whatever the words say";
    let facts = part("facts of proposal {}, by tipstaff", "tipstaff", why).with(&known);
    let patch = (files > 0).then_some(patch);
    Ok([words, facts].into_iter().chain(patch).collect())
}

/// A model's words, and what tipstaff knows of the same work, if that is anything.
fn with_facts(words: Part, of: &str, facts: &str) -> Vec<Part> {
    let why = "what git, the commands and the limits say of it, whatever the words say";
    let name = format!("facts of {of}, by tipstaff");
    let part = Part::new(words.kind, &name, "tipstaff", why).with(facts.trim_start());
    let part = (!part.text.is_empty()).then_some(part);
    [words].into_iter().chain(part).collect()
}

/// A patch that is too large for a prompt is shown in part; `file` has all of it.
fn patch_shortened(part: Part, file: &str) -> Part {
    if excerpt::fits(&part.text) {
        return part;
    }
    let shown = excerpt::excerpt(&part.text, &format!("{IN}/{file}"));
    Part {
        why: format!("{}; shortened, all of it is a file beside it", part.why),
        ..part.with(&shown)
    }
}

/// What a person said when the run asked.
fn person(said: &[String]) -> Part {
    let why = "a person said it in the course of the run; it counts like the request";
    let text: String = said
        .iter()
        .map(|sentence| format!("- {sentence}\n"))
        .collect();
    Part::new(PartKind::Person, "what a person said", "person", why).with(&text)
}

/// What was wrong with an earlier try.
fn feedback(lines: &[String]) -> Part {
    let why = "an earlier try of the same work was not good enough; its edits are still there";
    let mut text = format!("An earlier try was not good enough. {TRIED}\n\n");
    text.extend(lines.iter().map(|line| format!("- {line}\n")));
    Part::new(PartKind::Feedback, "feedback", "tipstaff", why).with(&text)
}

/// What to do with the winner, and what the judges said of it.
fn reasons(label: &Label, said: &[String], grafts: &[Graft]) -> Vec<Part> {
    let why = "the call makes the winner of the ensemble better";
    let (name, template) = match grafts {
        [] => ("refine", templates::REFINE),
        _ => ("synthesize", templates::SYNTHESIS),
    };
    let how = Part::new(
        PartKind::Instructions,
        "how to refine the winner",
        &format!("built-in template {name}"),
        why,
    );
    let mut text = format!("Proposal {label} was preferred.\n\n");
    text.extend(said.iter().map(|reason| format!("- {reason}\n")));
    text.extend((!grafts.is_empty()).then_some("\nTo be taken over:\n\n"));
    text.extend(
        grafts
            .iter()
            .map(|one| format!("- of {}: {}\n", one.from, one.what)),
    );
    let why = "what is to be mended and taken over";
    let reasons = Part::new(
        PartKind::Feedback,
        "reasons of the judges",
        "the judges",
        why,
    );
    vec![how.with(template), reasons.with(&text)]
}

/// What a command printed that failed on an earlier try.
fn printed(
    command: &str,
    number: u32,
    input: &CallInput,
    assembly: &Assembly<'_>,
) -> Result<Part, ContextError> {
    let name = format!("what failed, {number}");
    let why = "what a command printed that failed on an earlier try";
    let part = Part::new(PartKind::Feedback, &name, "tipstaff", why);
    let artifact = artifact_of(input, &part.name)?;
    let output = content(artifact, assembly, &part)?;
    let text = match output.trim() {
        "" => format!("`{command}` printed nothing."),
        _ => format!("The end of what `{command}` printed:\n\n{output}"),
    };
    Ok(Part {
        digest: Some(artifact.digest.clone()),
        ..part.with(&text)
    })
}

/// The distilled state of the work: the words within their limit, and what git says.
fn work_state(
    state: &WorkState,
    input: &CallInput,
    assembly: &Assembly<'_>,
) -> Result<Vec<Part>, ContextError> {
    let written = match state.origin {
        HandoffOrigin::Agent => "its own state",
        HandoffOrigin::Distilled => "its state, distilled by a model",
        HandoffOrigin::Extracted => "its state, extracted by rule",
    };
    let part = Part::new(
        PartKind::State,
        "state of the work",
        &format!("call {}, {written}", state.of),
        "that call was stopped at its checkpoint, and this one goes on with its work",
    );
    let artifact = artifact_of(input, &part.name)?;
    let json = content(artifact, assembly, &part)?;
    let words: HandoffWords =
        serde_json::from_str(&json).map_err(|source| ContextError::BadHandoff {
            path: artifact.path.clone(),
            source,
        })?;
    let limited = handoff::limit(words, handoff::LIMIT);
    let mut facts = String::new();
    let by_rule = (state.origin == HandoffOrigin::Extracted)
        .then(|| "these words were extracted by rule and may miss things".to_owned());
    let remarks = by_rule.into_iter().chain(limited.remarks);
    let files = state.files.iter().map(|path| format!("`{path}`"));
    let refused = state.refused.iter();
    let refused = refused.map(|change| format!("`{}`: {}", change.path, change.reason));
    list(&mut facts, "Remarks by machine", remarks);
    list(&mut facts, "Files changed so far, as git shows them", files);
    list(
        &mut facts,
        "Changes that were refused and are not there any more",
        refused,
    );
    let part = Part {
        digest: Some(artifact.digest.clone()),
        ..part.with(&handoff::render_words(&limited.words))
    };
    Ok(with_facts(part, "the work", &facts))
}

/// The most entries of a list of facts; beyond it the number must do.
const MOST_FACTS: usize = 60;

/// A section with a list, if it has entries.
fn list(out: &mut String, title: &str, entries: impl Iterator<Item = String>) {
    let entries: Vec<String> = entries.collect();
    if entries.is_empty() {
        return;
    }
    let _ = write!(out, "\n## {title}\n\n");
    for entry in entries.iter().take(MOST_FACTS) {
        let _ = writeln!(out, "- {entry}");
    }
    let more = entries.len().saturating_sub(MOST_FACTS);
    if more > 0 {
        let _ = writeln!(out, "- and {more} more");
    }
}

const TRIED: &str = "What it changed stands in the working directory, except for what was refused. \
                     Mend what is named here and keep the rest. Your handoff takes the place of that \
                     try's: it tells of all that was changed.";

fn why_document(strategy: Strategy) -> String {
    match strategy {
        Strategy::Full => "`full` brings every document so far, raw".to_owned(),
        Strategy::Scoped | Strategy::Distilled | Strategy::Fresh => named_input(strategy),
    }
}

fn why_handoff(strategy: Strategy) -> String {
    match strategy {
        Strategy::Distilled | Strategy::Scoped => {
            format!(
                "`{}` brings the handoffs of earlier phases",
                strategy_name(strategy)
            )
        }
        Strategy::Full | Strategy::Fresh => named_input(strategy),
    }
}

fn named_input(strategy: Strategy) -> String {
    format!(
        "a named input of this phase (`{}`)",
        strategy_name(strategy)
    )
}

fn artifact_of<'a>(input: &'a CallInput, name: &str) -> Result<&'a Artifact, ContextError> {
    input
        .artifact
        .as_ref()
        .ok_or_else(|| ContextError::MissingArtifact {
            name: name.to_owned(),
        })
}

/// An artifact as it was kept.
fn text_of<'a>(
    artifact: &Artifact,
    assembly: &Assembly<'a>,
    part: &Part,
) -> Result<&'a str, ContextError> {
    let path = &artifact.path;
    let text = assembly.contents.get(path).map(String::as_str);
    text.ok_or_else(|| ContextError::MissingContent {
        name: part.name.clone(),
        path: path.clone(),
    })
}

fn handoff_of(artifact: &Artifact, json: &str) -> Result<Handoff, ContextError> {
    serde_json::from_str(json).map_err(|source| ContextError::BadHandoff {
        path: artifact.path.clone(),
        source,
    })
}

/// An artifact's text; of a handoff the words and of findings all of it as Markdown, with no model named.
fn content(
    artifact: &Artifact,
    assembly: &Assembly<'_>,
    part: &Part,
) -> Result<String, ContextError> {
    let text = text_of(artifact, assembly, part)?;
    if part.kind == PartKind::Handoff {
        return Ok(handoff::render_words(&handoff_of(artifact, text)?.words));
    }
    if part.kind == PartKind::Findings {
        let audit = judge::audit::decode(text).map_err(|errors| ContextError::BadFindings {
            path: artifact.path.clone(),
            errors,
        })?;
        return Ok(judge::audit::render(&audit));
    }
    let text = text.trim_start_matches('\u{feff}');
    Ok(match part.kind {
        PartKind::Faulty => shortened(text, MOST_FAULTY).into_owned(),
        _ => text.to_owned(),
    })
}
