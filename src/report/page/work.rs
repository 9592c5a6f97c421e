//! The work: tasks, the diff of each call with the findings about its lines, what verified it, what audits said.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::Page;
use super::diff::{FileDiff, files};
use super::proposals::author;
use super::table::{more, table};
use super::texts::{raw, remark, rest};
use crate::model::{Artifact, Audit, AuditVerdict, Finding, Label, Purpose, VerifyOutcome};
use crate::report::view::{PhaseView, RunView, model};
use crate::report::view_task::{TaskState, TaskView};
use crate::report::words::{clean, failure_word, or_nothing, title, word};
use crate::report::words_work::{
    changes_words, finding_place, findings_words, lines_words, task_word, verify_words, worst_first,
};
use crate::run::{CallState, Verified};

/// Rows of a table that a person still reads.
const ROWS: usize = 200;

/// What a call changed, as its patch tells.
struct Edited<'a> {
    call: &'a CallState,
    patch: &'a Artifact,
    is_in_result: bool,
    is_cut: bool,
    files: Vec<FileDiff<'a>>,
}

/// An audit with the numbers of its findings on the page.
struct Audited<'a> {
    phase: PhaseView<'a>,
    call: &'a CallState,
    audit: &'a Audit,
    findings: Vec<(usize, &'a Finding)>,
}

/// Diffs and findings, and which belong together.
pub(super) struct Work<'a> {
    page: &'a Page<'a>,
    edited: Vec<Edited<'a>>,
    audits: Vec<Audited<'a>>,
    /// Of a finding's number: the edit, the file in it, the line if it is shown.
    places: BTreeMap<usize, (usize, usize, Option<u64>)>,
}

impl<'a> Work<'a> {
    pub(super) fn of(page: &'a Page<'a>) -> Self {
        let in_result = page.shown.view.contributions();
        let edited = page
            .shown
            .view
            .state
            .calls()
            .filter(|call| call.reused.is_none() && !lost(page.shown.view, call))
            .filter_map(|call| {
                let patch = call.result()?.changes.as_ref()?.patch.as_ref()?;
                let (text, is_cut) = page.texts.part(patch)?;
                Some(Edited {
                    call,
                    patch,
                    is_in_result: in_result.iter().any(|(one, _)| one.spec.id == call.spec.id),
                    is_cut,
                    files: files(text),
                })
            });
        let edited: Vec<Edited<'a>> = edited.collect();
        let mut numbers = 1_usize..;
        let phases: Vec<PhaseView<'a>> = page.shown.view.phases().collect();
        let audits = phases
            .iter()
            .flat_map(|phase| page.shown.view.audits(*phase).map(|found| (*phase, found)));
        let audits = audits.map(|(phase, (call, audit))| Audited {
            phase,
            call,
            audit,
            findings: worst_first(&audit.findings)
                .into_iter()
                .zip(numbers.by_ref())
                .map(|(finding, number)| (number, finding))
                .collect(),
        });
        let audits: Vec<Audited<'a>> = audits.collect();
        let places = audits.iter().flat_map(|audited| {
            let findings = audited.findings.iter();
            findings.filter_map(|(number, finding)| {
                Some((*number, place(&edited, audited.call, finding)?))
            })
        });
        let places = places.collect();
        Self {
            page,
            edited,
            audits,
            places,
        }
    }

    pub(super) fn tasks(&self) -> Option<Markup> {
        let heads = [
            "task", "category", "model", "state", ">tries", "changed", "its test",
        ];
        let lists = self.page.shown.view.phases().filter_map(|phase| {
            let tasks = self.page.shown.view.tasks(phase);
            let rows = html! { @for task in tasks.iter().take(ROWS) { (self.task(task)) } };
            let label = format!("Tasks of {}", clean(phase.name()));
            (!tasks.is_empty())
                .then(|| html! { (table(&label, &heads, &rows)) (more(tasks.len(), ROWS, "")) })
        });
        let lists: Vec<Markup> = lists.collect();
        (!lists.is_empty()).then(|| html! { @for list in &lists { (list) } })
    }

