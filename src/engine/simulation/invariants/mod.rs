//! The promises, each a function over a trace.

mod calls;
mod edits;
mod ends;
mod journal;
mod phases;

use super::trace::Trace;

/// What holds, or what does not.
type Verdict = Result<(), String>;

/// A promise.
type Promise = fn(&Trace) -> Verdict;

/// Every promise, with its name.
const ALL: [(&str, Promise); 29] = [
    (
        "a finished call never runs again",
        calls::a_finished_call_never_runs_again,
    ),
    (
        "an attempt is ordered once, as it was written down",
        calls::an_attempt_is_ordered_once,
    ),
    ("the limits are kept", calls::the_limits_are_kept),
    ("the budgets are kept", calls::the_budgets_are_kept),
    (
        "a limit stops only who wants to work",
        calls::a_limit_stops_only_who_wants_to_work,
    ),
    (
        "what nobody wants is cancelled",
        calls::what_nobody_wants_is_cancelled,
    ),
    (
        "a resumed call is tried once more",
        calls::a_resumed_call_is_tried_once_more,
    ),
    ("waits are kept", calls::waits_are_kept),
    (
        "nobody works on what is over",
        calls::nobody_works_on_what_is_over,
    ),
    ("one edits at a time", edits::one_edits_at_a_time),
    (
        "calls start from the tree that was left",
        edits::calls_start_from_the_tree_that_was_left,
    ),
    (
        "nothing that was taken over is lost",
        edits::nothing_that_was_taken_over_is_lost,
    ),
    ("decided work is proved", edits::decided_work_is_proved),
    (
        "commands prove the tree they are about",
        edits::commands_prove_the_tree_they_are_about,
    ),
    ("tasks keep their order", edits::tasks_keep_their_order),
    (
        "tasks stop or go on as they were told",
        edits::tasks_stop_or_go_on,
    ),
    (
        "every task is decided upon",
        edits::every_task_is_decided_upon,
    ),
    (
        "phases follow one another",
        phases::phases_follow_one_another,
    ),
    (
        "a phase is closed when all of it is there",
        phases::a_phase_is_closed_when_all_of_it_is_there,
    ),
    (
        "judges wait for the sealing",
        phases::judges_wait_for_the_sealing,
    ),
    (
        "a join follows its last lens",
        phases::a_join_follows_its_last_lens,
    ),
    ("a gate holds", phases::a_gate_holds),
    (
        "calls are named after their round",
        phases::calls_are_named_after_their_round,
    ),
    ("loops are counted", phases::loops_are_counted),
    ("the end tells the truth", ends::the_end_tells_the_truth),
    (
        "nothing is under way at the end",
        ends::nothing_is_under_way_at_the_end,
    ),
    (
        "changes are delivered once, at the end",
        ends::changes_are_delivered_once_at_the_end,
    ),
    (
        "what became of the changes is told once",
        ends::what_became_of_the_changes_is_told_once,
    ),
    (
        "the journal tells everything",
        journal::the_journal_tells_everything,
    ),
];

/// Checks them all.
pub fn check(trace: &Trace) -> Verdict {
    for (name, holds) in ALL {
        holds(trace).map_err(|why| format!("{name}: {why}"))?;
    }
    Ok(())
}

/// A sentence about what is wrong, unless it is right.
fn ensure(right: bool, otherwise: impl FnOnce() -> String) -> Verdict {
    if right { Ok(()) } else { Err(otherwise()) }
}
