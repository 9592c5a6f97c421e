//! What is assumed of calls where no earlier run tells.

use crate::model::{Purpose, Usage};

/// Of attempts, one in so many is followed by another, or by a repair.
pub const TRIED_AGAIN: f64 = 10.0;
/// How many tasks a plan is cut into.
pub const TASKS: f64 = 4.0;
/// How often audits that may send work back do.
pub const SENT_BACK: f64 = 0.5;

/// What an attempt uses. Of what an agent reads with each request, all but what is new comes from the cache, where there
/// is one.
pub fn usage(purpose: Purpose, edits: bool, instructions: &str, request: &str) -> Usage {
    let (requests, new, context, output) = match (purpose, edits) {
        (Purpose::Repair | Purpose::Distill, _) => (1, 6_000, 0, 1_500),
        (Purpose::Judge, _) => (2, 18_000, 12_000, 3_000),
        (Purpose::Task, _) | (_, true) => (10, 30_000, 16_000, 8_000),
        (Purpose::Work | Purpose::Lens | Purpose::Propose, false) => (6, 22_000, 14_000, 4_000),
    };
    // About four characters a token.
    let known = (instructions.len() + request.len()) as u64 / 4;
    Usage {
        requests,
        input: new + known,
        cache_read: (requests - 1) * (context + known),
        output,
        ..Usage::default()
    }
}
