//! `tipstaff doctor`: what works on this machine, and what mends the rest.

mod examination;
mod executors;
mod live;
mod problems;
mod text;

pub use self::examination::Examination;
pub use self::executors::Node;
use super::args::DoctorArgs;
use super::failure::{Exit, Failure};
use super::print;
use super::settings::Settings;
use crate::report::Screen;

pub fn doctor(settings: &Settings, args: &DoctorArgs) -> Result<Exit, Failure> {
    let examination = Examination::make(settings, (args.live, true))?;
    if args.json {
        print::json(&examination)?;
    } else {
        print::data(&text::render(&examination, Screen::Stdout.columns()))?;
    }
    Ok(match examination.can_run() {
        true => Exit::Done,
        false => Exit::Usage,
    })
}
