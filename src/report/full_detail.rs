//! The right of the full screen: what is to know of what is selected.

use super::audit::render_audit;
use super::focus::Item;
use super::live_lines::{Lines, who};
use super::question::render_question;
use super::sections::section;
use super::sections_work::tasks;
use super::show::{Shown, state_words, timeline};
use super::summary::render_summary;
use super::verdict::render_verdict;
use super::view::{PhaseStatus, PhaseView, short_name};
use super::words::{clean, kind_words, run_word, wrapped};

/// From this width on, the agent is named beside the model.
const WITH_AGENT: usize = 60;

/// In one line.
pub(super) fn heading(item: &Item, lines: &Lines<'_>, shown: &Shown<'_>) -> String {
    let view = shown.view;
    let parts = match item {
        Item::Run => vec![
            clean(&view.plan.workflow),
            run_word(view, shown.supervisor).to_owned(),
        ],
        Item::Phase(name) => {
            let words = view
                .phase(name)
                .map(|phase| state_words(phase, shown.supervisor));
            vec![clean(name), words.unwrap_or_default()]
        }
        Item::Call(id) => match view.call(id) {
            Some(call) => vec![
                clean(short_name(call)),
                who(call, lines.width >= WITH_AGENT),
                lines.doing(call),
            ],
            None => Vec::new(),
        },
    };
    parts.join(" · ")
}

/// What the run's state tells, in as many columns as `shown` has.
pub(super) fn told(item: &Item, shown: &Shown<'_>) -> String {
    match item {
        Item::Run => render_summary(shown) + &section("timeline", &timeline(shown, shown.now)),
        Item::Phase(name) => {
            let phase = shown.view.phase(name);
            phase.map_or_else(String::new, |phase| of_phase(phase, shown))
        }
        Item::Call(_) => String::new(),
    }
}

fn of_phase(phase: PhaseView<'_>, shown: &Shown<'_>) -> String {
    let (view, width) = (shown.view, shown.viewer.width);
    let mut text = wrapped("", &kind_words(&phase.plan.kind), width);
    match phase.status() {
        PhaseStatus::Asking(question) => {
            text += &render_question(view, phase, question, (shown.folder, shown.viewer));
        }
        PhaseStatus::Failed(failure) => text += &wrapped("", &failure.message, width),
        _ => {}
    }
    let judged = [
        render_verdict(view, phase, width),
        render_audit(view, phase, width),
    ];
    text += &section("verdict", &judged.into_iter().flatten().collect::<String>());
    text += &section("tasks", &tasks(view, phase, width));
    if let Some(closing) = phase.state.closing() {
        let place = shown.viewer.place(&view.document(closing, shown.folder));
        text += &section("document", &format!("  {place}\n\n"));
    }
    text
}
