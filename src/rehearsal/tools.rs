//! How agents write, edit, read and run: by the names of the tools which a request offers, and of
//! the arguments that their schemas have. What a request does not tell is as in OpenCode 1.

use serde_json::{Map, Value, json};

use super::completion::ToolUse;
use super::request::{ModelRequest, Tool};

/// OpenCode, Claude Code, Gemini CLI and Qwen Code.
const WRITE: [&str; 3] = ["write", "Write", "write_file"];
const EDIT: [&str; 3] = ["edit", "Edit", "replace"];
const READ: [&str; 3] = ["read", "Read", "read_file"];
/// OpenCode and Codex offer it to some models, beside or instead of the above.
const PATCH: [&str; 2] = ["apply_patch", "patch"];
/// OpenCode 1 and 2, Claude Code, Gemini CLI and Qwen Code, Codex.
const SHELL: [&str; 5] = ["bash", "shell", "Bash", "run_shell_command", "exec_command"];
/// Tools that refuse to change a file which was not read before.
const READS_FIRST: [&str; 3] = ["Write", "Edit", "write_file"];

/// With this Codex tells that its sandbox lets nothing be written, whatever tools it offers.
const READ_ONLY: &str = "`sandbox_mode` is `read-only`";

const PATH: [&str; 3] = ["filePath", "file_path", "path"];

/// Writes a file; none if the agent has nothing for it.
pub(super) fn write(path: &str, text: &str, request: &ModelRequest) -> Option<ToolUse> {
    if request.system.contains(READ_ONLY) {
        return None;
    }
    let shell = shell(request);
    if let Some(tool) = request.tool(&WRITE) {
        // What a call hands in is new; a file of the project may be there already.
        let new = path.contains("/.tipstaff/");
        if new || shell.is_none() || !READS_FIRST.contains(&tool.name.as_str()) {
            let arguments = [(&PATH[..], json!(path)), (&["content"], json!(text))];
            return Some(using(&WRITE, &arguments, request));
        }
    }
    if let Some(tool) = request.tool(&PATCH) {
        let added: String = text.lines().map(|line| format!("+{line}\n")).collect();
        let patch = format!("*** Begin Patch\n*** Add File: {path}\n{added}*** End Patch");
        if tool.freeform {
            let (name, arguments) = (tool.name.clone(), json!(patch));
            return Some(ToolUse { name, arguments });
        }
        let arguments = [(&["patchText", "patch"][..], json!(patch))];
        return Some(using(&PATCH, &arguments, request));
    }
    shell?;
    let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
    let (folder, path, text) = (quoted(folder), quoted(path), quoted(text));
    let command = format!("mkdir -p {folder} && printf %s {text} > {path}");
    Some(run(&command, request))
}

/// Edits a file; where only a shell is offered, by a program in it.
pub(super) fn edit(path: &str, old: &str, new: &str, request: &ModelRequest) -> Vec<ToolUse> {
    let tool = request.tool(&EDIT);
    if tool.is_none() && shell(request).is_some() {
        let program = "s/\\Q$ENV{old}\\E/$ENV{new}/";
        let (path, old, new) = (quoted(path), quoted(old), quoted(new));
        let command = format!("old={old} new={new} perl -0777 -i -pe '{program}' {path}");
        return vec![run(&command, request)];
    }
    let reads_first = tool.is_some_and(|tool| {
        let snake = tool.parameters.iter().any(|name| name == "old_string");
        READS_FIRST.contains(&tool.name.as_str()) || tool.name == "edit" && snake
    });
    let arguments = [
        (&PATH[..], json!(path)),
        (&["oldString", "old_string"], json!(old)),
        (&["newString", "new_string"], json!(new)),
        (&["", "instruction"], json!("Rehearsed edit")),
    ];
    let read_it = reads_first.then(|| read(path, request));
    let calls = read_it
        .into_iter()
        .chain([using(&EDIT, &arguments, request)]);
    calls.collect()
}

pub(super) fn read(path: &str, request: &ModelRequest) -> ToolUse {
    match (request.tool(&READ), shell(request)) {
        (None, Some(_)) => run(&format!("cat {}", quoted(path)), request),
        (_, _) => using(&READ, &[(&PATH, json!(path))], request),
    }
}

pub(super) fn run(command: &str, request: &ModelRequest) -> ToolUse {
    let arguments = [
        (&["command", "cmd"][..], json!(command)),
        (&["description"], json!("Rehearsed command")),
    ];
    using(&SHELL, &arguments, request)
}

/// A call of the first of these tools that is offered. Arguments have the names of its schema, and the
/// first of their names where there is none; what has no name in the schema is left out.
fn using(tools: &[&str], arguments: &[(&[&str], Value)], request: &ModelRequest) -> ToolUse {
    let tool = request.tool(tools);
    let known = tool.filter(|tool| !tool.parameters.is_empty());
    let mut named = Map::new();
    for (names, value) in arguments {
        let name = match known {
            Some(tool) => names
                .iter()
                .find(|name| tool.parameters.iter().any(|own| own == *name)),
            None => names.first().filter(|name| !name.is_empty()),
        };
        named.extend(name.map(|name| ((*name).to_owned(), value.clone())));
    }
    ToolUse {
        name: tool.map_or(tools[0], |tool| &tool.name).to_owned(),
        arguments: Value::Object(named),
    }
}

/// A shell that stands in for other tools. OpenCode 1 has `bash` in profiles that are not to write.
fn shell(request: &ModelRequest) -> Option<&Tool> {
    request.tool(&SHELL[1..])
}

/// As one word for a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
