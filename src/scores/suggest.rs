//! What the board says about who should be asked, only where there is no doubt.

use super::{Board, Model, Row, Share};
use crate::model::PhaseName;

/// Models that are worth asking in a phase, or for tasks of a category there, and those that others beat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion<'a> {
    pub phase: &'a PhaseName,
    pub category: Option<&'a str>,
    /// The best first; with what it is the best by.
    pub keep: Vec<(&'a Model, Share)>,
    pub leave_out: Vec<(&'a Model, Share)>,
}

/// A model is left out where another one's interval lies above its own; a category gets one model only if that beats
/// all others of which enough is known. The board has to be sorted.
pub fn suggestions(board: &Board) -> Vec<Suggestion<'_>> {
    let is_one = |a: &Row, b: &Row| a.phase == b.phase && a.category == b.category;
    let groups = board.models.chunk_by(is_one);
    groups.filter_map(suggestion).collect()
}

fn suggestion(rows: &[Row]) -> Option<Suggestion<'_>> {
    let first = rows.first()?;
    // Proposals are measured by each other, tasks by what became of them.
    let by = |row: &Row| match &row.category {
        Some(_) => row.accepted,
        None => row.wins,
    };
    let known = rows.iter().map(|row| (&row.model, by(row)));
    let beaten = |share: Share| rows.iter().any(|row| by(row).beats(share));
    let (leave_out, keep): (Vec<_>, Vec<_>) = known
        .filter(|(_, share)| share.of > 0)
        .partition(|(_, share)| beaten(*share));
    let enough = keep.iter().filter(|(_, share)| share.interval().is_some());
    let clear = first.category.is_none() || enough.count() == 1;
    (clear && !leave_out.is_empty()).then_some(Suggestion {
        phase: &first.phase,
        category: first.category.as_deref(),
        keep,
        leave_out,
    })
}
