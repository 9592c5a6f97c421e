//! The built-in prompt templates, embedded from `prompts/`.
//!
//! A template holds instructions only: the role, what good looks like, what to leave. Files and
//! forms are the output contract's business, which is generated for each call.

use crate::model::{Criterion, VerdictRules};

/// Templates that a phase can use, each with its text.
const PHASES: [(&str, &str); 14] = [
    ("general", include_str!("../../prompts/general.md")),
    ("workshop", include_str!("../../prompts/workshop.md")),
    ("plan", include_str!("../../prompts/plan.md")),
    ("decompose", include_str!("../../prompts/decompose.md")),
    ("execute", include_str!("../../prompts/execute.md")),
    ("integrate", include_str!("../../prompts/integrate.md")),
    ("audit", include_str!("../../prompts/audit.md")),
    ("debug", include_str!("../../prompts/debug.md")),
    ("review", include_str!("../../prompts/review.md")),
    ("fix", include_str!("../../prompts/fix.md")),
    ("quick", include_str!("../../prompts/quick.md")),
    (
        "review-correctness",
        include_str!("../../prompts/review-correctness.md"),
    ),
    (
        "review-security",
        include_str!("../../prompts/review-security.md"),
    ),
    (
        "review-tests",
        include_str!("../../prompts/review-tests.md"),
    ),
];

/// What a judge is told; in braces, what depends on the workflow.
const JUDGE: &str = include_str!("../../prompts/judge.md");
/// The same where the proposals are changes to files.
const JUDGE_EDITS: &str = include_str!("../../prompts/judge-edits.md");
/// What a repair call is told.
pub(super) const REPAIR: &str = include_str!("../../prompts/repair.md");
/// What a judge is told that joins answers instead of choosing among proposals.
pub(super) const JOIN: &str = include_str!("../../prompts/join.md");
/// What a model is told that distills someone else's document.
pub(super) const DISTILL: &str = include_str!("../../prompts/distill.md");
/// What a model is told that distills the state of unfinished work.
pub(super) const CHECKPOINT: &str = include_str!("../../prompts/checkpoint.md");
/// What a proposer is told that sees earlier proposals.
pub(super) const SEQUENTIAL: &str = include_str!("../../prompts/sequential.md");

/// What whoever refines the winner is told.
pub(super) const REFINE: &str = include_str!("../../prompts/refine.md");

/// What whoever puts named parts of the others into the winner is told.
pub(super) const SYNTHESIS: &str = include_str!("../../prompts/synthesize.md");

/// tipstaff's own templates, which no phase gets by its name.
const OWN: [(&str, &str); 9] = [
    ("judge", JUDGE),
    ("judge-edits", JUDGE_EDITS),
    ("repair", REPAIR),
    ("join", JOIN),
    ("distill", DISTILL),
    ("checkpoint", CHECKPOINT),
    ("sequential", SEQUENTIAL),
    ("refine", REFINE),
    ("synthesize", SYNTHESIS),
];

/// What a judge scores where the workflow does not say.
const CRITERIA: &str = "`correctness` (true, and it would work), `completeness` (all of the request),\n   \
    `fit` (suits this project as it is), `clarity` (someone else can act on it), `restraint` (nothing beyond need)";
const SYNTHESIZE: &str = "   - `synthesize`, only if a combination is clearly better than the best one. Then write the \
    whole document yourself, with\n     contradictions settled, as if by one author, without mention of proposals.\n";
const GRAFTS: &str = "\nWith `grafts` you name what is worth putting into the winner's changes: a part of another candidate that the \
    winner lacks, that\nfits it and can be found in that patch. Somebody will do it, at the price of further calls: an \
    empty list is the normal case.\n";
const ABSTAIN: &str = "   - `abstain`, if you cannot tell which one is better: a guess would count as much as a reason.\n";

const CRITERIA_OF_EDITS: &str = "`correctness` (it does what was asked, also at the edges), `completeness` (all of \
    the\n   request), `fit` (suits this project as it is), `clarity` (someone else can read and change it), \
    `restraint` (nothing\n   beyond need)";

/// What a judge is told under these rules.
pub(super) fn judge(rules: &VerdictRules) -> String {
    filled(JUDGE, CRITERIA, rules)
}

