//! The texts of the default behaviour: a document, a handoff, a verdict.
//!
//! They never name a model or a slot, since a judge must not learn whose proposal it reads; and
//! every document says that no model wrote it.

use serde_json::{Value, json};

use super::RehearsedCall;
use crate::model::{
    Criterion, Decision, DescribedChange, Graft, HandoffWords, Judgement, Label, PhaseName,
    Purpose, VerdictRules,
};

/// What a judge gives points for.
const CRITERIA: [&str; 4] = ["correctness", "completeness", "simplicity", "risk"];

/// How one proposer sees the work. Proposers differ in this, so that a judge has a choice.
pub(super) struct Emphasis {
    pub(super) title: &'static str,
    idea: &'static str,
    steps: [&'static str; 4],
    price: &'static str,
}

const EMPHASES: [Emphasis; 3] = [
    Emphasis {
        title: "the smallest change first",
        idea: "Change as little as possible, in the place that already owns the behaviour, and \
               stop as soon as the request is met.",
        steps: [
            "Find the one place through which all affected paths go; read its tests.",
            "Write a failing test that states the request in the project's own terms.",
            "Make it pass with the least code; no new layer, no new dependency.",
            "Document the new behaviour where its users look first.",
        ],
        price: "A later, larger demand may need a second change in the same place.",
    },
    Emphasis {
        title: "the contract first",
        idea: "Fix what callers may rely on before any code: inputs, outputs, errors, defaults. \
               The implementation follows from it and can be replaced.",
        steps: [
            "Write down the contract: accepted input, result, every error and its form.",
            "Turn the contract into tests that know nothing of the implementation.",
            "Implement behind that border; keep existing callers untouched.",
            "Switch callers over one at a time, each with its own test.",
        ],
        price: "The contract costs a day before anything is to be seen.",
    },
    Emphasis {
        title: "the greatest risk first",
        idea: "Name what could make this fail, and try exactly that before the easy parts. What \
               stays uncertain is switched off by default.",
        steps: [
            "List the three assumptions that would hurt most if they were wrong.",
            "Test each with a throw-away experiment against the real system.",
            "Build the parts that survived, behind a switch that is off by default.",
            "Measure before and after; turn the switch on when the figures hold.",
        ],
        price: "Some of the first work is thrown away on purpose.",
    },
];

/// A believable document for the call's phase and request, different for neighbouring slots.
pub(super) fn deliverable(call: &RehearsedCall) -> String {
    let emphasis = emphasis(call);
    let phase = title(&call.phase);
    let headline = headline(&call.request);
    let [first, second, third, fourth] = emphasis.steps;
    let Emphasis {
        title, idea, price, ..
    } = emphasis;
    format!(
        "# {phase}: {headline}\n\n\
         ## Goal\n\n\
         The request is: *{headline}*. It is met when a user of the project can see it work, and a \
         test would fail without it.\n\n\
         ## Approach: {title}\n\n\
         {idea}\n\n\
         ## Steps\n\n\
         1. {first}\n2. {second}\n3. {third}\n4. {fourth}\n\n\
         ## Risks\n\n\
         - {price}\n\
         - Behaviour under load is assumed, not known; it needs a figure before the release.\n\n\
         ## Verification\n\n\
         - The project's whole test suite passes, the new tests among it.\n\
         - Each step leaves the project in a state that could be released.\n\n\
         ## Out of scope\n\n\
         Anything that the request does not name: no renaming, no reformatting, no new tooling.\n\n\
         ---\n\n\
         *Rehearsal: tipstaff scripted this text; no model wrote it.*\n"
    )
}

/// The handoff that goes with the document.
pub(super) fn handoff(call: &RehearsedCall) -> Value {
    let emphasis = emphasis(call);
    // Of who sees what others proposed, it is asked for.
    let own = |texts: &[&str]| match call.builds_on_others {
        true => texts.iter().map(ToString::to_string).collect(),
        false => Vec::new(),
    };
    let words = HandoffWords {
        summary: format!(
            "{} for “{}”: {}. {}",
            title(&call.phase),
            headline(&call.request),
            emphasis.title,
            emphasis.idea
        ),
        decisions: vec![
            format!("Work by {}.", emphasis.title),
            "Tests come before the change.".to_owned(),
        ],
        constraints: vec!["Nothing that the request does not name is changed.".to_owned()],
        risks: vec![emphasis.price.to_owned()],
        changes: Vec::<DescribedChange>::new(),
        gotchas: vec!["This is a rehearsal: no model wrote it.".to_owned()],
        files: Vec::new(),
        open_questions: vec!["Which load must the result bear?".to_owned()],
        took_over: own(&["Tests come before the change."]),
        added: own(&[emphasis.idea]),
    };
    handoff_json(call, words)
}

/// What a judge is asked for: letters, and rules.
type Asked<'a> = (&'a [Label], &'a VerdictRules);

pub(super) fn judges_handoff(call: &RehearsedCall, asked: Asked<'_>, seed: u64) -> Value {
    let verdict = judgement(call, asked, seed);
    let (labels, _) = asked;
    let summary = match &verdict.winner {
        Some(winner) => format!("Proposal {winner} of {} was chosen.", labels.len()),
        None => "There was no proposal to choose from.".to_owned(),
    };
    let words = HandoffWords {
        summary: format!("{}: {summary} {}", title(&call.phase), verdict.rationale),
        decisions: vec![summary],
        ..HandoffWords::default()
    };
    handoff_json(call, words)
}

/// A judge's verdict: points drawn from the seed, the request and the phase's letters, whatever the order; who has the
/// most gets one more of each, so that nothing is a tie.
pub(super) fn verdict(call: &RehearsedCall, asked: Asked<'_>, seed: u64) -> Value {
    as_json(&judgement(call, asked, seed))
}

fn judgement(call: &RehearsedCall, (labels, rules): Asked<'_>, seed: u64) -> Judgement {
    let own = CRITERIA.map(|name| Criterion {
        name: name.to_owned(),
        weight: 1,
    });
    let criteria = match rules.criteria.as_slice() {
        [] => own.as_slice(),
        some => some,
    };
    let ballot = call.ballot.as_ref();
    let behind = |letter| ballot.and_then(|ballot| ballot.behind(letter));
    let known = |letter| behind(letter).unwrap_or(letter);
    let drawn = |letter, one: &Criterion| points(call, seed, known(letter), &one.name);
    let total = |letter| -> u32 {
        let points = criteria.iter().map(|one| one.weight * drawn(letter, one));
        points.sum()
    };
    let best = labels
        .iter()
        .max_by_key(|letter| (total(letter), known(letter)));
    let scores = labels.iter().map(|letter| {
        let more = u32::from(Some(letter) == best);
        let columns = criteria.iter();
        let columns = columns.map(|one| (one.name.clone(), f64::from(drawn(letter, one) + more)));
        (letter.clone(), columns.collect())
    });
    let (decision, rationale) = match best {
        Some(winner) => (
            Decision::Pick,
            format!(
                "Proposal {winner} has the most points: it answers the request directly, its steps \
                 can be checked one by one, and it names its own price. The others are sound but \
                 leave more to whoever carries them out. (Rehearsal: the points are drawn, not \
                 judged.)"
            ),
        ),
        None => (Decision::None, "There is no proposal to judge.".to_owned()),
    };
    let others = labels.iter().filter(|letter| Some(*letter) != best);
    let grafts = others.take(usize::from(rules.grafts)).map(|from| Graft {
        from: from.clone(),
        what: "its way of checking the steps one by one".to_owned(),
    });
    Judgement {
        grafts: grafts.collect(),
        decision,
        winner: best.cloned(),
        scores: scores.collect(),
        rationale,
    }
}

/// 5 to 8 points, always the same for the same question: a rehearsal comes to its end.
fn points(call: &RehearsedCall, seed: u64, label: &Label, criterion: &str) -> u32 {
    let question = format!(
        "{seed}\0{}\0{}\0{label}\0{criterion}",
        call.phase, call.request
    );
    5 + u32::from(blake3::hash(question.as_bytes()).as_bytes()[0] % 4)
}

/// The purpose as scenarios write it.
pub(super) fn purpose_word(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Work => "work",
        Purpose::Propose => "propose",
        Purpose::Judge => "judge",
        Purpose::Repair => "repair",
        Purpose::Task => "task",
        Purpose::Lens => "lens",
        Purpose::Distill => "distill",
    }
}

