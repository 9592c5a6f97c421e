//! The output contract in words: which files a call has to leave, and their form.

use std::fmt::Write as _;

use super::{DELIVERABLE, HANDOFF, OUT, TASKS, VERDICT, required_files};
use crate::context::{handoff, tasks};
use crate::model::{Categories, Contract, Label, OtherCategories, Section, Sections, VerdictRules};
use crate::plan::Distill;

/// What a phase wants of the handoffs of its calls.
#[derive(Debug, Clone, Copy)]
pub(in crate::context) struct Handoffs<'a> {
    pub distill: &'a Distill,
    pub sections: &'a Sections,
}

/// The contract in words, and how to end: what depends on the call, and what is to be read last.
pub(in crate::context) fn text(contract: &Contract, handoffs: Handoffs<'_>) -> (String, String) {
    let mut out = WHERE.to_owned();
    match contract {
        Contract::Document => document(&mut out, handoffs),
        Contract::Judgement { rules, .. } => judgement(&mut out, rules, handoffs),
        Contract::Tasks(categories) => decomposition(&mut out, categories, handoffs),
        Contract::Audit => audit(&mut out, handoffs),
        Contract::Edits => edits(&mut out, handoffs),
        Contract::Handoff => {
            let _ = writeln!(out, "- `{OUT}/{HANDOFF}`: {}\n", handoffs.whole());
        }
    }
    (out.trim_end().to_owned(), ending(contract))
}

const WHERE: &str = "Leave your result in files by exactly these paths, relative to your working \
                     directory. A document elsewhere is not found.\n\n";

fn document(out: &mut String, handoffs: Handoffs<'_>) {
    let _ = writeln!(
        out,
        "1. `{OUT}/{DELIVERABLE}`: the document that was asked for, whole, in Markdown. Only the \
         document: no preamble, no report on your work, no signature, nothing about who you are.\n\
         2. `{OUT}/{HANDOFF}`: {}\n",
        handoffs.words()
    );
}

impl Handoffs<'_> {
    /// What a working agent is told of its handoff.
    fn words(self) -> String {
        match self.distill {
            Distill::Agent | Distill::Model(_) => self.whole(),
            Distill::Nobody => {
                "one line, as the sign that you are finished: {\"summary\": \"what you \
                                did, in one sentence\"}"
                    .to_owned()
            }
        }
    }

    fn asks_for(self, section: Section) -> bool {
        *self.distill != Distill::Nobody && self.sections.has(section)
    }

    fn whole(self) -> String {
        format!(
            "what whoever goes on must know. They see this and not your document, so be \
             specific: names, paths, numbers. One JSON object:\n\n{}\n\n\
             Only `summary` is required; leave out what you have nothing for. At most {} tokens.",
            handoff::example(self.sections),
            handoff::LIMIT
        )
    }
}

