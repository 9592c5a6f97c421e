//! Small words about the work: tasks, changed files, verification, audits.

use crate::model::{ChangedFile, Finding, Label, PhaseName, Severity, Verification, VerifyOutcome};

use crate::run::{Out, Verified};

use super::view::RunView;
use super::view_task::TaskState;
use super::words::{NOTHING, clean, counted, word};

pub(super) fn task_word(state: TaskState<'_>) -> &'static str {
    match state {
        TaskState::Waiting => "waiting",
        TaskState::Running => "running",
        TaskState::Checking => "checking",
        TaskState::Done => "done",
        TaskState::Failed(_) => "failed",
    }
}

/// How a verifying command ended, in few words.
pub(super) fn verify_words(verification: &Verification) -> String {
    match verification.outcome {
        VerifyOutcome::Passed => "passed".to_owned(),
        VerifyOutcome::Failed => format!("failed ({})", exit_words(verification.exit)),
        VerifyOutcome::AlreadyFailing => "failed before too".to_owned(),
        VerifyOutcome::Flaky => "flaky".to_owned(),
        VerifyOutcome::TimedOut => "timed out".to_owned(),
        VerifyOutcome::TooMuchOutput => "printed too much".to_owned(),
        VerifyOutcome::TooMuchUsed => "used too much".to_owned(),
    }
}

/// How commands ended: `3 passed, 1 failed before too`.
pub(super) fn proved<'a>(commands: impl Iterator<Item = &'a Verified>) -> String {
    let mut counts: Vec<(u64, String)> = Vec::new();
    for one in commands {
        let words = verify_words(&one.verification);
        match counts.iter_mut().find(|(_, known)| *known == words) {
            Some((count, _)) => *count += 1,
            None => counts.push((1, words)),
        }
    }
    let words = counts
        .iter()
        .map(|(count, words)| format!("{count} {words}"));
    words.collect::<Vec<_>>().join(", ")
}

/// Why a candidate cannot win, or what it mends; nothing where no command speaks against or for it.
pub(super) fn candidate_words(view: &RunView, phase: &PhaseName, label: &Label) -> Option<String> {
    let all = view.state.candidates(phase);
    let candidate = all.iter().find(|one| one.label == label)?;
    match candidate.out {
        Some(Out::SameAs(first)) => Some(format!("same as {}", clean(first))),
        Some(Out::Fails(result)) => Some(format!("fails {}", clean(&result.command))),
        None => (candidate.mends > 0).then(|| format!("mends {}", candidate.mends)),
    }
}

/// How a process ended: `exit 1`, or by a signal.
pub(super) fn exit_words(exit: Option<i32>) -> String {
    exit.map_or_else(|| "killed".to_owned(), |code| format!("exit {code}"))
}

/// `1 blocker, 2 minor`; `no findings`.
pub(super) fn findings_words(findings: &[Finding]) -> String {
    let counts = [Severity::Blocker, Severity::Major, Severity::Minor].map(|severity| {
        let count = findings
            .iter()
            .filter(|one| one.severity == severity)
            .count();
        (count > 0).then(|| format!("{count} {}", word(severity)))
    });
    let words: Vec<String> = counts.into_iter().flatten().collect();
    match words.is_empty() {
        true => "no findings".to_owned(),
        false => words.join(", "),
    }
}

pub(super) fn worst_first(findings: &[Finding]) -> Vec<&Finding> {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| match finding.severity {
        Severity::Blocker => 0,
        Severity::Major => 1,
        Severity::Minor => 2,
    });
    sorted
}

/// Where a finding is: `src/a.rs:12`.
pub(super) fn finding_place(finding: &Finding) -> String {
    match (&finding.file, finding.line) {
        (Some(file), Some(line)) => format!("{}:{line}", clean(file)),
        (Some(file), None) => clean(file),
        (None, _) => NOTHING.to_owned(),
    }
}

/// `+40 -3`, or `binary`.
pub(super) fn lines_words(lines: Option<(u64, u64)>) -> String {
    lines.map_or_else(
        || "binary".to_owned(),
        |(added, removed)| format!("+{added} -{removed}"),
    )
}

/// `2 files, +40 -3`: each file once, all its lines; `no file` if none changed.
pub(super) fn changes_words<'a>(files: impl IntoIterator<Item = &'a ChangedFile>) -> String {
    let (mut paths, mut added, mut removed) = (Vec::new(), 0_u64, 0_u64);
    for file in files {
        if !paths.contains(&&file.path) {
            paths.push(&file.path);
        }
        let (more, fewer) = file.lines.unwrap_or_default();
        added = added.saturating_add(more);
        removed = removed.saturating_add(fewer);
    }
    match paths.len() {
        0 => "no file".to_owned(),
        count => format!("{}, +{added} -{removed}", counted(count as u64, "file")),
    }
}
