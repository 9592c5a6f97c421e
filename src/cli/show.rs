//! `tipstaff show [RUN]`.

use super::args::ShowArgs;
use super::failure::{Exit, Failure};
use super::open_run::{OpenRun, find_run, ledgers, shown_folder, tell_foreign};
use super::print;
use super::settings::Settings;
use crate::report::{Shown, render_show, show_json};
use crate::runtime::now;

pub fn show(settings: &Settings, args: &ShowArgs) -> Result<Exit, Failure> {
    let run = OpenRun::read(find_run(settings, args.run.as_deref())?)?;
    tell_foreign(settings, &run.folder);
    let shown = Shown {
        view: &run.view(),
        folder: &shown_folder(&run.folder),
        supervisor: run.supervisor(),
        now: now(),
        zone: &jiff::tz::TimeZone::system(),
        ledgers: &ledgers(&run.folder, &run.plan, &run.records),
    };
    if args.json {
        print::json(&show_json(&shown))?;
    } else {
        print::data(&render_show(&shown))?;
    }
    Ok(Exit::Done)
}
