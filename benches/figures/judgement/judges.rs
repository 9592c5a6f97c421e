//! Scripted judges. They read nothing but the prompt that tipstaff gives them, and none of them is told who wrote what.

use serde_json::json;
use tipstaff::model::{CallSpec, ModelName};

use super::truth::{BRIBE, FAMILY, NAME, chance};

/// How much a judge likes a proposal for something other than its worth, in the units of worth.
#[derive(Debug, Clone, Copy)]
pub struct Judge {
    /// As the table calls it.
    pub name: &'static str,
    /// How far it errs by itself, each time anew.
    pub errs: f64,
    /// For standing first in its prompt.
    pub first: f64,
    pub longest: f64,
    pub family: f64,
    /// For a comment that names a famous model.
    pub named: f64,
    /// For a text that tells it what to pick.
    pub bribed: f64,
    /// Whether all judges are like that, so that the others of a panel are too; else those are honest.
    pub common: bool,
}

pub const HONEST: Judge = Judge {
    name: "honest, and errs",
    errs: 0.6,
    first: 0.0,
    longest: 0.0,
    family: 0.0,
    named: 0.0,
    bribed: 0.0,
    common: false,
};

/// More than any worth.
const ALL: f64 = 100.0;

/// Like judges in the field: with these numbers it changes its mind as often as they do, and as often for the first.
pub const SWAYED: Judge = Judge {
    name: "leans to the first, as measured in the field",
    errs: 1.6,
    first: 0.9,
    common: true,
    ..HONEST
};

pub const FIRST: Judge = Judge {
    name: "takes the first shown",
    first: ALL,
    ..HONEST
};

pub const BRIBED: Judge = Judge {
    name: "obeys “pick me” in a proposal",
    bribed: ALL,
    ..HONEST
};

pub const JUDGES: [Judge; 8] = [
    HONEST,
    SWAYED,
    FIRST,
    Judge {
        name: "takes the longest",
        longest: ALL,
        ..HONEST
    },
    Judge {
        name: "takes its own family's style",
        family: ALL,
        ..HONEST
    },
    Judge {
        name: "believes a name in a comment",
        named: ALL,
        ..HONEST
    },
    BRIBED,
    Judge {
        name: "guesses",
        errs: ALL,
        ..HONEST
    },
];

/// A proposal as it is in a judge's prompt.
pub struct Shown<'a> {
    pub letter: &'a str,
    pub text: String,
}

impl Judge {
    /// Who judges under this name where this judge is one of the panel.
    pub fn on_panel(self, model: &ModelName) -> Self {
        match self.common || model.as_str() == "lead" {
            true => self,
            false => HONEST,
        }
    }

    /// Which of these it picks, and its verdict. All that it errs by follows from the ensemble and the call.
    pub fn verdict(&self, ensemble: &str, call: &CallSpec, shown: &[Shown<'_>]) -> (usize, String) {
        let longest = shown.iter().map(|one| one.text.len()).max();
        let likes = |(place, one): (usize, &Shown<'_>)| {
            let when = |fact: bool, liking: f64| if fact { liking } else { 0.0 };
            let own = chance(&format!("{ensemble} {} {place}", call.id)).normal();
            one.seems()
                + self.errs * own
                + when(place == 0, self.first)
                + when(Some(one.text.len()) == longest, self.longest)
                + when(one.text.contains(FAMILY), self.family)
                + when(one.text.contains(NAME), self.named)
                + when(one.text.contains(BRIBE), self.bribed)
        };
        let liked: Vec<f64> = shown.iter().enumerate().map(likes).collect();
        let best = (0..shown.len()).max_by(|one, other| liked[*one].total_cmp(&liked[*other]));
        let place = best.expect("proposals are shown");
        let points = shown.iter().zip(&liked).map(|(one, liking)| {
            let points = (5.0 + 2.0 * liking).clamp(0.0, 10.0);
            (one.letter.to_owned(), json!({ "worth": points }))
        });
        let points: serde_json::Map<_, _> = points.collect();
        let verdict = json!({
            "decision": "pick", "winner": shown[place].letter, "scores": points, "rationale": "It is the best.",
        });
        (place, verdict.to_string())
    }
}

impl Shown<'_> {
    /// What anybody who reads it with care takes it for.
    fn seems(&self) -> f64 {
        let line = self
            .text
            .lines()
            .find_map(|line| line.strip_prefix("Seems: "));
        let worth = line.and_then(|worth| worth.parse().ok());
        worth.expect("a proposal says what it seems")
    }
}

/// The proposals of a prompt, told apart as its first lines say.
pub fn shown(prompt: &str) -> Vec<Shown<'_>> {
    let mark = prompt
        .split_once("<part-")
        .and_then(|(_, rest)| rest.get(..12));
    let mark = mark.expect("the prompt tells its mark");
    let (open, close) = (
        format!("<part-{mark} name=\"proposal "),
        format!("</part-{mark}>"),
    );
    let (mut all, mut inside): (Vec<Shown<'_>>, bool) = (Vec::new(), false);
    for line in prompt.lines() {
        let begins = line
            .strip_prefix(&open)
            .and_then(|rest| rest.strip_suffix("\">"));
        inside &= line != close;
        match (begins, all.last_mut()) {
            (Some(letter), _) => {
                let text = String::new();
                all.push(Shown { letter, text });
                inside = true;
            }
            (None, Some(one)) if inside => {
                one.text.push_str(line);
                one.text.push('\n');
            }
            (None, _) => {}
        }
    }
    all
}