/// A verdict's form. It names no label and no likely score: judges copy from examples.
fn verdict_example(rules: &VerdictRules) -> String {
    let columns = match rules.criteria.as_slice() {
        [] => r#""correctness": 0, "completeness": 0,
 "fit": 0, "clarity": 0, "restraint": 0"#
            .to_owned(),
        some => {
            let columns = some.iter().map(|one| format!(r#""{}": 0"#, one.name));
            columns.collect::<Vec<_>>().join(", ")
        }
    };
    let grafts = match rules.grafts {
        true => r#", "grafts": [{"from": "LABEL", "what": "…"}]"#,
        false => "",
    };
    format!(
        r#"{{"decision": "pick", "winner": "LABEL", "scores": {{"LABEL": {{{columns}}}}}, "rationale": "…"{grafts}}}"#
    )
}

fn judgement(out: &mut String, rules: &VerdictRules, handoffs: Handoffs<'_>) {
    let mut decisions = vec!["`pick`"];
    decisions.extend((!rules.picks_only).then_some("`synthesize`"));
    decisions.extend(rules.abstain.then_some("`abstain`"));
    let nobody = if rules.abstain {
        "`none` and `abstain`"
    } else {
        "`none`"
    };
    let scores = match rules.criteria.as_slice() {
        [] => "each proposal with numbers",
        _ => "each proposal with a number for each of these,",
    };
    let _ = writeln!(
        out,
        "- `{OUT}/{VERDICT}`: one JSON object:\n\n\
         {}\n\n\
         `decision` is {} or `none`. LABEL stands for a proposal's letter; `winner` is \
         null for {nobody}, `scores` has {scores} from 0 to 10. `rationale` is never \
         empty.",
        verdict_example(rules),
        decisions.join(", "),
    );
    if rules.picks_only {
        return;
    }
    let _ = write!(
        out,
        "- Only with `synthesize`: `{OUT}/{DELIVERABLE}`, the whole document in Markdown, and \
         `{OUT}/{HANDOFF}`, what whoever goes on must know, as one JSON object:\n\n{}\n\n",
        handoff::example(handoffs.sections)
    );
}

fn decomposition(out: &mut String, categories: &Categories, handoffs: Handoffs<'_>) {
    let named = categories.named.join(", ");
    let category = match (named.as_str(), &categories.others) {
        ("", _) => "a word for the specialist that does it".to_owned(),
        (named, OtherCategories::Roles(_)) => format!("one of {named}"),
        (named, OtherCategories::Any) => {
            format!("one of {named}, or where none of them fits another word")
        }
    };
    let _ = writeln!(
        out,
        "1. `{OUT}/{TASKS}`: one JSON object:\n\n{}\n\n\
         `category` is {category}. Paths are relative to the project; `edit` names the files to \
         create as well. `depends_on` names ids. Tasks that depend on nothing \
         are done in the order of the list. `verify` is optional, and run for you on the whole project: one plain \
         command, such as the one that runs the tests, without `;`, `&&`, pipes or variables.\n\
         2. `{OUT}/{HANDOFF}`: {}\n",
        tasks::EXAMPLE,
        handoffs.words()
    );
}

/// An audit's form. It leans neither way: auditors copy from examples too.
const AUDIT_EXAMPLE: &str = r#"{"verdict": "pass|fail", "summary": "why, in a few sentences", "findings": [{"severity":
 "blocker|major|minor", "file": "src/a.rs", "line": 1, "problem": "…", "fix": "…"}]}"#;

fn audit(out: &mut String, handoffs: Handoffs<'_>) {
    let _ = writeln!(
        out,
        "1. `{OUT}/{VERDICT}`: one JSON object:\n\n{AUDIT_EXAMPLE}\n\n\
         `fail` needs at least one finding, and `pass` has no blocker. `file`, `line` and `fix` may \
         be null.\n\
         2. Only if there is more to say: `{OUT}/{DELIVERABLE}`, a report in Markdown; otherwise one \
         is made from the verdict.\n\
         3. `{OUT}/{HANDOFF}`: {}\n",
        handoffs.words()
    );
}

fn edits(out: &mut String, handoffs: Handoffs<'_>) {
    let _ = writeln!(
        out,
        "Edit the project's files where they are; your edits are the work. Then write:\n\n\
         1. Only if the instructions ask for a document: `{OUT}/{DELIVERABLE}`, in Markdown.\n\
         2. `{OUT}/{HANDOFF}`: {}\n",
        handoffs.words()
    );
    if handoffs.asks_for(Section::Changes) {
        let _ = writeln!(
            out,
            "`changes` names every file that you changed, and no other.\n"
        );
    }
}

