//! `tipstaff runs`.

use super::args::ListArgs;
use super::failure::{Exit, Failure};
use super::open_run::OpenRun;
use super::print;
use super::settings::Settings;
use super::viewer::width;
use crate::journal::{RunFolder, list};
use crate::report::{RunRow, Screen, render_runs, runs_json};
use crate::runtime::now;

pub fn runs(settings: &Settings, args: &ListArgs) -> Result<Exit, Failure> {
    let root = &settings.project.root;
    let rows: Vec<RunRow> = list(root)?
        .into_iter()
        .map(|run| {
            let open = RunFolder::open(root, run.id.clone()).map_err(Failure::from);
            match open.and_then(OpenRun::read) {
                Ok(open) => RunRow::new(run.id, &open.view(), open.supervisor(), now()),
                Err(failure) => RunRow::unreadable(run.id, failure.text().trim()),
            }
        })
        .collect();
    if args.json {
        print::json(&runs_json(&rows))?;
    } else if rows.is_empty() {
        print::note("no runs in this project yet; `tipstaff run plan \"…\"` makes one");
    } else {
        let (zone, width) = (
            jiff::tz::TimeZone::system(),
            width(settings, &Screen::Stdout),
        );
        print::data(&render_runs(&rows, &zone, width))?;
    }
    Ok(Exit::Done)
}
