//! Recorded output of agents, from `fixtures/transcripts/KIND`, for the tests of this module.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::testing::Bench;
use super::{Carried, Ending, FinalMessage, Signal, Transcript, conclude, of};
use crate::model::{ExitStatus, Failure, FailureKind, Usage};
use crate::plan::AgentKind;

/// How a recorded attempt ended.
#[derive(Debug)]
pub(super) enum Case {
    Answered(&'static str),
    Failed(FailureKind),
    /// It failed, and the exit code may say how.
    Exited(i32, FailureKind),
}

fn folder(kind: AgentKind) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.join("fixtures/transcripts").join(kind.word())
}

/// What is made of a recording, after which the process exited with 1.
pub(super) fn judge(kind: AgentKind, case: &str) -> (Transcript, Result<FinalMessage, Failure>) {
    judge_exit(kind, case, 1)
}

/// The same with another exit code.
pub(super) fn judge_exit(
    kind: AgentKind,
    case: &str,
    exit: i32,
) -> (Transcript, Result<FinalMessage, Failure>) {
    let read = |extension| {
        let path = folder(kind).join(case).with_extension(extension);
        std::fs::read_to_string(path).unwrap_or_default()
    };
    let (events, errors) = (read("jsonl"), read("stderr"));
    let agent = Bench::new(kind).agent;
    let mut decoder = (of(kind).decoder)(&agent, &Carried::default());
    let mut transcript = Transcript::of(&agent, None);
    for line in errors.lines() {
        let retried = decoder.stderr_line(line).map(Signal::Retried);
        retried
            .into_iter()
            .for_each(|signal| transcript.apply(signal));
    }
    for signal in events.lines().flat_map(|line| decoder.line(line)) {
        transcript.apply(signal);
    }
    let exit = Some(ExitStatus::Exited(exit));
    let end = conclude(
        &transcript,
        &Ending {
            exit,
            stderr_tail: &errors,
            decoder: &*decoder,
            contract_met: false,
            answer_left: false,
            is_closed: true,
        },
    );
    (transcript, end)
}

/// Checks the end of every recording of a kind; one that the table lacks is a mistake.
#[track_caller]
pub(super) fn kinds_of(kind: AgentKind, table: &[(&str, Case)]) {
    let files = std::fs::read_dir(folder(kind))
        .expect("recordings")
        .flatten();
    let recorded: BTreeSet<String> = files
        .filter_map(|file| Some(file.path().file_stem()?.to_string_lossy().into_owned()))
        .filter(|name| name != "README")
        .collect();
    let listed: BTreeSet<String> = table.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(recorded, listed);
    for (name, expected) in table {
        let (_, end) = match expected {
            Case::Exited(exit, _) => judge_exit(kind, name, *exit),
            Case::Answered(_) | Case::Failed(_) => judge(kind, name),
        };
        match (expected, &end) {
            (Case::Answered(text), Ok(answer)) => {
                assert_eq!(answer.text.as_deref().map(str::trim), Some(*text), "{name}");
            }
            (Case::Failed(kind) | Case::Exited(_, kind), Err(failure)) => {
                assert_eq!(failure.kind, *kind, "{name}: {failure:?}")
            }
            _ => panic!("{name}: {end:?} instead of {expected:?}"),
        }
    }
}

#[test]
fn what_is_not_understood_is_noise() {
    let program = |kind: &AgentKind| !matches!(kind, AgentKind::Command);
    let kinds = AgentKind::WORDS
        .iter()
        .filter_map(|word| AgentKind::of(word));
    for kind in kinds.filter(program) {
        for line in [
            "",
            "not json",
            "[]",
            "{}",
            r#"{"type":7}"#,
            r#"{"type":"thought"}"#,
            r#"{"type":"user","message":"x"}"#,
            "\u{feff}{",
        ] {
            let mut decoder = (of(kind).decoder)(&Bench::new(kind).agent, &Carried::default());
            assert_eq!(decoder.line(line), [Signal::Noise], "{kind:?}: {line}");
        }
    }
}

#[test]
fn usage_of_the_whole_and_tools_are_told() {
    let codex = "- said: step 0\n- shell echo hello > a.txt && ls\n- shell exit 3 (an error)\n\
                 - apply_patch /workspace/.tipstaff/out/plan.md\n- said: All done.\n";
    let gemini = "- said: step 0\n- write_file out/plan.md\n- run_shell_command exit 3\n\
                  - read_file workspace/nope.txt (an error)\n- run_shell_command env | sort; ls -la .tipstaff\n\
                  - said: All done.\n";
    let expected = Usage {
        requests: 1,
        input: 3010,
        output: 200,
        reasoning: 50,
        cache_read: 2000,
        ..Usage::default()
    };
    for (kind, log) in [(AgentKind::Codex, codex), (AgentKind::Gemini, gemini)] {
        let (transcript, _) = judge(kind, "tools");
        assert_eq!(transcript.usage(), expected, "{kind:?}");
        assert_eq!(transcript.worklog().to_string(), log);
    }
}