    fn task(&self, task: &TaskView<'_>) -> Markup {
        let calls = self.page.shown.view.state.calls().filter(|call| {
            let its = call
                .spec
                .task
                .as_ref()
                .is_some_and(|one| one.id == task.task.id);
            its && call.spec.purpose == Purpose::Task
        });
        let tries: usize = calls.map(|call| call.attempts.len()).sum();
        let edit = task.call.and_then(|call| {
            self.edited
                .iter()
                .position(|one| one.call.spec.id == call.spec.id)
        });
        let tone = match task.state {
            TaskState::Done => "good",
            TaskState::Failed(_) => "bad",
            TaskState::Waiting | TaskState::Running | TaskState::Checking => "calm",
        };
        html! {
            tr {
                th scope="row" { code { (clean(&task.task.id)) } " " (title(&task.task.title)) }
                td { (clean(&task.task.category)) }
                td { (or_nothing(task.call.and_then(model).map(clean))) }
                td {
                    span class={ "pill " (tone) } { (task_word(task.state)) }
                    @if let TaskState::Failed(failure) = task.state { " " (failure_word(failure.kind)) }
                }
                td.number { (tries) }
                td {
                    @let words = changes_words(task.files.iter().copied());
                    @if let Some(edit) = edit { a href=(format!("#edit-{edit}")) { (words) } } @else { (words) }
                }
                td { (or_nothing(task.verified.map(|one| verify_words(&one.verification)))) }
            }
        }
    }

    /// The files that the run changed, and the patch of each call.
    pub(super) fn changes(&self) -> Option<Markup> {
        let files = self.page.shown.view.changed_files();
        if files.is_empty() && self.edited.is_empty() {
            return None;
        }
        let rows = html! {
            @for file in files.iter().take(ROWS) {
                tr {
                    th scope="row" {
                        code { (clean(&file.path)) }
                        @if let Some(from) = &file.from { " (was " code { (clean(from)) } ")" }
                    }
                    td { (word(file.kind)) }
                    td.number { (lines_words(file.lines)) }
                    td { @for call in &file.by { span.by { (self.name(call)) } " " } }
                }
            }
        };
        Some(html! {
            @if !files.is_empty() { (table("Changed files", &["file", "what", ">lines", "by"], &rows)) }
            (more(files.len(), ROWS, "; `tipstaff diff` has all"))
            @for (index, edited) in self.edited.iter().enumerate() { (self.edit(index, edited)) }
        })
    }

    fn edit(&self, index: usize, edited: &Edited<'_>) -> Markup {
        let small = edited.files.iter().map(FileDiff::len).sum::<usize>() <= 80;
        html! {
            section.edit id=(format!("edit-{index}")) {
                h3 {
                    (self.name(edited.call)) " "
                    @if letter(self.page.shown.view, edited.call).is_none() {
                        span.dim { (self.page.shown.view.model_words(&edited.call.spec.id)) }
                    }
                    @if !edited.is_in_result { " " span.pill.calm { "not in the result" } }
                }
                @for (number, file) in edited.files.iter().enumerate() {
                    (file.render(&format!("d{index}-{number}"), &self.marked(index, number), small && edited.is_in_result))
                }
                @if edited.is_cut { (rest(edited.patch)) }
            }
        }
    }

    /// A call by its name; a proposal by its letter.
    fn name(&self, call: &CallState) -> Markup {
        let view = self.page.shown.view;
        match letter(view, call) {
            Some(letter) => {
                html! { "Proposal " (clean(letter)) " of " (clean(&call.spec.phase)) " " (author(view, &call.spec.id)) }
            }
            None => html! { (title(call.spec.id.as_str())) },
        }
    }

    /// The lines of a file that findings are about, each with the first one's id.
    fn marked(&self, edit: usize, file: usize) -> BTreeMap<u64, String> {
        let its = self
            .places
            .iter()
            .rev()
            .filter(|(_, place)| (place.0, place.1) == (edit, file));
        its.filter_map(|(number, place)| Some((place.2?, format!("finding-{number}"))))
            .collect()
    }

    pub(super) fn verified(&self) -> Option<Markup> {
        let all = &self.page.shown.view.state.verified;
        let rows = html! { @for one in all.iter().rev().take(ROWS).rev() { (self.command(one)) } };
        let table = table(
            "Commands that verified the changes",
            &["command", "of", "result", ">time"],
            &rows,
        );
        (!all.is_empty()).then(|| html! { (table) (more(all.len(), ROWS, " before these")) })
    }

