//! A checkpoint is for work on files, by an agent that says how much it holds.

use crate::config::Config;
use crate::yaml::{Diagnostic, Spanned};

use super::super::ast::{Phase, PhaseType, Workflow};

pub(super) fn check(workflow: &Workflow, config: &Config, found: &mut Vec<Diagnostic>) {
    for phase in &workflow.phases {
        // What is mistaken by itself has been reported.
        if phase.checkpoint.is_none() || phase.kind.is_none() {
            continue;
        }
        if phase.may_edit() && phase.kind == Some(PhaseType::Ensemble) {
            let message =
                "a candidate of an ensemble is the work of one process: it has no `checkpoint`";
            let mistake = phase
                .key_spot("checkpoint")
                .error("candidate-in-parts", message);
            found.push(mistake.with_hint("leave it out, or cut the work into smaller phases"));
        } else if phase.may_edit() {
            let routes = phase.routing.iter().map(|route| &route.model);
            let workers = phase.model.iter().chain(routes).chain(&phase.fallback);
            found.extend(workers.filter_map(|model| silent(phase, model, config)));
        } else {
            found.push(nothing_to_go_on_with(phase));
        }
    }
}

fn nothing_to_go_on_with(phase: &Phase) -> Diagnostic {
    let message = format!(
        "the phase `{}` changes no files, so a fresh process would have nothing to go on with",
        phase.name.value
    );
    let mistake = phase
        .key_spot("checkpoint")
        .error("nothing-to-go-on-with", message);
    mistake.with_hint(match phase.kind {
        Some(PhaseType::Single) => {
            "give `checkpoint` to the phase that edits, or this one `edits: true`"
        }
        Some(_) | None => "give `checkpoint` to the phase that edits",
    })
}

/// Only an agent that tells its tokens can be stopped in time.
fn silent(phase: &Phase, model: &Spanned<String>, config: &Config) -> Option<Diagnostic> {
    let chain = config.chain(&model.value).ok()?;
    let (name, agent) = chain.into_iter().find_map(|name| {
        let agent = config.model(&name).ok()?.agent;
        let kind = config.agents.get(&agent)?.kind;
        (!kind.counts_each_step()).then_some((name, agent))
    })?;
    let message = format!(
        "the agent `{agent}` of the model `{name}` does not count the tokens of each step: with it, the checkpoint of the phase \
         `{}` is never reached",
        phase.name.value
    );
    Some(model.spot.warning("silent-agent", message))
}
