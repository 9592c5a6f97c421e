//! What a process gets to see that goes on with unfinished work, and who distills its state.

use super::*;
use crate::model::{AttemptId, HandoffOrigin, HandoffWords, RefusedChange, TreeId, WorkState};

fn state(origin: HandoffOrigin) -> InputSource {
    InputSource::State(WorkState {
        of: "plan.work-1".into(),
        origin,
        files: vec!["src/a.rs".to_owned()],
        refused: vec![RefusedChange {
            path: ".claude".to_owned(),
            reason: "it configures agents".to_owned(),
        }],
    })
}

/// A call that goes on, with these words as its state.
fn going_on(origin: HandoffOrigin, words: &HandoffWords) -> Assembled {
    let call = CallSpec {
        continues: Some(AttemptId {
            call: "plan.work-1".into(),
            attempt: 1,
        }),
        edits: Some(EditScope::Anywhere),
        workspace: WorkspaceSource::Tree(TreeId::sample("base")),
        profile: Profile::Worker,
        ..call(
            Purpose::Work,
            vec![input(state(origin), "state.json")],
            Contract::Edits,
        )
    };
    let words = serde_json::to_string(words).expect("serializable");
    let contents = BTreeMap::from([("state.json".to_owned(), words)]);
    assembled(&call, &contents).expect("assembled")
}

fn text_of(assembled: &Assembled, name: &str) -> String {
    let parts = unframe(&assembled.prompt);
    let found = parts.into_iter().find(|(known, _)| known == name);
    found.unwrap_or_else(|| panic!("no part {name}")).1
}

#[test]
fn whoever_goes_on_gets_the_state_within_its_limit_and_what_git_says() {
    let words = HandoffWords {
        summary: "The limiter is there; the tests are left.".to_owned(),
        files: (0..1000).map(|n| format!("src/{n}.rs")).collect(),
        ..HandoffWords::default()
    };
    let distilled = going_on(HandoffOrigin::Distilled, &words);
    assert_eq!(
        names(&distilled),
        [
            "request",
            "project instructions",
            "output contract",
            "instructions",
            "workspace",
            "state of the work",
            "facts of the work, by tipstaff",
            "how to end"
        ]
    );
    let words = text_of(&distilled, "state of the work");
    let summary = "The limiter is there; the tests are left.\n";
    assert!(words.contains(summary), "{words}");
    let text = text_of(&distilled, "facts of the work, by tipstaff");
    assert!(!text.contains(summary), "{text}");
    for expected in [
        "entries were cut (limit: 1500 tokens)",
        "## Files changed so far, as git shows them\n\n- `src/a.rs`\n",
        "- `.claude`: it configures agents\n",
    ] {
        assert!(text.contains(expected), "{expected:?} is not in {text}");
    }
    assert!(!text.contains("extracted by rule"), "{text}");
    let part = &distilled.ledger.parts[5];
    assert_eq!(part.kind, PartKind::State);
    assert_eq!(
        part.source,
        "call plan.work-1, its state, distilled by a model"
    );
    assert!(part.tokens < 2_000, "{}", part.tokens);
    let workspace = text_of(&distilled, "workspace");
    assert!(
        workspace.contains("begun by another process"),
        "{workspace}"
    );
}

#[test]
fn words_taken_by_rule_are_said_to_be() {
    let words = HandoffWords {
        summary: "The work was begun.".to_owned(),
        ..HandoffWords::default()
    };
    let extracted = going_on(HandoffOrigin::Extracted, &words);
    let text = text_of(&extracted, "facts of the work, by tipstaff");
    assert!(
        text.contains("extracted by rule and may miss things"),
        "{text}"
    );
    let source = &extracted.ledger.parts[5].source;
    assert_eq!(source, "call plan.work-1, its state, extracted by rule");
}

#[test]
fn who_distills_a_state_sees_what_was_asked_and_done_and_is_not_asked_to_do_it() {
    let call = CallSpec {
        profile: Profile::Writer,
        workspace: WorkspaceSource::Empty,
        project_instructions: false,
        ..call(
            Purpose::Distill,
            vec![input(InputSource::Worklog, "worklog.md")],
            Contract::Handoff,
        )
    };
    let assembled = assembled(&call, &contents(&call)).expect("assembled");
    assert_eq!(
        names(&assembled),
        [
            "output contract",
            "instructions",
            "task of the author",
            "request of the user",
            "workspace",
            "the work so far",
            "how to end"
        ]
    );
    assert_eq!(
        source(&assembled, "instructions"),
        "built-in template checkpoint"
    );
    assert!(
        assembled
            .prompt
            .contains(" name=\"request of the user\">\n")
    );
}
