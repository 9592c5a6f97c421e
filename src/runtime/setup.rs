//! What `setup` installs: each command is run once for each state of the files that decide about it, in a cell on the
//! tree, and what it made that the ignore rules leave out is kept as a layer. Layers lie below the project's own files,
//! so they cover none of them, and an editing call that leaves them alone delivers nothing of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::model::{Failure, FailureKind, Millis, TreeId};
use crate::plan::{SandboxRules, SetupStep};
use crate::process::Exceeded;
use crate::workspace::{ControlFiles, Edited, Layers, left_out, remove_tree, state_of};

use super::RunContext;
use super::blocking::blocking;
use super::command::{Command, Ended};
use super::failure::machine;

/// How long a command may take.
const PATIENCE: Millis = Millis::minutes(60);
/// Between two looks whether another run is done with its own.
const LOOK: Duration = Duration::from_millis(100);

/// What is run here: without a border, nothing that nobody named.
fn steps(context: &RunContext) -> impl Iterator<Item = &SetupStep> {
    let steps = context.plan.setup().iter();
    steps.filter(|step| !step.detected || context.cells.are_closed())
}

/// Who else gets what is made for a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Users {
    AllOfRun,
    /// Several change the same files: nobody is measured with what the code of another one made.
    OneCandidate,
}

/// The layers of a tree, the topmost first; made if they are not there yet, which `told` hears of.
///
/// # Errors
/// [`FailureKind::Setup`] if a command fails, or somebody has written to what one made.
pub async fn set_up(
    context: &Arc<RunContext>,
    (tree, users): (&TreeId, Users),
    told: &(dyn Fn(&SetupStep) + Sync),
) -> Result<Vec<PathBuf>, Failure> {
    if steps(context).next().is_none() {
        return Ok(Vec::new());
    }
    // Several calls may need the same ones.
    let mut installed = context.set_up.lock().await;
    let layers = match installed.layers.get(tree) {
        Some(layers) => layers.clone(),
        None => {
            let layers = install(context, (tree, users), told).await?;
            installed.layers.insert(tree.clone(), layers.clone());
            layers
        }
    };
    if !context.cells.are_closed() {
        installed.check(&layers).await?;
    }
    Ok(layers)
}

async fn install(
    context: &Arc<RunContext>,
    (tree, users): (&TreeId, Users),
    told: &(dyn Fn(&SetupStep) + Sync),
) -> Result<Vec<PathBuf>, Failure> {
    let is_own = users == Users::OneCandidate && *tree != context.snapshot;
    let layers = context.workspaces().layers;
    let mut made: Vec<PathBuf> = Vec::new();
    let mut before = String::new();
    for step in steps(context) {
        let (store, of_tree, step_of) = (context.store(), tree.clone(), step.clone());
        let mut digest = blocking(move || digest(&store, &of_tree, &step_of, &before)).await?;
        if is_own && layers.set_up(&digest).is_none() {
            digest = digest_of(&[digest.as_str(), tree.as_str()]);
        }
        let lock = loop {
            match layers.set_up(&digest) {
                Some(layer) => break Err(layer),
                None => match layers.alone_with_setups().map_err(machine)? {
                    Some(lock) => break Ok(lock),
                    None => tokio::time::sleep(LOOK).await,
                },
            }
        };
        let layer = match lock {
            Err(layer) => layer,
            // Another run may have been done just before the lock was free.
            Ok(_lock) => match layers.set_up(&digest) {
                Some(layer) => layer,
                None => {
                    told(step);
                    make(context, &layers, (tree, step), &digest, &made).await?
                }
            },
        };
        made.insert(0, layer);
        before = digest.as_str().to_owned();
    }
    Ok(made)
}

/// Of all that a layer depends on. Blocks.
fn digest(store: &Path, tree: &TreeId, step: &SetupStep, before: &str) -> Result<TreeId, Failure> {
    let state = state_of(store, tree, &step.when).map_err(machine)?;
    let machine_kind = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
    let keep = step.keep.join("\0");
    Ok(digest_of(&[
        &step.run,
        &keep,
        &state,
        before,
        &machine_kind,
    ]))
}

