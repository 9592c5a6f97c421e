//! Whatever is in names and contents, a terminal is shown it and does not obey it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::support::{ENTER, Output, Sandbox, Terminal};

/// Sets the clipboard, changes colour, clears by C1, turns the direction, goes back to the line's beginning.
const EVIL: &str = "evil\u{1b}]52;c;aGk=\u{7}\u{1b}[35;5mred\u{9b}2J\u{202e}txt\r";

/// A project in which everything has a hostile name or content, one run that kept its changes, one that
/// waits, and a foreign one whose plan and journal are hostile.
struct Trap {
    sandbox: Sandbox,
    kept: String,
    waiting: String,
    foreign: String,
}

impl Trap {
    fn new(colour: bool) -> Self {
        let mut sandbox = Sandbox::new();
        sandbox
            .env("TERM", "xterm-256color")
            .env("GIT_PAGER", "cat");
        if !colour {
            sandbox.env("NO_COLOR", "1");
        }
        let evil = quoted(EVIL);
        sandbox.write(EVIL, EVIL);
        sandbox.git_init();
        let mend = "type: single\n    model: m1\n    edits: true\n    context_strategy: distilled\n    \
                    retries: 0\n    verify: ";
        sandbox.write(
            &workflow("mend"),
            &format!(
                "name: mend\ndescription: {evil}\nphases:\n  - name: mend\n    {mend}{evil}\n"
            ),
        );
        sandbox.write(
            &workflow("gated"),
            &format!("name: gated\nphases:\n  - name: mend\n    {mend}'true'\n    gate: {evil}\n"),
        );
        sandbox.write(
            &workflow(EVIL),
            &format!("name: {evil}\nphases:\n  - name: {evil}\n    {evil}: {evil}\n"),
        );
        sandbox.write(
            ".tipstaff/config.yaml",
            &format!("models:\n  evil: {{ agent: fake, id: {evil}, family: {evil} }}\n"),
        );
        sandbox.fake_agent(&format!(
            "- do:\n    - print: {evil}\n    - stderr: {evil}\n    - write: {{ path: {evil}, text: {again} }}\n    \
             - write: {{ path: {evil}/in, text: {again} }}\n    \
             - write: {{ path: .tipstaff/out/deliverable.md, text: {evil} }}\n    \
             - write: {{ path: .tipstaff/out/handoff.json, text: {handoff} }}\n",
            again = quoted(&format!("{EVIL}\n{EVIL}")),
            handoff = quoted(&format!("{{\"summary\": {evil}, \"risks\": [{evil}]}}")),
        ).replace(&format!("{evil}/in"), &quoted(&format!("{EVIL}-folder/in"))));
        let mut trap = Self {
            sandbox,
            kept: String::new(),
            waiting: String::new(),
            foreign: String::new(),
        };
        trap.kept = trap.begin(&["run", "mend", EVIL, "--keep"]);
        trap.waiting = trap.begin(&["run", "gated", EVIL]);
        trap.foreign = trap.plant_a_foreign_run();
        trap
    }

    /// The id of the run that this begins.
    fn begin(&self, args: &[&str]) -> String {
        let before = self.runs();
        let output = self.sandbox.tipstaff(args);
        harmless(args, &output);
        let begun: Vec<String> = self.runs().difference(&before).cloned().collect();
        assert_eq!(begun.len(), 1, "{output}");
        begun.into_iter().next().unwrap()
    }

    fn folder(&self) -> PathBuf {
        self.sandbox.project().join(".tipstaff/runs")
    }

