//! Results of verifying commands in words: for handoffs, and as an input of later phases.

use std::fmt::Write as _;

use crate::model::{Verification, VerifyOutcome};

/// How much of what failed commands printed is shown, in bytes, all of them together. It is in the
/// prompts of those who go on.
const MOST_OUTPUT: usize = 16 << 10;

/// The results of verifying commands as a document, each with the end of what it printed. What passed
/// is named and no more, and so is what was not run because nobody allowed it.
pub fn render_verifications(results: &[(&Verification, &str)], not_run: &[&str]) -> String {
    let mut out = "# Commands run by tipstaff\n".to_owned();
    let failed = results
        .iter()
        .filter(|(result, _)| result.outcome != VerifyOutcome::Passed);
    let share = MOST_OUTPUT / failed.count().max(1);
    for (result, output) in results {
        let _ = writeln!(out, "\n- {}", sentence(result));
        let output = end_of(output.trim_end(), share);
        if result.outcome == VerifyOutcome::Passed {
            continue;
        }
        if output.trim().is_empty() {
            out.push_str("\n  It printed nothing.\n");
        } else {
            let fence = fence(output);
            let _ = write!(out, "\n{fence}text\n{output}\n{fence}\n");
        }
    }
    for command in not_run {
        let _ = writeln!(
            out,
            "\n- `{command}`: NOT RUN; a model wrote it, and nobody allowed it"
        );
    }
    out
}

/// The last lines that have room in `most` bytes.
fn end_of(output: &str, most: usize) -> &str {
    if output.len() <= most {
        return output;
    }
    let from = output.ceil_char_boundary(output.len() - most);
    let line = output[from..].find('\n').map_or(0, |end| end + 1);
    &output[from + line..]
}

/// How a command ended, in a sentence.
pub fn sentence(result: &Verification) -> String {
    let exit = match result.exit {
        Some(code) => format!("exit code {code}"),
        None => "a signal".to_owned(),
    };
    let how = match result.outcome {
        VerifyOutcome::Passed => "passed".to_owned(),
        VerifyOutcome::Failed => format!("FAILED with {exit}"),
        VerifyOutcome::AlreadyFailing => {
            format!("fails with {exit}, as it did before the changes")
        }
        VerifyOutcome::Flaky => {
            "FLAKY: passed once and failed once, so it tells nothing".to_owned()
        }
        VerifyOutcome::TimedOut => "DID NOT END in time".to_owned(),
        VerifyOutcome::TooMuchOutput => "PRINTED TOO MUCH and was ended".to_owned(),
        VerifyOutcome::TooMuchUsed => "USED TOO MUCH and was ended".to_owned(),
    };
    let seconds = result.wall.0 / 1000;
    format!("`{}`: {how} ({seconds} s)", result.command)
}

/// A fence that the output cannot close.
fn fence(output: &str) -> String {
    let longest = output
        .lines()
        .map(|line| line.trim_start().chars().take_while(|c| *c == '`').count())
        .max();
    "`".repeat(longest.unwrap_or_default().max(2) + 1)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::context::testing::artifact;
    use crate::model::Millis;

    /// A command that failed because of the changes.
    pub(in crate::context) fn failed(command: &str) -> Verification {
        Verification {
            command: command.to_owned(),
            outcome: VerifyOutcome::Failed,
            exit: Some(1),
            wall: Millis(2_400),
            output: artifact("verify.log"),
        }
    }

    #[test]
    fn what_failed_shows_its_output_and_what_passed_does_not() {
        let failed = failed("npm test");
        let passed = Verification {
            outcome: VerifyOutcome::Passed,
            exit: Some(0),
            ..failed.clone()
        };
        assert_eq!(
            render_verifications(
                &[(&passed, "ok 1"), (&failed, "```\nnot ok 2\n")],
                &["curl x"]
            ),
            "# Commands run by tipstaff\n\n- `npm test`: passed (2 s)\n\n\
             - `npm test`: FAILED with exit code 1 (2 s)\n\n````text\n```\nnot ok 2\n````\n\n\
             - `curl x`: NOT RUN; a model wrote it, and nobody allowed it\n"
        );
    }

    #[test]
    fn many_failures_share_the_room_and_show_their_ends() {
        let failed = failed("npm test");
        let printed = format!("{}the end\n", "a line\n".repeat(2000));
        for count in [1, 3, 40] {
            let results = vec![(&failed, printed.as_str()); count];
            let text = render_verifications(&results, &[]);
            assert!(text.len() < MOST_OUTPUT + 100 * count, "{}", text.len());
            assert_eq!(text.matches("a line\nthe end\n```\n").count(), count);
        }
        assert_eq!(end_of("aü", 1), "");
    }

    #[test]
    fn what_failed_before_is_told_apart() {
        let before = Verification {
            outcome: VerifyOutcome::AlreadyFailing,
            exit: None,
            ..failed("make check")
        };
        assert_eq!(
            sentence(&before),
            "`make check`: fails with a signal, as it did before the changes (2 s)"
        );
    }
}
