//! From an ended process to the attempt's report: what it left is judged, decoded and kept.

use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use crate::agents::{self, Ending};
use crate::context::{self, Decoded, HandoffLeft};
use crate::engine::Input;
use crate::files;
use crate::judge;
use crate::model::{
    Artifact, BuiltOn, CallResult, CallSpec, Changes, Contract, EditScope, Failure, FailureKind,
    FoundSecret, HandoffWords, Millis, Purpose, Rung, TreeId, Usage, WorkspaceSource,
};
use crate::process::{self, Asked, ExitRecord};

use crate::run::CallEvent;
use crate::workspace::{
    self, Allowed, ControlFiles, Edited, WorkspaceError, capture, content_at, files_and_patch, pin,
};

use super::RunContext;
use super::failure::machine;
use super::monitor::Watched;
use super::scratch::Scratch;
use super::workspaces::visible;

/// Of the leaks of its author in a proposal, so many are named one by one.
const MOST_TRACES: usize = 5;

/// Of what an agent printed on one stream, no more than this is kept in the run folder, in bytes.
const MOST_KEPT: usize = 4 << 20;

/// An agent that crashed when memory ran out did not do so by itself.
fn of_memory(failure: Failure, exit: &ExitRecord) -> Failure {
    match failure.kind {
        FailureKind::Crash if exit.memory_ran_out => {
            let message = format!("{}, as memory ran out", failure.message);
            Failure::new(FailureKind::OutOfMemory, message)
        }
        _ => failure,
    }
}

/// What an editing call changed, and what only its workspace has.
pub struct Captured {
    pub changes: Changes,
    pub patch: String,
    pub left_out: Vec<PathBuf>,
}

pub struct Ended<'a> {
    pub context: &'a RunContext,
    pub call: &'a CallSpec,
    pub attempt: u32,
    pub scratch: &'a Scratch,
    /// What the changes are compared with, if that is not what the call starts from.
    pub ground: Option<&'a TreeId>,
}

