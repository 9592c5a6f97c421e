//! The promises. Each looks at a run moment by moment, with what was known right before.

mod calls;
mod edits;
mod ends;
mod journal;
mod parts;
mod people;
mod phases;

use super::facts::Facts;
use super::trace::{Moment, Trace};
use crate::model::PhaseName;
use crate::run::{Event, PhaseEvent};

pub use journal::the_journal_tells_everything;

/// What holds, or what does not.
type Verdict = Result<(), String>;

/// A promise: says of one moment after the other what does not hold. It may remember what it saw.
type Promise = Box<dyn FnMut(&Facts<'_>, &Moment) -> Verdict>;

/// A promise by its name, to be made anew for each run.
type Named = (&'static str, fn() -> Promise);

/// Every promise.
const ALL: [Named; 53] = [
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
        "limits are passed by a step",
        calls::limits_are_passed_by_a_step,
    ),
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
    (
        "what a person ended stays ended",
        calls::what_a_person_ended_stays_ended,
    ),
    ("waits are kept", calls::waits_are_kept),
    (
        "nobody asks a parked account",
        calls::nobody_asks_a_parked_account,
    ),
    (
        "a substitute stands in for one that is parked",
        calls::a_substitute_stands_in_for_one_that_is_parked,
    ),
    (
        "one request tells whether an account serves again",
        calls::one_request_tells_whether_an_account_serves_again,
    ),
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
    ("decided work is verified", edits::decided_work_is_verified),
    (
        "a failing candidate never wins",
        edits::a_failing_candidate_never_wins,
    ),
    (
        "who weakens the tests is looked at",
        edits::who_weakens_the_tests_is_looked_at,
    ),
    (
        "commands verify the tree they are about",
        edits::commands_verify_the_tree_they_are_about,
    ),
    (
        "a model's command runs only where it is allowed",
        edits::a_models_command_runs_only_where_it_is_allowed,
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
        "a part follows one that was stopped",
        parts::a_part_follows_one_that_was_stopped,
    ),
    (
        "a part goes on where the last one was stopped",
        parts::a_part_goes_on_where_the_last_one_was_stopped,
    ),
    (
        "a part brings the state of the last one",
        parts::a_part_brings_the_state_of_the_last_one,
    ),
    (
        "a state is distilled before the next part",
        parts::a_state_is_distilled_before_the_next_part,
    ),
    (
        "a checkpoint leaves room for work",
        parts::a_checkpoint_leaves_room_for_work,
    ),
    (
        "work that stands still is given up",
        parts::work_that_stands_still_is_given_up,
    ),
    (
        "only the end of the work is judged",
        parts::only_the_end_of_the_work_is_judged,
    ),
    (
        "nothing that a part changed is lost",
        parts::nothing_that_a_part_changed_is_lost,
    ),
    (
        "a stopped part is not done again",
        parts::a_stopped_part_is_not_done_again,
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
        "a winner is named whatever the order",
        phases::a_winner_is_named_whatever_the_order,
    ),
    (
        "what is refined beats what it was made of",
        phases::what_is_refined_beats_what_it_was_made_of,
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
    (
        "a person's words reach the prompts",
        people::a_persons_words_reach_the_prompts,
    ),
    (
        "an edited document counts",
        people::an_edited_document_counts,
    ),
    (
        "a replaced model is not used",
        people::a_replaced_model_is_not_used,
    ),
    ("who is asked is heard", people::who_is_asked_is_heard),
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
        "a paused run delivers nothing",
        ends::a_paused_run_delivers_nothing,
    ),
    (
        "what became of the changes is said once",
        ends::what_became_of_the_changes_is_told_once,
    ),
    (
        "the project holds what was delivered",
        ends::the_project_holds_what_was_delivered,
    ),
];

pub fn check(trace: &Trace) -> Verdict {
    let mut all = ALL.map(|(name, promise)| (name, promise()));
    trace.each(|facts, moment| {
        let mut verdicts = all
            .iter_mut()
            .map(|(name, holds)| holds(facts, moment).map_err(|why| format!("{name}: {why}")));
        verdicts.find(Result::is_err).unwrap_or(Ok(()))
    })
}

fn promise(holds: impl FnMut(&Facts<'_>, &Moment) -> Verdict + 'static) -> Promise {
    Box::new(holds)
}

/// The phase that fails with this event because of what came of its work. One that a limit ends is decided as little
/// as one that is parked there.
fn fails_by_its_work<'e>(facts: &Facts<'_>, event: &'e Event) -> Option<&'e PhaseName> {
    match event {
        Event::Phase {
            phase,
            event: PhaseEvent::Failed { .. },
        } => facts.limited.is_none().then_some(phase),
        _ => None,
    }
}

/// A sentence about what is wrong, unless it is right.
fn ensure(right: bool, otherwise: impl FnOnce() -> String) -> Verdict {
    if right { Ok(()) } else { Err(otherwise()) }
}
