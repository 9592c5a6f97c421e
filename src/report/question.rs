//! What a person at the terminal is asked.

use crate::model::Question;
use crate::run::CallState;

use super::next::{changes_so_far, compare};
use super::sections::{commands, documents, section};
use super::view::{PhaseView, RunView};
use super::viewer::Viewer;
use super::words::{clean, or_nothing, undecided_words, wrapped};

/// A phase's question with all that helps to answer it: what there is to look at, and where. `folder` is
/// the run's folder as the user would type it.
pub fn render_question(
    view: &RunView,
    phase: PhaseView<'_>,
    question: &Question,
    (folder, viewer): (&str, &Viewer),
) -> String {
    let name = clean(phase.name());
    let (head, asked, look) = match question {
        Question::Approve { text } => (
            format!("{name} waits for your approval"),
            text,
            documents(view, folder, viewer),
        ),
        Question::PickWinner { reason, kind } => (
            format!(
                "{name} waits for you to pick the proposal that wins{}",
                undecided_words(*kind)
            ),
            reason,
            proposals(view, phase, (folder, viewer)),
        ),
        Question::RunCommands { commands } => (
            format!("{name}: a model wrote commands that nothing allows yet"),
            &"They would run as you, on a copy of the project, to verify the tasks.".to_owned(),
            commands
                .iter()
                .map(|command| format!("  {}\n", clean(command)))
                .collect(),
        ),
    };
    let mut text = format!("\n? {head}\n");
    text.push_str(&wrapped("  ", asked, viewer.width));
    let differ = match question {
        Question::PickWinner { .. } => {
            commands(&Vec::from_iter(compare(view, viewer)), viewer.width)
        }
        Question::Approve { .. } | Question::RunCommands { .. } => String::new(),
    };
    let look = look + &differ + &commands(&changes_so_far(view, viewer), viewer.width);
    text.push_str(&section("look at", &look));
    text.push('\n');
    text
}

/// A line a proposal: its label, whose it is, and where it stands.
fn proposals(view: &RunView, phase: PhaseView<'_>, (folder, viewer): (&str, &Viewer)) -> String {
    let line = |(label, call): &(_, _)| {
        let model = view.model_words(call);
        let document = view.call(call).and_then(CallState::result);
        let document = document.and_then(|result| result.proposed());
        let path = document.map(|document| viewer.place(&format!("{folder}/{}", document.path)));
        let path = or_nothing(path);
        format!("  {label}: {path} ({model})\n")
    };
    phase.labels().iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{sample, sample_build};

    fn asked(history: &sample::History) -> String {
        let view = RunView::replay(&history.plan, &history.records);
        let (phase, question) = view.questions().next().expect("the run asks");
        let viewer = Viewer::anywhere(&view);
        render_question(&view, phase, question, (".tipstaff/runs/R", &viewer))
    }

    #[test]
    fn at_a_gate() {
        insta::assert_snapshot!(asked(&sample_build::build_at_its_gate()));
    }

    #[test]
    fn without_a_usable_verdict() {
        insta::assert_snapshot!(asked(&sample::waiting()));
    }
}
