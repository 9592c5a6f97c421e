//! Decides what happens next, from the plan and the history of events. No IO, no clock.