    fn runs(&self) -> BTreeSet<String> {
        let entries = std::fs::read_dir(self.folder()).into_iter().flatten();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    /// A copy in which the phase has a hostile name, under a name of its own.
    fn plant_a_foreign_run(&self) -> String {
        let name = self.kept.replace("mend", "from-elsewhere");
        let (from, to) = (self.folder().join(&self.kept), self.folder().join(&name));
        std::fs::create_dir(&to).unwrap();
        for file in ["plan.json", "journal.jsonl"] {
            let text = std::fs::read_to_string(from.join(file)).unwrap();
            let text = text.replace("\"mend\"", &quoted(EVIL));
            std::fs::write(to.join(file), text).unwrap();
        }
        name
    }

    /// Every command, with everything hostile that it can be given.
    fn commands(&self) -> Vec<Vec<&str>> {
        let (kept, waiting, foreign) = (&*self.kept, &*self.waiting, &*self.foreign);
        vec![
            vec!["run", EVIL, "Mend it"],
            vec!["run", "mend", "Mend it", "--model", EVIL],
            vec!["run", "mend", EVIL, "--set", "evil\u{1b}[2J=x"],
            vec!["run", "mend", EVIL, "--rehearse", EVIL],
            vec!["run", "mend", EVIL, "--branch", EVIL],
            vec!["run", "mend", EVIL],
            vec!["run", "mend", EVIL, "--json"],
            vec!["check", EVIL],
            vec!["check", "evil\u{1b}[2J"],
            vec!["prompt", "mend", EVIL],
            vec!["prompt", "mend", "mend", EVIL],
            vec!["prompt", "mend", "mend", "--call", EVIL],
            vec!["resume", EVIL],
            vec!["resume", foreign],
            vec!["resume", kept, "--limit", EVIL],
            vec!["note", EVIL, EVIL],
            vec!["note", waiting, EVIL, EVIL],
            vec!["note", waiting, EVIL],
            vec!["rerun", EVIL, "--from", EVIL],
            vec!["rerun", kept, "--from", EVIL],
            vec!["rerun", kept, "--from", "mend", "--note", EVIL],
            vec!["runs"],
            vec!["runs", "--json"],
            vec!["show", EVIL],
            vec!["show", kept],
            vec!["show", kept, "--json"],
            vec!["show", waiting],
            vec!["show", foreign],
            vec!["show", foreign, "--json"],
            vec!["compare", EVIL],
            vec!["compare", kept, foreign],
            vec!["report", EVIL],
            vec!["report", kept, "--markdown"],
            vec!["watch", EVIL],
            vec!["watch", kept],
            vec!["watch", foreign],
            vec!["stop", EVIL],
            vec!["stop", kept],
            vec!["rate", EVIL, EVIL, EVIL, "--because", EVIL],
            vec!["rate", kept, EVIL, "A", "--because", EVIL],
            vec!["scores"],
            vec!["scores", "--json"],
            vec!["scores", "--suggest"],
            vec!["logs", EVIL],
            vec!["logs", kept],
            vec!["logs", kept, "--raw"],
            vec!["logs", foreign, EVIL],
            vec!["workflows"],
            vec!["workflows", "--json"],
            vec!["workflows", "show", EVIL],
            vec!["workflows", "copy", EVIL],
            vec!["check", "gated", "--graph"],
            vec!["check", "gated", "--graph", "mermaid"],
            vec!["pick", EVIL, EVIL, "A"],
            vec!["pick", kept, EVIL, "A"],
            vec!["pick", foreign, EVIL, EVIL],
            vec!["approve", EVIL],
            vec!["approve", waiting, EVIL],
            vec!["reject", EVIL],
            vec!["reject", waiting, EVIL, "--because", EVIL],
            vec!["reject", waiting, "--because", EVIL],
            vec!["diff", EVIL],
            vec!["diff", kept],
            vec!["diff", kept, "--stat"],
            vec!["diff", kept, "--json"],
            vec!["diff", kept, "--task", EVIL],
            vec!["apply", EVIL],
            vec!["apply", kept, "--branch", EVIL],
            vec!["apply", kept],
            vec!["undo", EVIL],
            vec!["undo", kept],
            vec!["clean", "--dry-run"],
            vec!["clean", "--older-than", EVIL],
            vec!["trust", EVIL],
            vec!["trust", "--show"],
            vec!["trust", "--revoke"],
            vec!["trust", "--yes"],
            vec!["costs", EVIL],
            vec!["costs", kept],
            vec!["costs", "--by", "model"],
            vec!["costs", "--csv"],
            vec!["models", EVIL],
            vec!["models", "--json"],
            vec!["models"],
            vec!["doctor", "--json"],
            vec!["doctor"],
            vec!["schema", EVIL],
            vec!["completions", EVIL],
            vec![EVIL],
            vec!["-C", EVIL, "runs"],
            vec!["init", "--yes"],
        ]
    }
}

#[test]
fn no_command_hands_on_what_a_terminal_obeys() {
    for colour in [false, true] {
        let trap = Trap::new(colour);
        let mut seen = 0;
        for args in trap.commands() {
            let piped = trap.sandbox.tipstaff(&args);
            if args[0] != "diff" {
                harmless(&args, &piped);
            }
            let mut terminal = Terminal::start(&trap.sandbox, &args);
            // A run that is over stays on the whole terminal until one leaves.
            if args[0] == "watch" && args[1] != EVIL {
                terminal.until_shows(1, ENTER);
                terminal.types("q");
            }
            let shown = terminal.wait();
            harmless(&args, &shown);
            seen += usize::from(shown.stdout.contains("evil"));
        }
        let all = trap.commands().len();
        assert!(seen > all * 3 / 4, "{seen} of {all} showed anything of it");
    }
}

#[test]
fn every_command_is_tried() {
    let sandbox = Sandbox::new();
    let help = sandbox.tipstaff(&["--help"]);
    let commands = help.stdout.split("Commands:\n").nth(1).unwrap();
    let known: BTreeSet<&str> = commands
        .lines()
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|name| !name.is_empty() && *name != "help")
        .collect();
    let trap = Trap {
        sandbox,
        kept: String::new(),
        waiting: String::new(),
        foreign: String::new(),
    };
    let commands = trap.commands();
    let tried: BTreeSet<&str> = commands.iter().map(|args| args[0]).collect();
    let missing: Vec<_> = known.difference(&tried).collect();
    assert!(known.contains("diff"), "{help}");
    assert_eq!(missing, Vec::<&&str>::new(), "not tried");
}

