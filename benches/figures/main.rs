//! The figures that tipstaff promises, measured in one run, each with its target and a verdict.
//!
//! ```text
//! scripts/bench [--write FILE] [NAME …]
//! ```
//!
//! Without a NAME all of them. Ratios and differences only: both sides are measured here, one after
//! the other in turns, so that they hold on any machine. Exits with 1 if a target is missed. Nothing
//! leaves this machine: models are scripted, and agents are told to stay off the network.

mod check;
mod ensemble;
mod figure;
mod ground;
mod measure;
mod memory;
mod opencode;
mod own_cost;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use figure::Figure;

/// A group of figures that are measured together.
type Group = (&'static str, fn() -> Vec<Figure>);

const GROUPS: [Group; 5] = [
    ("own-cost", own_cost::figures),
    ("ensemble", ensemble::figures),
    ("check", check::figures),
    ("memory", memory::figures),
    ("opencode", opencode::figures),
];

fn main() -> ExitCode {
    let Some(wanted) = Wanted::read() else {
        let names = GROUPS.map(|(name, _)| name).join(", ");
        say(&format!(
            "usage: scripts/bench [--write FILE] [NAME …], where NAME is one of {names}\n"
        ));
        return ExitCode::from(2);
    };
    let mut figures = Vec::new();
    for (name, measure) in GROUPS {
        if wanted.names.is_empty() || wanted.names.iter().any(|wanted| wanted == name) {
            for figure in measure() {
                say(&format!("{figure}\n"));
                figures.push(figure);
            }
        }
    }
    if let Some(path) = &wanted.write {
        std::fs::write(path, figure::page(&figures)).expect("the page can be written");
    }
    match figures.iter().all(Figure::holds) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
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
                name if GROUPS.iter().any(|(known, _)| *known == name) => wanted.names.push(arg),
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
