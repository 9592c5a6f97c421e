//! Asking the person at the terminal what a run waits for.
//!
//! The supervisor stays while the question is open and goes on with the answer. It is asked on a thread of
//! its own, which gives up as soon as the answer came from elsewhere.

use std::io::{self, BufRead, IsTerminal};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rustix::termios::{QueueSelector, tcflush};
use tokio::sync::mpsc;

use super::args::OutputArgs;
use super::failure::Failure;
use super::{pager, print};
use crate::engine::Input;
use crate::model::{Label, PersonAnswer, PhaseName, Question};
use crate::report::Screen;
use crate::run::{PhaseEvent, PhaseState};

/// How often the asking thread looks whether it is still to ask, in milliseconds.
const LOOK: u16 = 100;

/// Whoever answers the questions of a run.
#[derive(Debug)]
pub struct Asker {
    who: Who,
    /// Tells the thread that asks to give up.
    asking: Option<Arc<AtomicBool>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    /// `--yes`: every gate opens.
    Yes,
    Person,
    /// Somebody, with `tipstaff approve` and the like: the question stays open.
    Elsewhere,
    Nobody,
}

impl Asker {
    /// By the flags and the terminal.
    pub fn new(output: &OutputArgs) -> Self {
        let who = match is_at_a_terminal() && !output.json {
            _ if output.yes => Who::Yes,
            _ if output.detach => Who::Elsewhere,
            true => Who::Person,
            false => Who::Nobody,
        };
        Self { who, asking: None }
    }

    /// Asks; the answer, or that none comes now, is sent to the run.
    pub fn ask(
        &mut self,
        shown: impl FnOnce() -> String,
        (phase, state): (&PhaseName, &PhaseState),
        (none, document): (bool, Option<PathBuf>),
        answers: mpsc::UnboundedSender<Input>,
    ) {
        if self.who == Who::Elsewhere {
            return;
        }
        let phase = phase.clone();
        let input = move |said: Option<(PersonAnswer, String)>| match said {
            Some((answer, because)) => Input::Answered {
                acts: vec![PhaseEvent::PersonAnswered { answer, because }.of(phase.clone())],
            },
            None => Input::Unanswered,
        };
        let Some(question) = state.asked.clone().filter(|_| self.who == Who::Person) else {
            let said = state.asked.as_ref().and_then(|asked| self.by_rule(asked));
            let said = said.map(|answer| (answer, String::new()));
            // The run holds the other end for as long as it asks.
            let _ = answers.send(input(said));
            return;
        };
        print::note(&shown());
        forget_what_was_typed();
        let over = Arc::new(AtomicBool::new(false));
        self.asking = Some(over.clone());
        let sealed = state.sealed().unwrap_or_default();
        let talk = Talk {
            question,
            labels: sealed.iter().map(|(label, _)| label.clone()).collect(),
            none,
            document,
            over,
        };
        std::thread::spawn(move || {
            let said = talk.converse();
            if !talk.is_over() {
                let _ = answers.send(input(said));
            }
        });
    }

    /// Whether nothing goes on before a person has answered.
    pub fn leaves_open(&self, question: &Question) -> bool {
        self.who == Who::Elsewhere || self.by_rule(question).is_none()
    }

    /// The answer of who is not asked. To agree to gates is not to agree to what models write.
    fn by_rule(&self, question: &Question) -> Option<PersonAnswer> {
        match (self.who, question) {
            (Who::Yes, Question::Approve { .. }) => Some(PersonAnswer::Approved),
            (who, Question::RunCommands { commands }) => {
                let reason = match who {
                    Who::Yes => "`--yes` answers for gates only",
                    Who::Person | Who::Elsewhere | Who::Nobody => {
                        "nobody is at a terminal to be asked"
                    }
                };
                Some(commands_answer(commands, false, Some(reason)))
            }
            (_, Question::Approve { .. } | Question::PickWinner { .. }) => None,
        }
    }

    /// Nobody has to answer any more.
    pub fn stop(&mut self) {
        if let Some(over) = self.asking.take() {
            over.store(true, Ordering::Relaxed);
        }
    }
}

/// Whether someone is there who can be asked.
pub fn is_at_a_terminal() -> bool {
    io::stdin().is_terminal() && Screen::Stderr.is_terminal()
}

/// Whether the person at the terminal says yes; anything else is a no. Nothing has begun that Ctrl-C could not
/// simply end.
pub fn agrees(prompt: &str) -> Result<bool, Failure> {
    Ok(matches!(answer(prompt)?.as_str(), "y" | "yes"))
}

/// The same where nothing but a no, or the end of the input, is one.
pub fn does_not_refuse(prompt: &str) -> Result<bool, Failure> {
    Ok(matches!(answer(prompt)?.as_str(), "" | "y" | "yes"))
}

