//! `tipstaff scores`: what the runs of this project, or all of this user's, tell of the models.

use super::args::ScoresArgs;
use super::failure::{Exit, Failure};
use super::open_run::read_plan;
use super::print;
use super::settings::Settings;
use super::viewer::width;
use crate::journal::{Journal, Origin, RunFolder, folders};
use crate::report::{Scope, Screen, board_json, render_board, render_suggestions};
use crate::run::RunState;
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
        let json = board_json(&board, foreign);
        let json = json.map_err(|error| Failure::said(Exit::Failed, &error.to_string(), None))?;
        print::json(&json)?;
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

/// The board, how many runs are not this user's, and a line for each run that cannot be read. Each journal is read
/// once.
pub fn board(settings: &Settings, scope: Scope) -> Result<(Board, u64, Vec<String>), Failure> {
    let register = settings.register()?;
    let known = match scope {
        Scope::Project => folders(&settings.project.root)?,
        Scope::User => register.folders(),
    };
    let (mut board, mut foreign, mut skipped) = (Board::default(), 0, Vec::new());
    for folder in known {
        if scope == Scope::Project
            && !matches!(register.origin(&folder)?, Origin::Own | Origin::Moved(_))
        {
            foreign += 1;
        } else if let Err(why) = add(&mut board, &folder) {
            let why = why.text().lines().next().unwrap_or_default();
            skipped.push(format!("skipped: run {}: {why}", folder.id()));
        }
    }
    board.sort();
    Ok((board, foreign, skipped))
}

fn add(board: &mut Board, folder: &RunFolder) -> Result<(), Failure> {
    let plan = read_plan(folder)?;
    let content = Journal::read(&folder.path(RunFolder::JOURNAL))?;
    if let Some(foreign) = content.foreign {
        return Err(Failure::said(Exit::Failed, &foreign.to_string(), None));
    }
    if content.records.is_empty() {
        return Err(Failure::said(
            Exit::Failed,
            "its journal has no event",
            None,
        ));
    }
    board.add(&plan, &RunState::of(&content.records));
    Ok(())
}