#[test]
fn a_patch_for_a_program_is_exact() {
    let trap = Trap::new(false);
    let output = trap
        .sandbox
        .command(&["diff", &*trap.kept])
        .output()
        .unwrap();
    let patch = trap.sandbox.outside("patch");
    std::fs::write(&patch, &output.stdout).unwrap();
    trap.sandbox.git(&["apply", patch.to_str().unwrap()]);
    assert_eq!(trap.sandbox.read(EVIL), format!("{EVIL}\n{EVIL}"));
}

/// Nothing is there that a terminal obeys, but for the program's own colours and the way up its frame.
#[track_caller]
fn harmless(args: &[&str], output: &Output) {
    for text in [&output.stdout, &output.stderr] {
        assert!(
            !text.contains("\u{1b}[35;5m"),
            "{args:?} is coloured:\n{text:?}"
        );
        let obeyed = |c: char| {
            (c.is_control() && c != '\n' && c != '\t')
                || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        let rest = without_own(&text.replace("\r\n", "\n"));
        assert!(!rest.contains(obeyed), "{args:?} shows\n{rest:?}");
    }
}

/// Without `ESC [ codes m`, `ESC [ rows A CR`, what clears a line or all below, and what draws the whole terminal.
fn without_own(text: &str) -> String {
    let whole = ["\u{1b}[?1049h\u{1b}[?25l\u{1b}[2J", "\u{1b}[0m\u{1b}[2J"];
    let text = whole
        .iter()
        .fold(text.to_owned(), |text, own| text.replace(own, ""));
    let text = text.replace("\u{1b}[?25h\u{1b}[?1049l", "");
    let mut parts = text.split("\u{1b}[");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        let own = rest.strip_prefix('m').or_else(|| rest.strip_prefix("A\r"));
        let clears = || part.strip_prefix('J').or_else(|| part.strip_prefix("2K"));
        let moves = || rest.strip_prefix(['H', 'G', 'K']);
        match own.or_else(clears).or_else(moves) {
            Some(rest) => kept.push_str(rest),
            None => {
                kept.push_str("\u{1b}[");
                kept.push_str(part);
            }
        }
    }
    kept
}

/// As a string of JSON, which YAML reads as well.
fn quoted(text: &str) -> String {
    let json = serde_json::to_string(text).unwrap();
    json.replace('\u{9b}', "\\u009b")
        .replace('\u{202e}', "\\u202e")
}

fn workflow(name: &str) -> String {
    format!(".tipstaff/workflows/{name}.yaml")
}
