//! The figures that tipstaff promises, measured in one run, each with its target and a verdict.
//!
//! ```text
//! scripts/bench [--write FILE] [NAME …]
//! ```
//!
//! Without a NAME all of them. Ratios and differences only: both sides are measured here, one after
//! the other in turns, so that they hold on any machine. Exits with 1 if a target is missed. Nothing
//! leaves this machine: models are scripted, and agents are told to stay off the network.

mod agents;
mod check;
mod context;
mod ensemble;
mod executors;
#[path = "../../tests/promises/support/fake_agent.rs"]
mod fake_agent;
mod figure;
mod ground;
mod judgement;
mod kills;
mod measure;
mod memory;
mod opencode;
mod own_cost;
mod page;
mod plain;
mod repository;
mod soak;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use page::Measured;

/// Figures that are measured together.
struct Group {
    /// As it is called on the command line.
    name: &'static str,
    /// As its section of the page is called.
    title: &'static str,
    measure: fn() -> Measured,
}

const GROUPS: [Group; 12] = [
    Group {
        name: "own-cost",
        title: "A call's own cost",
        measure: own_cost::figures,
    },
    Group {
        name: "ensemble",
        title: "Proposals at one time",
        measure: || ensemble::figures().into(),
    },
    Group {
        name: "repository",
        title: "A repository of 100,000 files",
        measure: repository::figures,
    },
    Group {
        name: "executors",
        title: "Calls on a cluster",
        measure: executors::figures,
    },
    Group {
        name: "check",
        title: "Checking a workflow",
        measure: || check::figures().into(),
    },
    Group {
        name: "memory",
        title: "Memory",
        measure: || memory::figures().into(),
    },
    Group {
        name: "soak",
        title: "A thousand tasks",
        measure: || soak::figures().into(),
    },
    Group {
        name: "kills",
        title: "Killed supervisors",
        measure: || kills::figures().into(),
    },
    Group {
        name: "opencode",
        title: "One call of OpenCode",
        measure: || opencode::figures().into(),
    },
    Group {
        name: "agents",
        title: "One call of the other agents",
        measure: agents::figures,
    },
    Group {
        name: "context",
        title: "What models are given to read",
        measure: context::figures,
    },
    Group {
        name: "judgement",
        title: "How often the right proposal wins",
        measure: judgement::figures,
    },
];

fn main() -> ExitCode {
    let Some(wanted) = Wanted::read() else {
        let names = GROUPS.map(|group| group.name).join(", ");
        say(&format!(
            "usage: scripts/bench [--write FILE] [NAME …], where NAME is one of {names}\n"
        ));
        return ExitCode::from(2);
    };
    let mut hold = true;
    let sections = GROUPS.map(|group| {
        if !wanted.names.is_empty() && !wanted.names.iter().any(|name| name == group.name) {
            return (group.title, None);
        }
        let measured = (group.measure)();
        for figure in &measured.figures {
            say(&format!("{figure}\n"));
            hold &= figure.holds();
        }
        (group.title, Some(measured))
    });
    if let Some(path) = &wanted.write {
        write(path, &sections);
    }
    match hold {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// Writes the page, and the pictures beside it. What was not measured stays as it is there.
fn write(path: &Path, sections: &[(&str, Option<Measured>)]) {
    let old = std::fs::read_to_string(path).unwrap_or_default();
    std::fs::write(path, page::page(&old, sections)).expect("the page can be written");
    let measured = sections
        .iter()
        .filter_map(|(_, measured)| measured.as_ref());
    for picture in measured.filter_map(|measured| measured.picture.as_ref()) {
        let beside = path.with_file_name(picture.name);
        std::fs::write(beside, &picture.svg).expect("a picture can be written");
    }
}

/// What was asked for on the command line.
struct Wanted {
    names: Vec<String>,
    write: Option<PathBuf>,
}

impl Wanted {
    fn read() -> Option<Self> {
        let mut wanted = Self {
            names: Vec::new(),
            write: None,
        };
        // `cargo bench` adds a flag of its own.
        let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--write" => wanted.write = Some(PathBuf::from(args.next()?)),
                name if GROUPS.iter().any(|group| group.name == name) => wanted.names.push(arg),
                _ => return None,
            }
        }
        Some(wanted)
    }
}

/// Prints at once: the slow ones come last.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .expect("standard output takes text");
}
