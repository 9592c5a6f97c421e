//! From an order to a running process: the prompt, the workspace, the command.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::agents::{self, Assignment, Launch, SignIn, SignInFile};
use crate::context::{self, Assembled, Assembly, Ledger, Neighbours};
use crate::machine::Turn;
use crate::model::{
    Artifact, CallInput, CallSpec, Failure, FailureKind, HandoffOrigin, InputSource, Profile,
    Purpose, Rung,
};
use crate::plan::{AgentSpec, ModelSpec};
use crate::process::{self, Child, ChildSpec};
use crate::rehearsal::RehearsedCall;
use crate::workspace::{Workspace, files_and_patch};

use super::attempt::Attempt;
use super::blocking::blocking;
use super::cell::{Inside, Room};
use super::clock::now;
use super::command::MOST_OUTPUT;
use super::failure::{at_path, chain, machine, parked};
use super::lent::{Held, Lent};
use super::scratch::Scratch;
use super::seeds::{self, write};
use super::setup::{Users, set_up};
use super::streams::Streams;
use super::tokens::Tokens;

/// What an attempt has on disk when its process starts.
pub struct Prepared {
    pub scratch: Scratch,
    pub streams: Streams,
    pub prompt_tokens: u64,
    pub remarks: Vec<String>,
    /// The user's sign-in, until all processes have ended.
    pub lent: Option<Lent>,
}

/// Prepares the attempt and starts its process. A scoped workspace holds these neighbours too.
pub async fn prepare(
    attempt: &Arc<Attempt>,
    neighbours: Option<Neighbours>,
    held: Option<Held>,
) -> Result<(Prepared, Child), Failure> {
    let whose = Arc::clone(attempt);
    // Who runs no tool of a project needs nothing installed.
    let workspaces = attempt.context.workspaces();
    let tree = workspaces.base_of(&attempt.call.workspace);
    let installed = match tree.filter(|_| attempt.call.profile == Profile::Worker) {
        Some(tree) => {
            let users = match attempt.call.purpose {
                Purpose::Propose => Users::OneCandidate,
                _ => Users::AllOfRun,
            };
            set_up(&attempt.context, (tree, users), &|_| ()).await?
        }
        None => Vec::new(),
    };
    let made = blocking(move || prepare_files(&whose, neighbours, &installed, held));
    let (prepared, spec) = made.await?;
    if let Turn::Parked = attempt.context.accounts.turn(&attempt.model, now()) {
        return Err(parked());
    }
    let child = start(spec, &attempt.context.program).await?;
    Ok((prepared, child))
}

/// Everything on disk that the process needs. Blocks.
fn prepare_files(
    attempt: &Attempt,
    neighbours: Option<Neighbours>,
    installed: &[PathBuf],
    held: Option<Held>,
) -> Result<(Prepared, ChildSpec), Failure> {
    let (model, agent) = specs(attempt)?;
    let contents = contents(attempt)?;
    let assembled = assemble(attempt, &contents, neighbours.as_ref())?;
    let Assembled { prompt, ledger, .. } = assembled;
    let scratch = attempt.context.scratch_of(&attempt.call, attempt.number);
    keep_prompt(attempt, &prompt, &ledger)?;
    fits(&ledger)?;
    let workspace = make_workspace(attempt, &scratch, neighbours, installed)?;
    lay_out(attempt, &scratch, &workspace, &prompt, &contents)?;
    let mut remarks = assembled.remarks;
    remarks.extend_from_slice(workspace.remarks());
    remarks.extend(checkpoint_remarks(&attempt.call, agent));
    let inside = attempt.context.inside(&scratch);
    let launch = launch(attempt, &inside, (model, agent), &prompt)?;
    let spec = child(
        attempt,
        &scratch,
        (&workspace, installed),
        (&inside, launch),
    )?;
    let lent = held.map(|held| held.lend(scratch.private(), scratch.keys(), &inside));
    let lent = lent.transpose()?;
    let price = attempt.context.plan.price(model);
    let tokens = Tokens::of(&attempt.context, agent, &scratch);
    let streams = Streams::new(&scratch, (agent, &attempt.context.carried), price, tokens)?;
    let prepared = Prepared {
        scratch,
        streams,
        prompt_tokens: ledger.total.tokens,
        remarks,
        lent,
    };
    Ok((prepared, spec))
}

