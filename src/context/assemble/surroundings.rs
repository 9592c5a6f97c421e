//! What a call's working directory is, and what may be done in it.

use crate::model::{CallSpec, EditScope, Ground, Profile};

/// Both, in a few sentences. `files` is how many files the workspace holds, if that is known.
pub(super) fn surroundings(call: &CallSpec, files: Option<usize>) -> String {
    format!("{}\n{}\n", holds(&call.ground, files), allowed(call))
}

fn holds(ground: &Ground, files: Option<usize>) -> String {
    let count = match files {
        Some(files) => format!(" ({files} files)"),
        None => String::new(),
    };
    match ground {
        Ground::Empty => {
            "Your working directory holds nothing of the project: what you need is in this prompt."
                .to_owned()
        }
        Ground::Snapshot | Ground::Tree(_) if files == Some(0) => {
            "Your working directory is the project, which is empty.".to_owned()
        }
        Ground::Snapshot => {
            format!("Your working directory holds a private copy of the project{count}.")
        }
        Ground::Tree(_) => format!(
            "Your working directory holds a private copy of the project{count}, with what earlier \
             phases changed."
        ),
        Ground::Scoped {
            edit,
            read,
            imports,
            ..
        } => scoped(edit, read, *imports, &count),
    }
}

/// The files that are there, and that there are others which are not.
fn scoped(edit: &[String], read: &[String], imports: bool, count: &str) -> String {
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
    if imports {
        out.push_str("\n- To be read: files that these import, or that import them");
    }
    out.push('\n');
    out
}

fn named(paths: &[String]) -> String {
    let paths: Vec<String> = paths.iter().map(|path| format!("`{path}`")).collect();
    paths.join(", ")
}

const NOBODY: &str = "Nobody can answer questions or grant permissions.";

fn allowed(call: &CallSpec) -> String {
    let profile = match (&call.ground, call.profile) {
        // Where there is nothing to look at, a reader can only write.
        (Ground::Empty, Profile::Reader | Profile::Scribe) => Profile::Scribe,
        (Ground::Empty, Profile::Worker) => Profile::Worker,
        (Ground::Snapshot | Ground::Tree(_) | Ground::Scoped { .. }, profile) => profile,
    };
    let what = match (profile, &call.edits) {
        (Profile::Reader, _) => {
            "Read and search it as you need. Write only what the output contract names; any other \
             change is thrown away."
                .to_owned()
        }
        (Profile::Scribe, _) => "Write only what the output contract names.".to_owned(),
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