fn answer(prompt: &str) -> Result<String, Failure> {
    forget_what_was_typed();
    print::prompt(prompt);
    let mut line = String::new();
    match io::stdin().lock().read_line(&mut line)? {
        0 => Ok("no".to_owned()),
        _ => Ok(line.trim().to_lowercase()),
    }
}

/// What was typed before a question is no answer to it.
fn forget_what_was_typed() {
    let _ = tcflush(io::stdin(), QueueSelector::IFlush);
}

/// What the person at the terminal says to commands of a model.
pub fn commands_answer(commands: &[String], run: bool, reason: Option<&str>) -> PersonAnswer {
    PersonAnswer::Commands {
        commands: commands.to_vec(),
        run,
        reason: reason.map(str::to_owned),
    }
}

/// A question and the one who is asked.
struct Talk {
    question: Question,
    labels: Vec<Label>,
    /// Whether to find none good enough is an answer.
    none: bool,
    /// What there is to look at and to change.
    document: Option<PathBuf>,
    over: Arc<AtomicBool>,
}

impl Talk {
    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Asks until there is an answer, with its words; `None` for later and for the end of input.
    fn converse(&self) -> Option<(PersonAnswer, String)> {
        loop {
            let can = (self.none, self.document.is_some());
            let line = self.line(&choices(&self.question, &self.labels, can))?;
            match understand(&line, &self.question, &self.labels) {
                Said::Answer(answer) => return Some((answer, String::new())),
                Said::Reject => {
                    let reason = self.line("why? (may be left empty) ")?.trim().to_owned();
                    return Some((PersonAnswer::Rejected { reason }, String::new()));
                }
                Said::SendBack if self.none => {
                    let because = self.line("what is wrong with it? ")?.trim().to_owned();
                    if !because.is_empty() {
                        let answer = match self.question {
                            Question::Approve { .. } => PersonAnswer::Again,
                            _ => PersonAnswer::SentBack,
                        };
                        return Some((answer, because));
                    }
                }
                Said::Later => return None,
                Said::View => self.document.iter().for_each(|path| pager::view(path)),
                Said::Edit => self.document.iter().for_each(|path| pager::edit(path)),
                Said::SendBack | Said::Unclear => {}
            }
        }
    }

    /// What was typed after this prompt.
    fn line(&self, prompt: &str) -> Option<String> {
        print::prompt(prompt);
        let stdin = io::stdin();
        let mut line = Vec::new();
        while !self.is_over() {
            let mut fds = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
            // Whatever else it says shows when it is read.
            if poll(&mut fds, PollTimeout::from(LOOK)) == Ok(0) {
                continue;
            }
            let read = stdin.lock().read_until(b'\n', &mut line);
            if read.is_ok_and(|bytes| bytes > 0) {
                return Some(String::from_utf8_lossy(&line).into_owned());
            }
            break;
        }
        print::note("");
        None
    }
}

fn choices(question: &Question, labels: &[Label], (none, document): (bool, bool)) -> String {
    match question {
        Question::Approve { .. } => {
            let look = if document { "[v]iew, [e]dit, " } else { "" };
            let back = if none { "send [b]ack, " } else { "" };
            format!("{look}[a]pprove, {back}[r]eject or [l]ater? ")
        }
        Question::RunCommands { .. } => "[r]un them, [s]kip them or [l]ater? ".to_owned(),
        Question::PickWinner { .. } => {
            let labels: Vec<&str> = labels.iter().map(|label| label.as_str()).collect();
            let none = if none { ", none" } else { "" };
            format!("{}{none} or later? ", labels.join(", "))
        }
    }
}

/// What a line says.
#[derive(Debug, PartialEq)]
enum Said {
    Answer(PersonAnswer),
    /// No; the reason is to be asked for.
    Reject,
    /// It is not good enough; what is wrong is to be asked for.
    SendBack,
    /// What the question is about is to be shown, or changed.
    View,
    Edit,
    Later,
    Unclear,
}

fn understand(line: &str, question: &Question, labels: &[Label]) -> Said {
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
            ("b" | "back", "") => Said::SendBack,
            ("v" | "view", "") => Said::View,
            ("e" | "edit", "") => Said::Edit,
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
                Some(label) => Said::Answer(PersonAnswer::Picked(label.clone())),
                None if word == "none" => Said::SendBack,
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
            kind: None,
        };
        let all: Vec<Label> = (0..12).map(Label::at).collect();
        let picked = |label: &str| Said::Answer(PersonAnswer::Picked(Label::from(label)));
        assert_eq!(understand("b\n", &pick, &all), picked("B"));
        assert_eq!(understand("L", &pick, &all), picked("L"));
        assert_eq!(understand("C", &pick, &all[..2]), Said::Unclear);
        assert_eq!(understand("later", &pick, &all), Said::Later);
        assert_eq!(understand("None\n", &pick, &all), Said::SendBack);
        assert_eq!(
            choices(&pick, &all[..2], (true, false)),
            "A, B, none or later? "
        );
        assert_eq!(choices(&pick, &all[..2], (false, false)), "A, B or later? ");
    }
}