/// The user's own sign-in, where that alone is how the model is signed in to.
pub fn sign_in_of(attempt: &Attempt) -> Option<SignInFile> {
    let ((model, agent), context) = (specs(attempt).ok()?, &attempt.context);
    let (adapter, user) = (agents::of(agent.kind), &context.environment);
    let signed_in = (adapter.signed_in)(&model.id, &context.carried, user);
    let is_it = context.rehearsal.is_none() && signed_in == SignIn::Refreshed;
    is_it.then(|| adapter.sign_in_file(user)).flatten()
}

fn specs(attempt: &Attempt) -> Result<(&ModelSpec, &AgentSpec), Failure> {
    let plan = &attempt.context.plan;
    let model = plan.models.get(&attempt.model);
    let found = model.and_then(|model| Some((model, plan.agents.get(&model.agent)?)));
    found.ok_or_else(|| {
        let message = format!("the plan holds no model or agent for `{}`", attempt.model);
        Failure::new(FailureKind::UnknownModel, message)
    })
}

/// The texts of the call's inputs, by their artifacts' paths.
fn contents(attempt: &Attempt) -> Result<BTreeMap<String, String>, Failure> {
    let artifacts = attempt
        .call
        .inputs
        .iter()
        .filter_map(|input| input.artifact.as_ref());
    let read = |artifact: &Artifact| {
        let bytes = attempt
            .context
            .folder
            .read_artifact(artifact)
            .map_err(machine)?;
        Ok((
            artifact.path.clone(),
            String::from_utf8_lossy(&bytes).into_owned(),
        ))
    };
    let patches = attempt
        .call
        .inputs
        .iter()
        .filter_map(|input| match &input.source {
            InputSource::Candidate { from, to, .. } => Some((from, to)),
            _ => None,
        });
    let patch = |(from, to)| {
        let (_, patch) = files_and_patch(&attempt.context.store(), from, to).map_err(machine)?;
        let clean = attempt.context.redactor.clean(&patch);
        let text = String::from_utf8_lossy(clean.bytes()).into_owned();
        Ok((context::diff_key(from, to), text))
    };
    artifacts.map(read).chain(patches.map(patch)).collect()
}

fn assemble(
    attempt: &Attempt,
    contents: &BTreeMap<String, String>,
    neighbours: Option<&Neighbours>,
) -> Result<Assembled, Failure> {
    let instructions = attempt.context.instructions.as_ref();
    let assembly = Assembly {
        plan: &attempt.context.plan,
        call: &attempt.call,
        model: &attempt.model,
        contents,
        project_instructions: instructions.map(|(name, text)| (name.as_str(), text.as_str())),
        workspace_files: None,
        neighbours,
    };
    context::assemble(&assembly).map_err(machine)
}

/// A prompt larger than the model's window is stopped before it is paid for.
fn fits(ledger: &Ledger) -> Result<(), Failure> {
    let Some(window) = ledger.window.filter(|window| ledger.total.tokens > *window) else {
        return Ok(());
    };
    let mut parts: Vec<_> = ledger.parts.iter().collect();
    parts.sort_by_key(|part| std::cmp::Reverse(part.tokens));
    let largest = parts
        .iter()
        .take(3)
        .map(|part| format!("{} ({})", part.name, part.tokens));
    let message = format!(
        "the prompt has about {} tokens, the model's window {window}; the largest parts: {}",
        ledger.total.tokens,
        largest.collect::<Vec<_>>().join(", ")
    );
    Err(Failure::new(FailureKind::ContextOverflow, message).hint(
        "use `context_strategy: distilled`, name fewer inputs, or use a model with a larger window",
    ))
}