pub(super) fn emphasis(call: &RehearsedCall) -> &'static Emphasis {
    let slot = usize::try_from(call.slot.saturating_sub(1)).unwrap_or_default();
    &EMPHASES[slot % EMPHASES.len()]
}

pub(super) fn title(phase: &PhaseName) -> String {
    let mut letters = phase.as_str().chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// The request's first line, cut to a readable length.
pub(super) fn headline(request: &str) -> String {
    const LONGEST: usize = 100;
    let line = request
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or("(empty)");
    if line.chars().count() <= LONGEST {
        return line.to_owned();
    }
    let cut: String = line.chars().take(LONGEST).collect();
    format!("{}…", cut.trim_end())
}

/// Data as JSON.
/// A handoff with the sections that were asked for.
pub(super) fn handoff_json(call: &RehearsedCall, mut words: HandoffWords) -> Value {
    call.sections.restrict(&mut words);
    as_json(&words)
}

pub(super) fn as_json(data: &impl serde::Serialize) -> Value {
    serde_json::to_value(data).unwrap_or_else(|error| json!({ "error": error.to_string() }))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::super::server_state::tests::{judge_call, propose_call};
    use super::*;
    use crate::model::Ballot;

    #[test]
    fn neighbouring_slots_differ_and_name_request_and_phase() {
        let texts: Vec<String> = (1..=3)
            .map(|slot| deliverable(&propose_call(slot)))
            .collect();
        for text in &texts {
            assert!(
                text.contains("Add rate limiting") && text.starts_with("# Plan: "),
                "{text}"
            );
            assert!(
                !text.contains("claude"),
                "no proposal may name its model: {text}"
            );
        }
        assert!(texts[0] != texts[1] && texts[1] != texts[2] && texts[0] != texts[2]);
    }

    #[test]
    fn handoffs_are_valid() {
        let words: HandoffWords = serde_json::from_value(handoff(&propose_call(2))).unwrap();
        assert!(words.summary.contains("Add rate limiting"));
        let labels = [Label::at(0)];
        let words: HandoffWords = serde_json::from_value(judges_handoff(
            &judge_call(),
            (&labels, &VerdictRules::default()),
            0,
        ))
        .unwrap();
        assert!(
            words.summary.contains("Proposal A of 1"),
            "{}",
            words.summary
        );
    }

    #[test]
    fn the_winner_is_ahead_whatever_the_order_and_how_many_are_compared() {
        let rules = VerdictRules::default();
        let all: Vec<Label> = (0..5).map(Label::at).collect();
        let judge = |seed, seen: &[&Label]| {
            let letters: Vec<Label> = (0..seen.len()).map(Label::at).collect();
            let shown = letters.iter().cloned().zip(seen.iter().copied().cloned());
            let ballot = Ballot {
                judge: 1,
                reversed: false,
                letters: shown.collect(),
            };
            let call = RehearsedCall {
                ballot: Some(ballot.clone()),
                ..judge_call()
            };
            let said = judgement(&call, (&letters, &rules), seed);
            let total = |letter: &Label| said.scores[letter].values().sum::<f64>();
            let winner = said.winner.clone().unwrap();
            let mut others = letters.iter().filter(|one| **one != winner);
            assert!(others.all(|one| total(one) < total(&winner)), "{said:?}");
            ballot.behind(&winner).unwrap().clone()
        };
        for seed in 0..50 {
            let best = judge(seed, &all.iter().collect::<Vec<_>>());
            assert_eq!(best, judge(seed, &all.iter().rev().collect::<Vec<_>>()));
            for other in all.iter().filter(|one| **one != best) {
                assert_eq!(judge(seed, &[other, &best]), best);
            }
        }
    }

    #[test]
    fn other_seeds_choose_other_winners() {
        let labels: Vec<Label> = (0..3).map(Label::at).collect();
        let winners: std::collections::BTreeSet<_> = (0..50)
            .map(|seed| {
                judgement(&judge_call(), (&labels, &VerdictRules::default()), seed)
                    .winner
                    .unwrap()
            })
            .collect();
        assert_eq!(winners.len(), 3);
    }

    #[test]
    fn no_labels_no_winner() {
        let verdict = judgement(&judge_call(), (&[], &VerdictRules::default()), 0);
        assert_eq!((verdict.decision, verdict.winner), (Decision::None, None));
    }

    #[test]
    fn long_requests_are_cut_between_characters() {
        let headline = headline(&format!("\n\n  {}", "ü".repeat(500)));
        assert_eq!(headline.chars().count(), 101);
    }
}
