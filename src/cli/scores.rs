//! `tipstaff scores`: what the runs of this project, or all of this user's, tell of the models.

use super::all_runs::{all_runs, each_run};
use super::args::ScoresArgs;
use super::failure::{Exit, Failure};
use super::print;
use super::settings::Settings;
use super::viewer::width;
use crate::report::{Scope, Screen, board_json, render_board, render_suggestions};
use crate::scores::Board;

pub fn scores(settings: &Settings, args: &ScoresArgs) -> Result<Exit, Failure> {
    let scope = match args.all {
        true => Scope::User,
        false => Scope::Project,
    };
    let (board, foreign, skipped) = board(settings, scope)?;
    for one in &skipped {
        print::note(one);
    }
    if args.json {
        print::json(&board_json(&board, foreign)?)?;
    } else if args.suggest {
        match render_suggestions(&board, scope) {
            Some(text) => print::data(&text)?,
            None => print::note("nothing to suggest: no model beats another beyond doubt"),
        }
    } else {
        let width = width(settings, &Screen::Stdout);
        print::data(&render_board(&board, scope, foreign, width))?;
    }
    Ok(Exit::Done)
}

/// The board, how many runs are not this user's, and a line for each run that cannot be read.
pub fn board(settings: &Settings, scope: Scope) -> Result<(Board, u64, Vec<String>), Failure> {
    let (own, foreign) = all_runs(settings, scope)?;
    let mut board = Board::default();
    let skipped = each_run(&own, |_, plan, state| board.add(plan, state));
    board.sort();
    Ok((board, foreign, skipped))
}