/// The same where the proposals are changes to files.
pub(super) fn judge_of_edits(rules: &VerdictRules) -> String {
    filled(JUDGE_EDITS, CRITERIA_OF_EDITS, rules)
}

fn filled(template: &str, usual: &str, rules: &VerdictRules) -> String {
    let weighted = |one: &Criterion| format!("`{}` (weight {})", one.name, one.weight);
    let criteria = match rules.criteria.as_slice() {
        [] => usual.to_owned(),
        some => {
            let all: Vec<String> = some.iter().map(weighted).collect();
            let all = all.join(", ");
            format!("{all}. The weighted sum of your points decides who wins")
        }
    };
    let (synthesize, nor) = match rules.picks_only {
        true => ("", ""),
        false => (SYNTHESIZE, ", and you cannot make a good one from them"),
    };
    let abstain = if rules.abstain { ABSTAIN } else { "" };
    let filled = [
        ("{criteria}", criteria.as_str()),
        ("{synthesize}", synthesize),
        ("{nor}", nor),
        ("{abstain}", abstain),
        ("{grafts}", if rules.grafts { GRAFTS } else { "" }),
    ];
    let filled = filled.into_iter();
    filled.fold(template.to_owned(), |text, (name, value)| {
        text.replace(name, value)
    })
}

/// The text of a built-in template that a phase can use. tipstaff's own ones are none: a phase that happens
/// to be called `judge` is not told to judge.
pub fn builtin(name: &str) -> Option<&'static str> {
    PHASES
        .into_iter()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| text)
}

/// The names of these templates.
pub fn builtin_names() -> impl Iterator<Item = &'static str> {
    PHASES.into_iter().map(|(name, _)| name)
}

/// The name of the built-in template that a prompt is, unchanged.
pub(super) fn name_of(prompt: &str) -> Option<&'static str> {
    all()
        .find(|(_, text)| text.trim() == prompt.trim())
        .map(|(name, _)| name)
}

fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    PHASES.into_iter().chain(OWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_short_and_take_no_values() {
        for (name, text) in all() {
            assert!(text.lines().count() <= 40, "{name} is long");
            assert!(text.len() > 200, "{name} says nothing");
            let rules = VerdictRules::default();
            let text = text.replace(JUDGE, &judge(&rules));
            let text = text.replace(JUDGE_EDITS, &judge_of_edits(&rules));
            assert!(!text.contains(['{', '}']), "{name} holds braces");
            assert!(
                !text.contains(".tipstaff"),
                "{name} speaks of files of the contract"
            );
        }
    }

    #[test]
    fn a_judge_is_told_the_rules_of_its_workflow() {
        let usual = judge(&VerdictRules::default());
        assert!(usual.contains("`restraint`") && usual.contains("`synthesize`"));
        assert!(!usual.contains("abstain"));
        let weighted = judge(&VerdictRules {
            criteria: vec![Criterion {
                name: "safety".to_owned(),
                weight: 3,
            }],
            abstain: true,
            picks_only: true,
            grafts: true,
        });
        assert!(
            weighted.contains("on: `safety` (weight 3). The weighted"),
            "{weighted}"
        );
        assert!(weighted.contains("`abstain`") && !weighted.contains("synthesize"));
        assert!(
            !weighted.contains("restraint") && !weighted.contains('{'),
            "{weighted}"
        );
    }

    #[test]
    fn the_page_names_every_template() {
        let page = include_str!("../../docs/prompts.md");
        for (name, _) in all() {
            assert!(page.contains(&format!("| `{name}` |")), "{name}");
        }
    }

    #[test]
    fn templates_name_no_model() {
        for (name, text) in all() {
            let lower = text.to_lowercase();
            for maker in [
                "claude",
                "gpt",
                "gemini",
                "openai",
                "anthropic",
                "qwen",
                "llama",
            ] {
                assert!(!lower.contains(maker), "{name} names {maker}");
            }
        }
    }

    #[test]
    fn own_templates_are_not_given_to_phases() {
        for (name, text) in OWN {
            assert_eq!(builtin(name), None, "{name}");
            assert_eq!(name_of(text), Some(name));
        }
        assert_eq!(builtin("audit").and_then(name_of), Some("audit"));
    }
}