/// Makes the scratch folder and the workspace in it.
fn make_workspace(
    attempt: &Attempt,
    scratch: &Scratch,
    neighbours: Option<Neighbours>,
    installed: &[PathBuf],
) -> Result<Workspace, Failure> {
    let added = neighbours.into_iter().flat_map(|all| all.added);
    let added: Vec<String> = added.map(|file| file.path).collect();
    let (at, root) = (scratch.workspace(), scratch.root());
    let (workspace, workspaces) = (&attempt.call.workspace, attempt.context.workspaces());
    if root.exists() {
        crate::workspace::remove_tree(root).map_err(machine)?;
    }
    fs::create_dir(root).map_err(|error| at_path(root, &error))?;
    if attempt.call.continues.is_some() {
        workspaces.renew(workspace, &added, installed, &at)
    } else {
        workspaces.make(workspace, &added, installed, &at)
    }
}

/// What the user ought to know of the checkpoint, and of the state that a call goes on from.
fn checkpoint_remarks(call: &CallSpec, agent: &AgentSpec) -> Vec<String> {
    let mut remarks = Vec::new();
    if call.checkpoint.is_some() && !agent.kind.counts_each_step() {
        remarks
            .push("its agent does not count the tokens of each step, so its `checkpoint` is never reached".to_owned());
    }
    for input in &call.inputs {
        if let InputSource::State(state) = &input.source
            && state.origin == HandoffOrigin::Extracted
        {
            let of = &state.of;
            remarks.push(format!(
                "went on from a state of {of} that was extracted by rule: no model distilled it"
            ));
        }
    }
    remarks
}

/// Fills the scratch folder: the workspace's inputs, the private home, the prompt.
fn lay_out(
    attempt: &Attempt,
    scratch: &Scratch,
    workspace: &Workspace,
    prompt: &str,
    contents: &BTreeMap<String, String>,
) -> Result<(), Failure> {
    for (name, text) in input_files(&attempt.call.inputs, contents) {
        write(&workspace.input_dir().join(name), text.as_bytes(), 0o644)?;
    }
    write(&scratch.prompt(), prompt.as_bytes(), 0o600)?;
    fs::create_dir(scratch.private()).map_err(|error| at_path(&scratch.private(), &error))
}

/// The inputs as files, for agents that would rather look than remember.
fn input_files<'a>(
    inputs: &'a [CallInput],
    contents: &'a BTreeMap<String, String>,
) -> impl Iterator<Item = (String, &'a str)> {
    inputs.iter().filter_map(|input| {
        let name = context::input_file(&input.source)?;
        Some((name, context::content_of(input, contents)?))
    })
}

/// The command, and which programs it consists of: the agent's, and our own if we speak with it.
fn launch(
    attempt: &Attempt,
    inside: &Inside,
    (model, agent): (&ModelSpec, &AgentSpec),
    prompt: &str,
) -> Result<(Launch, Vec<PathBuf>), Failure> {
    let context = &attempt.context;
    let endpoint = context.rehearsal.as_ref().map(|server| {
        server.endpoint(RehearsedCall {
            call: attempt.call.id.clone(),
            phase: attempt.call.phase.clone(),
            purpose: attempt.call.purpose,
            model: attempt.model.clone(),
            slot: attempt.call.slot,
            attempt: attempt.number,
            task: attempt.call.task.clone(),
            contract: attempt.call.contract.clone(),
            ballot: attempt.call.ballot.clone(),
            sections: context.sections_of(&attempt.call.phase),
            builds_on_others: attempt.call.builds_on_others(),
            request: context.plan.request.clone(),
        })
    });
    let vars = vars(attempt);
    let assignment = Assignment {
        agent,
        model,
        profile: attempt.call.profile,
        workspace: &inside.workspace,
        private: &inside.private,
        prompt,
        is_closed: context.cells.rung != Rung::None,
        title: attempt.call.id.as_str(),
        vars: &vars,
        endpoint: endpoint.as_ref(),
        carried: &context.carried,
        environment: &context.environment,
    };
    let adapter = agents::of(agent.kind);
    let mut launch = (adapter.launch)(&assignment).map_err(|error| error.failure())?;
    let mut programs = vec![launch.program.clone()];
    if let Some(client) = adapter.client {
        let mut args = client(&assignment);
        args.push(launch.program.into());
        args.append(&mut launch.args);
        launch.args = args;
        launch.program = context.client.clone();
        programs.push(launch.program.clone());
    }
    Ok((launch, programs))
}

