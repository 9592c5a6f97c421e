//! The decisive promises against the real OpenCode: through the real binary, with scripted models on
//! loopback instead of paid ones.
//!
//! OpenCode is looked for on PATH, then in `fixtures/agents`. Without it these tests fail and say so:
//! a promise that was not tried is not kept. One run at a time, because starting OpenCode takes all
//! of a core.
#![expect(clippy::unwrap_used, reason = "tests")]

#[expect(
    dead_code,
    unused_imports,
    reason = "shared with the other tests, which use other parts of it"
)]
#[path = "../promises/support/mod.rs"]
mod support;

mod a_limit_is_passed_by_one_step;
mod a_models_command_is_not_obeyed;
mod a_plan_becomes_an_audited_change;
mod agents_speak_acp;
mod agents_that_wait_hold_up_nobody;
mod each_way_to_fail_is_told_apart;
mod every_failure_has_its_kind;
mod less_closed_sandboxes_work;
mod long_work_goes_on;
mod no_orphans_and_lean_requests;
mod opencode_2_is_spoken_to;
mod planted_files_give_no_orders;
mod quota_is_a_state;
mod stand;
mod the_best_of_several_is_taken;
mod the_live_display;
mod the_main_job;
mod work_survives_a_killed_supervisor;
mod your_own_opencode_is_carried;
