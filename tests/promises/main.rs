//! The promises to the user, each tested through the real binary with the scripted fake agent.
//!
//! A file a promise. What they share is in `support`: [`support::Sandbox`] for whole runs,
//! [`support::Stage`] for single children under their warden.
#![expect(clippy::unwrap_used, reason = "tests")]

mod a_child_starts_or_says_why;
mod a_models_command_is_not_obeyed;
mod a_person_is_asked;
mod a_person_steers;
mod a_phase_keeps_its_budget;
mod a_project_gives_no_orders;
mod a_rehearsal_touches_nothing;
mod a_run_needs_no_history;
mod a_sign_in_is_lent_and_comes_back;
mod agents_change_under_a_run;
mod agents_read_no_keys_of_tipstaff;
mod agents_speak_acp;
mod agents_that_misbehave;
mod agents_words_can_be_read;
mod any_command_is_an_agent;
mod audits_decide;
mod bad_answers_are_handled;
mod bad_input_is_explained;
mod cells_hold;
mod chains_cross_agents;
mod changes_are_limited;
mod changes_are_shown;
mod changes_reach_you_whole;
mod changes_that_act_later;
mod cleaning_loses_nothing;
mod conflicts_have_a_way_out;
mod ctrl_c_is_heard;
mod deliveries_are_recorded;
mod dependencies_are_installed_once;
mod doctor_tells_what_works;
mod documents_travel_with_changes;
mod editors_finish_their_work;
mod fake_agent_behaves;
mod foreign_runs_are_only_read;
mod handoffs_hold_what_was_asked;
mod imports_are_followed;
mod init_writes_a_configuration;
mod journal_is_the_runs_own;
mod journals_stay_readable;
mod long_work_goes_on;
mod models_are_listed;
mod models_speak_for_nobody_else;
mod no_file_holds_up_a_command;
mod no_process_survives;
mod nothing_runs_twice;
mod nothing_shown_steers_the_terminal;
mod output_is_bounded;
mod output_is_for_people_and_programs;
mod people_are_asked;
mod planted_files_give_no_orders;
mod prompts_are_known_beforehand;
mod proposals_are_judged_fairly;
mod reading_needs_no_configuration;
mod resume_takes_what_is_open;
mod run_folders_are_private;
mod secrets_are_not_kept;
mod secrets_in_edits_are_held_back;
mod support;
mod tasks_go_to_their_specialists;
mod the_border_holds;
mod workflows_can_be_looked_at;
mod your_project_is_left_alone;
