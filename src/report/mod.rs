//! What people and programs see of a run: progress, plain lines, the JSON stream, the summary,
//! `show` and `runs`. All of them are views of the same [`Record`](crate::run::Record)s and plan.
//!
//! Nothing here decides anything, reads a file or asks a clock: records, plan, the present time and
//! the writers are handed in. What agents and providers said is shown only after control
//! characters were taken out of it, so that no model can drive the user's terminal.

mod activity;
mod audit;
mod board;
mod canvas;
mod compare;
mod costs;
mod display;
mod error;
mod evidence;
mod failure;
mod focus;
mod full_detail;
mod full_screen;
mod full_tree;
mod json;
mod ledger;
mod live;
mod live_lines;
mod live_work;
mod log_line;
mod log_lines;
mod log_lines_of_calls;
mod log_lines_of_work;
mod next;
mod outcome;
mod page;
mod paint;
mod patch;
mod plain;
mod projection;
mod proposals;
mod query;
mod question;
mod runs;
mod scores;
mod screen;
mod sections;
mod sections_work;
mod show;
mod show_json;
mod show_json_work;
mod summary;
mod summary_work;
mod table;
mod verdict;
mod view;
mod view_task;
mod view_work;
mod viewer;
mod words;
mod words_work;
mod workflow_table;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod sample_build;
#[cfg(test)]
mod sample_build_parts;
#[cfg(test)]
mod sample_parts;

pub use activity::{ActivityLines, attempt_head, attempt_tail};
pub use board::{Scope, board_json, render_board, render_suggestions};
pub use canvas::Canvas;
pub use compare::{
    Proposal, render_built_on, render_comparison, render_difference, render_runs_compared,
};
pub use costs::{CostsShown, costs_csv, costs_json, render_costs};
pub use display::Display;
pub use error::ReportError;
pub use evidence::reason;
pub use failure::render_error;
pub use focus::{Item, Key};
pub use full_screen::FullScreen;
pub use ledger::render_ledger;
pub use log_lines_of_work::{applied_words, undone_words};
pub use next::shell_word;
pub use page::{Page, Texts, render_markdown, render_page, render_pages};
pub use paint::{Colors, Size, Terminal};
pub use patch::{changes_json, paint_patch, render_stat};
pub use projection::{projection_line, projection_table};
pub use question::render_question;
pub use runs::{RunRow, render_runs, runs_json};
pub use screen::{Screen, Sgr, visible};
pub use show::{ShowPart, Shown, render_show};
pub use show_json::show_json;
pub use summary::render_summary;
pub use table::{Table, wrap_indented};
pub use verdict::render_verdicts;
pub use view::{PhaseView, RunView, Supervisor};
pub use view_work::DeliveryState;
pub use viewer::Viewer;
pub use words::{clean, counted, folded, or_nothing, token_count, word, wrap};
pub use workflow_table::{candidates_cost, mermaid_graph, workflow_table};
