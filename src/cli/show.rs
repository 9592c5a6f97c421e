//! `tipstaff show [RUN]`.

use super::args::ShowArgs;
use super::compare::proposal_text;
use super::failure::{Exit, Failure};
use super::open_run::{OpenRun, find_run, ledgers, shown_folder, tell_foreign};
use super::print;
use super::settings::Settings;
use super::viewer::viewer;
use crate::report::{Screen, ShowPart, Shown, render_show, render_summary, show_json};
use crate::runtime::now;

pub fn show(settings: &Settings, args: &ShowArgs) -> Result<Exit, Failure> {
    let run = OpenRun::read(find_run(settings, args.run.as_deref())?)?;
    tell_foreign(settings, &run.folder);
    if let Some(label) = &args.proposal {
        print::bytes(&proposal_text(&run, label)?)?;
        return Ok(Exit::Done);
    }
    let parts = args.parts();
    let ledgers = match args.json || parts.contains(&ShowPart::Context) {
        true => ledgers(&run.folder, &run.plan, &run.records),
        false => Vec::new(),
    };
    let shown = Shown {
        view: &run.view(),
        folder: &shown_folder(&run.folder),
        viewer: &viewer(settings, &run.folder, Screen::Stdout),
        supervisor: run.supervisor(),
        now: now(),
        zone: &jiff::tz::TimeZone::system(),
        ledgers: &ledgers,
    };
    match parts.as_slice() {
        _ if args.json => print::json(&show_json(&shown))?,
        [] => print::data(&render_summary(&shown))?,
        parts => print::data(&render_show(&shown, parts))?,
    }
    Ok(Exit::Done)
}