impl Ended<'_> {
    /// The report of the attempt.
    pub fn collect(&self, watched: &Watched, remarks: Vec<String>) -> Input {
        let usage = watched.printed.transcript.usage();
        let survivors = self.survivors(&watched.exit);
        let remarks = remarks.into_iter().chain(survivors.clone()).collect();
        let attempt = self.attempt;
        let event = match self.result(watched, remarks) {
            Ok(result) => CallEvent::AttemptSucceeded {
                attempt,
                result: result.into(),
            },
            Err(failure) => CallEvent::AttemptFailed {
                attempt,
                failure: Failure {
                    message: failure.message.clone()
                        + &survivors.map(|s| format!("; {s}")).unwrap_or_default(),
                    ..failure
                },
                usage,
            },
        };
        Input::Happened(event.of(self.call.id.clone()))
    }

    /// What is said of processes that could not be ended, if there are some.
    fn survivors(&self, exit: &ExitRecord) -> Option<String> {
        let named: Vec<String> = exit.survivors.iter().map(ToString::to_string).collect();
        (!named.is_empty()).then(|| {
            let named = self.context.redactor.redact(&named.join(", ")).into_owned();
            format!("failed to end what the agent left behind, it still runs: {named}")
        })
    }

    /// What the attempt left, or why it failed.
    pub fn result(
        &self,
        watched: &Watched,
        mut remarks: Vec<String>,
    ) -> Result<CallResult, Failure> {
        self.keep_streams(&watched.printed.files)?;
        if let Some(failure) = &watched.failure {
            return Err(failure.clone());
        }
        if let Some(at) = watched.stopped {
            return self.unfinished(watched, at, remarks);
        }
        let mut left = self.without_secrets(watched.out.read());
        let ending = Ending {
            exit: (!watched.ended_by_us).then_some(watched.exit.status),
            stderr_tail: &watched.printed.stderr_tail,
            decoder: &*watched.printed.decoder,
            contract_met: watched.out.is_complete(),
            answer_left: has_answer(&left, &self.call.contract),
            is_closed: self.context.cells.rung != Rung::None,
        };
        let message = agents::conclude(&watched.printed.transcript, &ending)
            .map_err(|failure| of_memory(failure, &watched.exit))?;
        left.final_message = message.text;
        if left.deliverable.is_none() && self.call.purpose == Purpose::Repair {
            left.deliverable = self.repaired_document();
        }
        let sections = self.context.sections_of(&self.call.phase);
        let decoded = context::decode_answer(&self.call.contract, &sections, &left)?;
        if let Some(length) = watched.quiet_for {
            let length = Millis(u64::try_from(length.as_millis()).unwrap_or(u64::MAX));
            remarks.push(format!(
                "the agent did not say that it was done: its files were complete and nothing moved for {length}, \
                 so it was ended"
            ));
        }
        let left_behind = watched
            .exit
            .leaked
            .iter()
            .filter(|_| watched.exit.asked == Asked::No)
            .filter(|process| {
                let mut survivors = watched.exit.survivors.iter();
                survivors.all(|left| left.pid != process.pid)
            });
        remarks.extend(left_behind.map(|process| {
            let command = self.context.redactor.redact(&process.command);
            format!(
                "ended process {}, which the agent left behind: {command}",
                process.pid
            )
        }));
        let captured = self.capture()?;
        if let Some(captured) = &captured {
            remarks.extend(self.author_leaks(&added(&captured.patch), " of its patch"));
        }
        let changes = captured.map(|captured| captured.changes);
        self.keep(
            decoded,
            changes,
            remarks,
            watched.printed.transcript.usage(),
        )
    }

    fn keep(
        &self,
        decoded: Decoded,
        changes: Option<Changes>,
        mut remarks: Vec<String>,
        usage: Usage,
    ) -> Result<CallResult, Failure> {
        remarks.extend(decoded.remarks);
        let mut built_on = BuiltOn::default();
        let handoff = match decoded.handoff {
            HandoffLeft::Valid(mut words) => {
                built_on = words.take_built_on();
                Some(self.artifact("handoff.json", &to_json(&words))?)
            }
            HandoffLeft::Absent => None,
            HandoffLeft::Invalid(errors) => {
                remarks.push(format!("the agent's handoff is not valid: {}", errors));
                None
            }
        };
        if let Some(text) = &decoded.deliverable {
            remarks.extend(self.author_leaks(text, ""));
        }
        let deliverable = decoded
            .deliverable
            .map(|text| self.artifact("deliverable.md", &text));
        let structured = decoded
            .structured
            .map(|text| self.artifact(self.structured_name(), &text));
        // What the engine knows is what the journal tells: without secrets.
        Ok(self.context.redactor.redact_data(CallResult {
            answer: decoded.answer,
            deliverable: deliverable.transpose()?,
            handoff,
            changes,
            built_on: self.call.builds_on_others().then_some(built_on),
            structured: structured.transpose()?,
            remarks: remarks.into(),
            usage,
        }))
    }

    /// What an editing call changed, as a tree in the run's store.
    pub(super) fn capture(&self) -> Result<Option<Captured>, Failure> {
        let Some(scope) = &self.call.edits else {
            return Ok(None);
        };
        let base = match &self.call.workspace {
            WorkspaceSource::Tree(tree) | WorkspaceSource::Scoped { tree, .. } => tree,
            WorkspaceSource::Snapshot | WorkspaceSource::Empty => return Ok(None),
        };
        let allowed = match scope {
            EditScope::Anywhere => Allowed::Anywhere,
            EditScope::Only(paths) => Allowed::Only(paths.clone()),
        };
        let workspace = self.scratch.workspace();
        let visible = visible(&workspace)?;
        let workspaces = self.context.workspaces();
        let edited = Edited {
            at: &workspace,
            layers: &workspaces.tree_layers(base, ControlFiles::Drop)?,
        };
        let captured = capture(
            &self.context.store(),
            base,
            &edited,
            &visible,
            &allowed,
            &self.context.plan.change_limits,
        )
        .map_err(machine)?;
        pin(
            &self.context.store(),
            &pin_name(self.call, self.attempt),
            &captured.tree,
        )
        .map_err(machine)?;
        let secrets = self.secrets(&captured.new).map_err(machine)?;
        let (mut base, mut files, mut patch) = (base, captured.files, captured.patch);
        if let Some(ground) = self.ground.filter(|ground| *ground != base) {
            base = ground;
            (files, patch) =
                files_and_patch(&self.context.store(), base, &captured.tree).map_err(machine)?;
        }
        let patch = String::from_utf8_lossy(&patch).into_owned();
        let kept = (!patch.is_empty()).then(|| self.artifact("changes.patch", &patch));
        let changes = Changes {
            base: base.clone(),
            tree: captured.tree,
            files,
            refused: captured.refused,
            secrets,
            patch: kept.transpose()?,
        };
        Ok(Some(Captured {
            changes,
            patch,
            left_out: captured.left_out,
        }))
    }

    /// Known secrets in the contents that are new, where the run's beginning had them not.
    fn secrets(&self, new: &[(PathBuf, String)]) -> Result<Vec<FoundSecret>, WorkspaceError> {
        let store = self.context.store();
        let mut found = Vec::new();
        workspace::each_content(&store, new, |path, object, content| {
            let mut now = self.context.redactor.find(content);
            let named = self.context.redactor.find(path.as_os_str().as_bytes());
            if now.is_empty() && named.is_empty() {
                return;
            }
            let before = content_at(&store, &self.context.snapshot, path);
            if before.is_none() {
                now.extend(named.into_keys().map(|name| (name, FoundSecret::IN_NAME)));
            }
            let before = self.context.redactor.find(&before.unwrap_or_default());
            let new = now.iter().filter(|(name, _)| !before.contains_key(*name));
            found.extend(new.map(|(name, line)| FoundSecret {
                path: path.to_string_lossy().into_owned(),
                object: object.to_owned(),
                line: *line,
                name: name.clone(),
            }));
        })?;
        Ok(found)
    }

    /// What in a proposal may tell the judge its author. The text itself stays as it is.
    fn author_leaks(&self, text: &str, of: &str) -> Vec<String> {
        if self.call.purpose != Purpose::Propose {
            return Vec::new();
        }
        let models = self.context.plan.models.iter();
        let authors: Vec<_> = models
            .map(|(name, model)| judge::Author {
                name,
                id: &model.id,
                family: model.family.as_deref(),
            })
            .collect();
        let found = judge::author_leaks(text, &authors);
        let more = found.len().saturating_sub(MOST_TRACES);
        let shown = found.iter().take(MOST_TRACES).map(|trace| {
            format!(
                "may tell the judge its author: line {}{of} {}",
                trace.line, trace.what
            )
        });
        let rest =
            (more > 0).then(|| format!("may tell the judge its author in {more} more lines"));
        shown.chain(rest).collect()
    }

    fn structured_name(&self) -> &'static str {
        match self.call.contract {
            Contract::Document | Contract::Edits | Contract::Handoff => "answer.txt",
            Contract::Judgement { .. } | Contract::Audit => "verdict.json",
            Contract::Tasks(_) => "tasks.json",
        }
    }

    /// The document of the judge whose verdict is being repaired: the form is mended, not the text.
    fn repaired_document(&self) -> Option<Vec<u8>> {
        let faulty = self
            .call
            .inputs
            .iter()
            .find_map(|input| input.artifact.as_ref())?;
        let (folder, _) = faulty.path.rsplit_once('/')?;
        let path = self
            .context
            .folder
            .path(&format!("{folder}/deliverable.md"));
        files::read(&path, context::LIMIT as u64).ok()
    }

    /// What the agent left is clean before anything is cut out of it: a half of a secret is known to nobody.
    fn without_secrets(&self, mut left: context::Left) -> context::Left {
        let files = [
            &mut left.deliverable,
            &mut left.handoff,
            &mut left.verdict,
            &mut left.tasks,
        ];
        for bytes in files.into_iter().flatten() {
            *bytes = self.context.redactor.redact_bytes(bytes).into_owned();
        }
        left
    }

    fn keep_streams(&self, printed: &[File; 2]) -> Result<(), Failure> {
        let folder = self.context.attempt_folder(self.call, self.attempt);
        for (from, name) in printed.iter().zip(["events.jsonl", "stderr.log"]) {
            let to = self.context.folder.path(&format!("{folder}/{name}"));
            self.context
                .redactor
                .redact_copy(process::WhileWanted(from), &to, MOST_KEPT)
                .map_err(machine)?;
        }
        Ok(())
    }

    pub(super) fn artifact(&self, name: &str, text: &str) -> Result<Artifact, Failure> {
        let path = format!(
            "{}/{name}",
            self.context.attempt_folder(self.call, self.attempt)
        );
        let clean = self.context.redactor.clean(text.as_bytes());
        self.context
            .folder
            .write_artifact(&path, &clean)
            .map_err(machine)
    }
}