fn digest_of(parts: &[&str]) -> TreeId {
    let each = parts.iter();
    let all: String = each
        .map(|part| blake3::hash(part.as_bytes()).to_hex().to_string())
        .collect();
    let digest = blake3::hash(all.as_bytes()).to_hex();
    TreeId::parse(&digest).expect("it has as many digits as a tree's name")
}

async fn make(
    context: &Arc<RunContext>,
    layers: &Arc<Layers>,
    (tree, step): (&TreeId, &SetupStep),
    digest: &TreeId,
    below: &[PathBuf],
) -> Result<PathBuf, Failure> {
    let at = context.scratch.join("setup");
    let command = Command {
        line: &step.run,
        tree,
        layers: below.to_vec(),
        at: &at,
        marker: format!("{}/setup", context.folder.id()),
        keys: false,
        // What it downloads is why it is there.
        rules: SandboxRules {
            network: None,
            ..context.plan.sandbox.clone()
        },
        timeout: PATIENCE,
    };
    let ended = command.run(context).await?;
    if ended.exit != Some(0) || ended.exceeded.is_some() {
        return Err(failed(step, &ended));
    }
    let (workspaces, layers) = (context.workspaces(), Arc::clone(layers));
    let is_shared = *tree == context.snapshot;
    let (tree, digest, keep) = (tree.clone(), digest.clone(), step.keep.clone());
    blocking(move || {
        let upper = ended.workspace.root();
        let edited = Edited {
            at: upper,
            layers: &workspaces.tree_layers(&tree, ControlFiles::Keep)?,
        };
        let found = left_out(&workspaces.store, &tree, &edited).map_err(machine)?;
        let kept = kept(upper, found, &keep)?;
        let written = (upper, &kept[..], super::cell::kept(&at));
        let made = layers.keep_setup((&digest, is_shared), written);
        made.map_err(machine)?;
        // What cannot be removed now goes with the run's scratch folder.
        let _ = remove_tree(&at);
        let made = layers.set_up(&digest);
        made.ok_or_else(|| Failure::new(FailureKind::Machine, "a layer of `setup` is gone"))
    })
    .await
}

/// Of what the rules leave out, what is to be kept. The rest of what was made could not be told from an agent's edits.
fn kept(upper: &Path, found: Vec<PathBuf>, keep: &[String]) -> Result<Vec<PathBuf>, Failure> {
    let mut kept = Vec::new();
    for wanted in keep.iter().map(Path::new) {
        let before = kept.len();
        let inside = found.iter().filter(|path| path.starts_with(wanted));
        kept.extend(inside.cloned());
        if found
            .iter()
            .any(|path| wanted.starts_with(path) && wanted != path)
        {
            kept.push(wanted.to_owned());
        }
        if kept.len() == before && upper.join(wanted).symlink_metadata().is_ok() {
            let wanted = wanted.display();
            let message =
                format!("`setup` keeps `{wanted}`, which no ignore rule of the project covers");
            let hint = format!("add `/{wanted}` to the project's .gitignore");
            return Err(Failure::new(FailureKind::Setup, message).hint(hint));
        }
    }
    Ok(if keep.is_empty() { found } else { kept })
}

fn failed(step: &SetupStep, ended: &Ended) -> Failure {
    let how = match (ended.exceeded, ended.exit) {
        (Some(Exceeded::Time), _) => "took longer than an hour".to_owned(),
        (Some(_), _) => "used more than its sandbox allows".to_owned(),
        (None, Some(code)) => format!("ended with exit code {code}"),
        (None, None) => "was ended by a signal".to_owned(),
    };
    let said = String::from_utf8_lossy(ended.tail.bytes());
    let mut last: Vec<&str> = said.trim().lines().rev().take(20).collect();
    last.reverse();
    let message = format!("setup failed: `{}` {how}\n{}", step.run, last.join("\n"));
    let hint = "correct the command or its files; `setup: none` in the configuration does without";
    Failure::new(FailureKind::Setup, message.trim_end()).hint(hint)
}
