//! `tipstaff show [RUN]`.

use super::args::ShowArgs;
use super::compare::proposal_text;
use super::failure::{Exit, Failure};
use super::look::Look;
use super::print;
use super::settings::Settings;
use crate::report::{ShowPart, render_show, render_summary, show_json};

pub fn show(settings: &Settings, args: &ShowArgs) -> Result<Exit, Failure> {
    let look = Look::at(settings, args.run.as_deref())?;
    if let Some(label) = &args.proposal {
        print::bytes(&proposal_text(&look, label)?)?;
        return Ok(Exit::Done);
    }
    let parts = args.parts();
    let look = match args.json || parts.contains(&ShowPart::Context) {
        true => look.with_ledgers(),
        false => look,
    };
    let shown = look.shown();
    match parts.as_slice() {
        _ if args.json => print::json(&show_json(&shown))?,
        [] => print::data(&render_summary(&shown))?,
        parts => print::data(&render_show(&shown, parts))?,
    }
    Ok(Exit::Done)
}