fn vars(attempt: &Attempt) -> BTreeMap<String, String> {
    let purpose = serde_json::to_value(attempt.call.purpose).ok();
    let purpose = purpose
        .as_ref()
        .and_then(|purpose| purpose.as_str())
        .unwrap_or_default();
    [
        ("TIPSTAFF_RUN", attempt.context.run.to_string()),
        ("TIPSTAFF_CALL", attempt.call.id.to_string()),
        ("TIPSTAFF_PHASE", attempt.call.phase.to_string()),
        ("TIPSTAFF_PURPOSE", purpose.to_owned()),
        ("TIPSTAFF_MODEL", attempt.model.to_string()),
        ("TIPSTAFF_SLOT", attempt.call.slot.to_string()),
        ("TIPSTAFF_ATTEMPT", attempt.number.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// The process of an attempt in its cell, with what it needs laid out.
fn child(
    attempt: &Attempt,
    scratch: &Scratch,
    (workspace, installed): (&Workspace, &[PathBuf]),
    (inside, (mut launch, programs)): (&Inside, (Launch, Vec<PathBuf>)),
) -> Result<ChildSpec, Failure> {
    let (context, call) = (&attempt.context, &attempt.call);
    let cells = &context.cells;
    let (private, keys) = (scratch.private(), scratch.keys());
    let links = seeds::lay_out(&launch.files, &keys, inside, cells.mount())?;
    // Who only reads and writes a document runs no tool of a project.
    let toolchains = cells.rung != Rung::None && call.profile == Profile::Worker;
    let (_, agent) = specs(attempt)?;
    // The user's own home leads to them by itself.
    if toolchains && !agent.wrapper.shares_home {
        let home = inside.on_machine(&inside.private.join("home"));
        cells
            .toolchains
            .lend(&home, &mut launch.env)
            .map_err(machine)?;
    }
    let mut rules = agent.sandbox.clone();
    if let Some(phase) = context.plan.phase(&call.phase) {
        rules.extend(phase.sandbox.clone());
    }
    if agent.kind.needs_network() {
        rules.network = None;
    }
    let cell = cells.spec(Room {
        root: scratch.root(),
        workspace: workspace.root(),
        layers: workspace.layers(),
        installed,
        binds: workspace.binds(),
        private: &private,
        keys: Some(&keys),
        programs: &programs,
        toolchains,
        links,
        rules: &rules,
    })?;
    Ok(ChildSpec {
        program: launch.program,
        args: launch.args,
        env: launch.env,
        cwd: launch.cwd,
        stdin: match launch.reads_prompt {
            true => scratch.prompt(),
            false => "/dev/null".into(),
        },
        stdout: scratch.events(),
        stderr: scratch.errors(),
        record: scratch.record(),
        marker: context.marker(&call.id, attempt.number),
        grace: context.grace,
        timeout: Some(call.limits.timeout.into()),
        max_output_bytes: Some(MOST_OUTPUT),
        cell,
    })
}

async fn start(spec: ChildSpec, program: &Path) -> Result<Child, Failure> {
    process::start(spec, program).await.map_err(|error| {
        let kind = match error.is_the_programs() {
            true => FailureKind::AgentMissing,
            false => FailureKind::Machine,
        };
        Failure::new(kind, chain(&error))
    })
}

/// Records what the call is about to see.
fn keep_prompt(attempt: &Attempt, prompt: &str, ledger: &Ledger) -> Result<(), Failure> {
    let folder = attempt
        .context
        .attempt_folder(&attempt.call, attempt.number);
    keep(attempt, &format!("{folder}/prompt.md"), prompt)?;
    let ledger = serde_json::to_string_pretty(ledger).expect("a ledger is plain data");
    keep(attempt, &format!("{folder}/context.json"), &ledger)
}

/// Writes a record of the run folder, without secrets.
fn keep(attempt: &Attempt, relative: &str, text: &str) -> Result<(), Failure> {
    let clean = attempt.context.redactor.clean(text.as_bytes());
    let written = attempt.context.folder.write_artifact(relative, &clean);
    written.map(|_| ()).map_err(machine)
}
