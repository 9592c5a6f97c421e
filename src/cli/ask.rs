//! Asking the person at the terminal what a run waits for.
//!
//! The run's supervisor has ended by then, as it does where nobody is there: no time counts while a
//! question stands, and `tipstaff approve` from elsewhere is as good an answer.

use std::io::{self, BufRead, IsTerminal};

use rustix::termios::{QueueSelector, tcflush};
use tokio::sync::oneshot;

use super::args::OutputArgs;
use super::failure::Failure;
use super::print;
use crate::model::{Label, PersonAnswer, PhaseName, Question};
use crate::report::{RunView, Screen, render_question};
use crate::runtime::Signals;

/// The answer to the run's question, if it has one and someone answers.
pub fn ask(
    view: &RunView,
    folder: &str,
    output: &OutputArgs,
) -> Result<Option<(PhaseName, PersonAnswer)>, Failure> {
    let Some((phase, question)) = view.questions().next() else {
        return Ok(None);
    };
    let name = phase.name.clone();
    let is_alone = output.json || !is_at_a_terminal();
    if let Question::RunCommands { commands } = question
        && (output.yes || is_alone)
    {
        // To agree to gates is not to agree to what models write.
        let reason = match output.yes {
            true => "`--yes` answers for gates only",
            false => "nobody is at a terminal to be asked",
        };
        return Ok(Some((name, commands_answer(commands, false, Some(reason)))));
    }
    if output.yes {
        let approves = matches!(question, Question::Approve { .. });
        return Ok(approves.then_some((name, PersonAnswer::Approved)));
    }
    if is_alone {
        return Ok(None);
    }
    print::note(&render_question(view, phase, question, folder));
    let labels: Vec<&Label> = phase.labels.iter().map(|(label, _)| label).collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    forget_what_was_typed();
    let answer = runtime.block_on(converse(question, &labels))?;
    Ok(answer.map(|answer| (name, answer)))
}

/// Whether someone is there who can be asked.
pub fn is_at_a_terminal() -> bool {
    io::stdin().is_terminal() && Screen::Stderr.is_terminal()
}

/// Whether the person at the terminal says yes; anything else is a no. Nothing has begun that Ctrl-C could not
/// simply end.
pub fn agrees(prompt: &str) -> Result<bool, Failure> {
    forget_what_was_typed();
    print::prompt(prompt);
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let said = line.trim().to_lowercase();
    Ok(matches!(said.as_str(), "y" | "yes"))
}

/// What was typed before a question is no answer to it.
fn forget_what_was_typed() {
    let _ = tcflush(io::stdin(), QueueSelector::IFlush);
}

fn commands_answer(commands: &[String], run: bool, reason: Option<&str>) -> PersonAnswer {
    PersonAnswer::Commands {
        commands: commands.to_vec(),
        run,
        reason: reason.map(str::to_owned),
    }
}

/// Asks until there is an answer; `None` for later, the end of input, and Ctrl-C.
async fn converse(question: &Question, labels: &[&Label]) -> Result<Option<PersonAnswer>, Failure> {
    let mut signals = Signals::listen()?;
    let choices = choices(question, labels);
    loop {
        let Some(line) = line(&choices, &mut signals).await else {
            return Ok(None);
        };
        match understand(&line, question, labels) {
            Said::Answer(answer) => return Ok(Some(answer)),
            Said::Reject => {
                let reason = line_of_reason(&mut signals).await;
                return Ok(reason.map(|reason| PersonAnswer::Rejected { reason }));
            }
            Said::Later => return Ok(None),
            Said::Unclear => {}
        }
    }
}

async fn line_of_reason(signals: &mut Signals) -> Option<String> {
    let reason = line("why? (may be left empty) ", signals).await?;
    Some(reason.trim().to_owned())
}

