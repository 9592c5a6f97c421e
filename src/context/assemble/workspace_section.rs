//! What a call's working directory is, and what may be done in it.

use super::super::{Neighbour, Neighbours};
use super::Assembly;
use crate::model::{CallSpec, EditScope, Profile, WorkspaceSource};

/// So many files that were left out are named; the ledger names all.
const MOST_LEFT_OUT: usize = 20;

/// What a call is told that goes on with work which another process began.
const GOES_ON: &str = "This work was begun by another process, which was stopped on purpose when its \
                       context had grown long. You go on in its working directory, as it left it; the part \
                       `state of the work` says what it knew. Do what is left, and do not do again what is \
                       done. Hand over the work as a whole, with what that process did. What the project's \
                       ignore rules cover (build output, installed packages) may have to be made anew.";

/// Both, in a few sentences.
pub(super) fn workspace_section(assembly: &Assembly<'_>) -> String {
    let goes_on = match assembly.call.continues {
        Some(_) => format!("{GOES_ON}\n"),
        None => String::new(),
    };
    let (holds, allowed) = (holds(assembly), allowed(assembly.call));
    format!("{holds}\n{goes_on}{allowed}\n")
}

fn holds(assembly: &Assembly<'_>) -> String {
    let files = assembly.workspace_files;
    let count = match files {
        Some(files) => format!(" ({files} files)"),
        None => String::new(),
    };
    match &assembly.call.workspace {
        WorkspaceSource::Empty => {
            "Your working directory holds nothing of the project: what you need is in this prompt."
                .to_owned()
        }
        WorkspaceSource::Snapshot | WorkspaceSource::Tree(_) if files == Some(0) => {
            "Your working directory is the project, which is empty.".to_owned()
        }
        WorkspaceSource::Snapshot => {
            format!("Your working directory holds a private copy of the project{count}.")
        }
        WorkspaceSource::Tree(_) => format!(
            "Your working directory holds a private copy of the project{count}, with what earlier \
             phases changed."
        ),
        WorkspaceSource::Scoped {
            edit, read, always, ..
        } => {
            let read = [read.as_slice(), always].concat();
            let mut out = scoped(edit, &read, &count);
            out.extend(assembly.neighbours.map(added));
            out + "\n"
        }
    }
}

/// The files that are there, and that there are others which are not.
fn scoped(edit: &[String], read: &[String], count: &str) -> String {
    let mut out = format!(
        "Your working directory holds only the files of the project that the work needs{count}, \
         with what earlier phases changed. The project has more; do not take what is not here for \
         missing, and do not write it again.\n"
    );
    for (title, paths) in [("To be changed", edit), ("To be read", read)] {
        if !paths.is_empty() {
            out.push_str(&format!("\n- {title}: {}", named(paths)));
        }
    }
    out
}

/// The files that are there because of others, by their reasons, and those that would have been.
fn added(neighbours: &Neighbours) -> String {
    let mut out = String::new();
    for files in neighbours.added.chunk_by(|one, next| one.why == next.why) {
        let why = files.first().map_or("", |file| file.why.as_str());
        out.push_str(&format!("\n- To be read ({why}): {}", named_files(files)));
    }
    let (left_out, rest) = neighbours
        .left_out
        .split_at(neighbours.left_out.len().min(MOST_LEFT_OUT));
    if !left_out.is_empty() {
        out.push_str(&format!("\n- Left out for size: {}", named_files(left_out)));
    }
    if !rest.is_empty() {
        out.push_str(&format!(" and {} more", rest.len()));
    }
    out
}

fn named_files(files: &[Neighbour]) -> String {
    let paths: Vec<String> = files.iter().map(|file| file.path.clone()).collect();
    named(&paths)
}

fn named(paths: &[String]) -> String {
    let paths: Vec<String> = paths.iter().map(|path| format!("`{path}`")).collect();
    paths.join(", ")
}

const NOBODY: &str = "Nobody can answer questions or grant permissions.";

fn allowed(call: &CallSpec) -> String {
    let profile = match (&call.workspace, call.profile) {
        // Where there is nothing to look at, a reader can only write.
        (WorkspaceSource::Empty, Profile::Reader | Profile::Writer) => Profile::Writer,
        (WorkspaceSource::Empty, Profile::Worker) => Profile::Worker,
        (
            WorkspaceSource::Snapshot | WorkspaceSource::Tree(_) | WorkspaceSource::Scoped { .. },
            profile,
        ) => profile,
    };
    let what = match (profile, &call.edits) {
        (Profile::Reader, _) => {
            "Read and search it as you need. Write only what the output contract names; any other \
             change is thrown away."
                .to_owned()
        }
        (Profile::Writer, _) => "Write only what the output contract names.".to_owned(),
        (Profile::Worker, None) => {
            "Edit it and run commands as you need; edits are thrown away at the end.".to_owned()
        }
        (Profile::Worker, Some(EditScope::Anywhere)) => {
            "Edit it and run commands as you need. Your edits are taken over as they stand when you \
             finish; nothing has to be committed."
                .to_owned()
        }
        (Profile::Worker, Some(EditScope::Only(paths))) => format!(
            "Change or create only {}; any other change is refused. Run commands as you need, but \
             expect those to fail that need files which are not here. Your edits are taken over as \
             they stand when you finish; nothing has to be committed.",
            named(paths)
        ),
    };
    format!("{what} {NOBODY}")
}
