//! What is assumed of calls where no earlier run tells.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Purpose, Usage};

/// Of attempts, one in so many is followed by another, or by a repair.
pub const TRIED_AGAIN: f64 = 10.0;
/// How many tasks a plan is cut into.
pub const TASKS: f64 = 4.0;
/// How often audits that may send work back do.
pub const SENT_BACK: f64 = 0.5;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Assumed {
    Usage,
    Again,
    Tasks,
    SentBack,
    NoPrice,
}

/// What was assumed, and of which phases or models.
#[derive(Debug, Default)]
pub struct Assumptions(BTreeMap<Assumed, BTreeSet<String>>);

impl Assumptions {
    pub fn add(&mut self, what: Assumed, of: &str) {
        self.0.entry(what).or_default().insert(of.to_owned());
    }

    pub fn has(&self, what: Assumed) -> bool {
        self.0.contains_key(&what)
    }

    pub fn sentences(&self) -> Vec<String> {
        let sentence = |(what, of): (&Assumed, &BTreeSet<String>)| {
            let of = of.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            match what {
                Assumed::Usage => format!("what a call uses, in {of}"),
                Assumed::Again => format!("one call in {TRIED_AGAIN} is tried again or repaired"),
                Assumed::Tasks => format!("{TASKS} tasks in {of}"),
                Assumed::SentBack => "every second audit sends the work back".to_owned(),
                Assumed::NoPrice => {
                    format!("nothing of the price of {of}; `price` in the configuration tells it")
                }
            }
        };
        self.0.iter().map(sentence).collect()
    }
}

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