/// What was typed after this prompt. Nobody can stop a thread that reads from a terminal, so it is left
/// behind if a signal comes first; the program ends soon then.
async fn line(prompt: &str, signals: &mut Signals) -> Option<String> {
    print::prompt(prompt);
    let (tell, told) = oneshot::channel();
    std::thread::spawn(move || {
        let mut line = Vec::new();
        let read = io::stdin().lock().read_until(b'\n', &mut line);
        let some = read.is_ok_and(|bytes| bytes > 0);
        // Whoever asked may have been interrupted meanwhile.
        let _ = tell.send(some.then(|| String::from_utf8_lossy(&line).into_owned()));
    });
    let line = tokio::select! {
        line = told => line.ok().flatten(),
        _ = signals.next() => None,
    };
    if line.is_none() {
        print::note("");
    }
    line
}

fn choices(question: &Question, labels: &[&Label]) -> String {
    match question {
        Question::Approve { .. } => "[a]pprove, [r]eject or [l]ater? ".to_owned(),
        Question::RunCommands { .. } => "[r]un them, [s]kip them or [l]ater? ".to_owned(),
        Question::PickWinner { .. } => {
            let labels: Vec<&str> = labels.iter().map(|label| label.as_str()).collect();
            format!("{} or later? ", labels.join(", "))
        }
    }
}

/// What a line says.
#[derive(Debug, PartialEq)]
enum Said {
    /// An answer.
    Answer(PersonAnswer),
    /// No; the reason is to be asked for.
    Reject,
    /// Not now.
    Later,
    /// Nothing that could be understood.
    Unclear,
}

fn understand(line: &str, question: &Question, labels: &[&Label]) -> Said {
    let line = line.trim();
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let word = word.to_lowercase();
    match question {
        Question::Approve { .. } => match (word.as_str(), rest.trim()) {
            ("a" | "approve" | "y" | "yes", "") => Said::Answer(PersonAnswer::Approved),
            ("r" | "reject" | "n" | "no", "") => Said::Reject,
            ("r" | "reject" | "n" | "no", reason) => Said::Answer(PersonAnswer::Rejected {
                reason: reason.to_owned(),
            }),
            ("l" | "later", "") => Said::Later,
            _ => Said::Unclear,
        },
        Question::RunCommands { commands } => match line.to_lowercase().as_str() {
            "r" | "run" | "y" | "yes" => Said::Answer(commands_answer(commands, true, None)),
            "s" | "skip" | "n" | "no" => Said::Answer(commands_answer(commands, false, None)),
            "l" | "later" => Said::Later,
            _ => Said::Unclear,
        },
        Question::PickWinner { .. } => {
            let label = labels
                .iter()
                .find(|label| label.as_str().eq_ignore_ascii_case(line));
            match label {
                Some(label) => Said::Answer(PersonAnswer::Picked((*label).clone())),
                None if word == "later" => Said::Later,
                None => Said::Unclear,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_approval_is_never_guessed() {
        let gate = Question::Approve {
            text: "Go on?".to_owned(),
        };
        let said = |line: &str| understand(line, &gate, &[]);
        for yes in ["a\n", " Approve ", "yes"] {
            assert_eq!(said(yes), Said::Answer(PersonAnswer::Approved), "{yes}");
        }
        for unclear in ["", "\n", "approve it", "ok", "a b", "maybe", "later on"] {
            assert_eq!(said(unclear), Said::Unclear, "{unclear}");
        }
        assert_eq!(said("r"), Said::Reject);
        let reason = "it forgets the proxies".to_owned();
        assert_eq!(
            said("r it forgets the proxies\n"),
            Said::Answer(PersonAnswer::Rejected { reason })
        );
        assert_eq!(said("l"), Said::Later);
    }

    #[test]
    fn a_pick_is_a_label_of_this_phase() {
        let pick = Question::PickWinner {
            reason: "no verdict".to_owned(),
        };
        let all: Vec<Label> = (0..12).map(Label::at).collect();
        let all: Vec<&Label> = all.iter().collect();
        let picked = |label: &str| Said::Answer(PersonAnswer::Picked(Label::from(label)));
        assert_eq!(understand("b\n", &pick, &all), picked("B"));
        assert_eq!(understand("L", &pick, &all), picked("L"));
        assert_eq!(understand("C", &pick, &all[..2]), Said::Unclear);
        assert_eq!(understand("later", &pick, &all), Said::Later);
        assert_eq!(choices(&pick, &all[..2]), "A, B or later? ");
    }
}