/// A patch with its added lines and files alone, each at its own line.
fn added(patch: &str) -> String {
    let lines = patch.lines();
    let kept = lines.map(|line| line.strip_prefix('+').unwrap_or_default());
    kept.collect::<Vec<_>>().join("\n")
}

/// The name under which an attempt's tree is kept in the store.
pub(super) fn pin_name(call: &CallSpec, attempt: u32) -> String {
    format!("{}-{attempt}", call.id)
}

/// Whether the files alone are an answer. Of an editing call its edits are; the handoff tells of them.
fn has_answer(left: &context::Left, contract: &Contract) -> bool {
    let answers = [&left.deliverable, &left.verdict, &left.tasks];
    let reported =
        matches!(contract, Contract::Edits | Contract::Handoff) && left.handoff.is_some();
    reported || answers.iter().any(|file| file.is_some())
}

pub fn to_json(words: &HandoffWords) -> String {
    serde_json::to_string_pretty(words).expect("plain data with text keys")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ExitStatus;
    use crate::process::WardenFate;

    #[test]
    fn crash_as_memory_ran_out_is_out_of_memory() {
        let kind = |kind, memory_ran_out| {
            let exit = ExitRecord {
                status: ExitStatus::Signaled(9),
                asked: Asked::No,
                exceeded: None,
                memory_ran_out,
                leaked: Vec::new(),
                survivors: Vec::new(),
                cpu_ms: 0,
                max_rss_kib: 0,
                wall_ms: Millis(0),
                warden: WardenFate::Reported,
            };
            of_memory(Failure::new(kind, "it failed"), &exit).kind
        };
        assert_eq!(kind(FailureKind::Crash, true), FailureKind::OutOfMemory);
        assert_eq!(kind(FailureKind::Crash, false), FailureKind::Crash);
        assert_eq!(kind(FailureKind::Auth, true), FailureKind::Auth);
    }
}