    fn command(&self, one: &Verified) -> Markup {
        let verification = &one.verification;
        let tone = match verification.outcome {
            VerifyOutcome::Passed => "good",
            _ if verification.is_bad() => "bad",
            _ => "odd",
        };
        html! {
            tr {
                th scope="row" {
                    code { (clean(&verification.command)) }
                    @if verification.is_bad() {
                        details {
                            summary { "what it printed" }
                            (raw(self.page.texts, &verification.output, "What the command printed"))
                        }
                    }
                }
                td {
                    (clean(&one.phase))
                    @if let Some(task) = &one.task { ", " (clean(task)) }
                    @if one.round > 1 { ", round " (one.round) }
                }
                td { span class={ "pill " (tone) } { (verify_words(verification)) } }
                td.number { (verification.wall) }
            }
        }
    }

    pub(super) fn audited(&self) -> Option<Markup> {
        (!self.audits.is_empty())
            .then(|| html! { @for audited in self.audits.iter().rev() { (self.audit(audited)) } })
    }

    fn audit(&self, audited: &Audited<'_>) -> Markup {
        let tone = match audited.audit.verdict {
            AuditVerdict::Pass => "good",
            AuditVerdict::Fail => "bad",
        };
        html! {
            h3 {
                (clean(audited.phase.name()))
                @if !audited.phase.state.past.is_empty() { ", round " (audited.call.spec.id.round()) }
                " " span class={ "pill " (tone) } { (word(audited.audit.verdict)) }
            }
            p.dim { (self.page.shown.view.model_words(&audited.call.spec.id)) ", " (findings_words(&audited.audit.findings)) }
            blockquote { (remark(&audited.audit.summary)) }
            @if !audited.findings.is_empty() {
                ul.findings { @for (number, finding) in audited.findings.iter().take(ROWS) { (self.finding(*number, finding)) } }
            }
            (more(audited.findings.len(), ROWS, ""))
        }
    }

    fn finding(&self, number: usize, finding: &Finding) -> Markup {
        let link = self
            .places
            .get(&number)
            .map(|(edit, file, line)| match line {
                Some(line) => format!("#d{edit}-{file}-{line}"),
                None => format!("#d{edit}-{file}"),
            });
        let severity = word(finding.severity);
        html! {
            li id=(format!("finding-{number}")) {
                span class={ "pill " (severity) } { (severity) } " "
                @if let Some(link) = link { a href=(link) { code { (finding_place(finding)) } } }
                @else if finding.file.is_some() { code { (finding_place(finding)) } }
                p { (remark(&finding.problem)) }
                @if let Some(fix) = &finding.fix { p.fix { b { "Fix: " } (remark(fix)) } }
            }
        }
    }
}

/// The letter of a call that is a sealed proposal.
fn letter<'a>(view: &'a RunView, call: &CallState) -> Option<&'a Label> {
    let sealed = view.state.phase(&call.spec.phase)?.sealed()?;
    let found = sealed.iter().find(|(_, known)| *known == call.spec.id);
    found.map(|(label, _)| label)
}

/// Whether it is a proposal that did not win: it is shown with the others.
fn lost(view: &RunView, call: &CallState) -> bool {
    let phase = view.state.phase(&call.spec.phase);
    letter(view, call).is_some() && phase.is_some_and(|phase| !phase.has_won(&call.spec.id))
}

/// Where a finding's line is shown: in the last edit before the audit that has it, else that has the file.
fn place(
    edited: &[Edited<'_>],
    audit: &CallState,
    finding: &Finding,
) -> Option<(usize, usize, Option<u64>)> {
    let path = finding.file.as_deref()?.trim_start_matches("./");
    let before = edited
        .iter()
        .enumerate()
        .rev()
        .filter(|(_, one)| one.call.created <= audit.created);
    let files = before.flat_map(|(edit, one)| {
        let files = one.files.iter().enumerate();
        files
            .filter(|(_, file)| file.path == path)
            .map(move |(number, file)| (edit, number, file))
    });
    let files: Vec<(usize, usize, &FileDiff<'_>)> = files.collect();
    let line = finding
        .line
        .filter(|line| files.iter().any(|(.., file)| file.has(*line)));
    let found = files
        .iter()
        .find(|(.., file)| line.is_none_or(|line| file.has(line)));
    found.map(|(edit, number, _)| (*edit, *number, line))
}