/// How an agent ends: with the closing mark as its final message. Written by a tool it would cost one
/// request more, with all that the conversation holds by then, for a word of farewell.
fn ending(contract: &Contract) -> String {
    let block = |name: &str| format!("```` ```json {name} ````");
    let last = required_files(contract).last().copied().unwrap_or(HANDOFF);
    let mut out =
        "Do now what the instructions ask, and leave what the output contract names. ".to_owned();
    if let Contract::Judgement { labels, .. } = contract {
        let labels: Vec<&str> = labels.iter().map(Label::as_str).collect();
        let _ = write!(out, "LABEL is one of {} here. ", labels.join(", "));
    }
    let _ = write!(
        out,
        "Give `{last}` LAST, and as your final message rather than by a tool: one fenced block whose \
         first line is {}, and nothing else. It says that you are finished. (The file counts as \
         well, but takes a step more.)",
        block(last)
    );
    let without_files = match contract {
        Contract::Document => "put the document before that block".to_owned(),
        Contract::Judgement { rules, .. } if rules.picks_only => {
            out.push('\n');
            return out;
        }
        Contract::Judgement { .. } => format!(
            "put the document of a synthesis before that block, and its handoff into another one, {}",
            block(HANDOFF)
        ),
        Contract::Tasks(_) => format!("put the tasks into a block before it, {}", block(TASKS)),
        Contract::Audit => format!("put the verdict into a block before it, {}", block(VERDICT)),
        Contract::Edits | Contract::Handoff => {
            out.push('\n');
            return out;
        }
    };
    let _ = writeln!(out, " If you cannot write files, {without_files}.");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge;
    use crate::model::Criterion;

    fn contracts() -> Vec<(Contract, usize)> {
        let categories = Categories {
            named: vec!["backend".to_owned(), "frontend".to_owned()],
            ..Categories::default()
        };
        let labels = vec!["A".into(), "B".into()];
        let rules = VerdictRules::default();
        vec![
            (Contract::Document, 1500),
            (Contract::Judgement { labels, rules }, 1500),
            (Contract::Tasks(categories), 2000),
            (Contract::Audit, 1800),
            (Contract::Edits, 1500),
            (Contract::Handoff, 1200),
        ]
    }

    fn words(contract: &Contract, distill: &Distill) -> String {
        let sections = &Sections::default();
        let (text, ending) = text(contract, Handoffs { distill, sections });
        text + &ending
    }

    #[test]
    fn only_the_chosen_sections_are_asked_for() {
        let sections = &[Section::Decisions, Section::Files].into_iter().collect();
        let distill = &Distill::Agent;
        for (contract, _) in contracts() {
            let (text, _) = text(&contract, Handoffs { distill, sections });
            for section in Section::ALL {
                let asked = text.contains(&format!("\"{}\": [", section.name()));
                assert_eq!(asked, sections.has(section), "{section:?} in:\n{text}");
            }
            assert!(text.contains("\"summary\""), "{text}");
            assert!(!text.contains("`changes`"), "{text}");
        }
    }

    #[test]
    fn words_are_tight_and_name_every_file() {
        for distill in [Distill::Agent, Distill::Model(Vec::new()), Distill::Nobody] {
            for (contract, most) in contracts() {
                let text = words(&contract, &distill);
                assert!(text.len() <= most, "{} bytes:\n{text}", text.len());
                for file in required_files(&contract) {
                    assert!(
                        text.contains(&format!("`{OUT}/{file}`")),
                        "{file} is not in:\n{text}"
                    );
                    assert!(text.contains(&format!("```json {file}")) || *file == DELIVERABLE);
                }
                let last = required_files(&contract).last().expect("never empty");
                assert!(text.contains(&format!("Give `{last}` LAST")));
            }
        }
    }

    #[test]
    fn a_decomposition_is_told_its_categories() {
        let (contract, _) = contracts().remove(2);
        assert!(words(&contract, &Distill::Agent).contains("one of backend, frontend."));
        let Contract::Tasks(mut categories) = contract else {
            panic!("{contract:?}")
        };
        categories.others = OtherCategories::Any;
        let open = words(&Contract::Tasks(categories), &Distill::Agent);
        assert!(
            open.contains("one of backend, frontend, or where none of them fits another word."),
            "{open}"
        );
        let any = Contract::Tasks(Categories::default());
        assert!(words(&any, &Distill::Agent).contains("a word for the specialist"));
    }

    #[test]
    fn examples_in_the_words_are_valid() {
        let criteria = vec![Criterion {
            name: "no risk".to_owned(),
            weight: 2,
        }];
        let weighted = VerdictRules {
            criteria,
            ..VerdictRules::default()
        };
        for rules in [VerdictRules::default(), weighted] {
            let example = verdict_example(&rules);
            judge::decode(&example, &["LABEL".into()], &rules).expect("valid");
        }
        let all = Sections::default();
        handoff::parse(&handoff::example(&all), &all).expect("valid");
        for (verdict, severity) in [("pass", "minor"), ("fail", "blocker")] {
            let example = AUDIT_EXAMPLE
                .replace("pass|fail", verdict)
                .replace("blocker|major|minor", severity);
            judge::audit::decode(&example).expect("valid");
        }
    }
}
