use proptest::prelude::{prop, proptest};

use super::text::is_nothing;
use super::*;
use crate::model::{Categories, FailureKind, Section, VerdictRules};

/// Of a phase that keeps all sections.
fn decode_answer(contract: &Contract, left: &Left) -> Result<Decoded, Failure> {
    super::decode_answer(contract, &Sections::default(), left)
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    Some(text.as_bytes().to_vec())
}

fn message(text: &str) -> Left {
    Left {
        final_message: Some(text.to_owned()),
        ..Left::default()
    }
}

fn judging() -> Contract {
    Contract::Judgement {
        rules: VerdictRules::default(),
        labels: vec!["A".into(), "B".into()],
    }
}

fn failure(contract: &Contract, left: &Left) -> FailureKind {
    decode_answer(contract, left).expect_err("a failure").kind
}

const PICK: &str = r#"{"decision": "pick", "winner": "B", "rationale": "x"}"#;
const SYNTHESIS: &str = r#"{"decision": "synthesize", "winner": null, "rationale": "x"}"#;

#[test]
fn files_are_kept_byte_for_byte() {
    let text = "\u{feff}\r\n# Plan \r\n\n```json handoff.json\nexample\n```\n  ";
    let left = Left {
        deliverable: bytes(text),
        handoff: bytes("```json\n{\"summary\": \"s\",}\n```"),
        final_message: Some("Done.".to_owned()),
        ..Left::default()
    };
    let decoded = decode_answer(&Contract::Document, &left).expect("decoded");
    assert_eq!(decoded.deliverable.as_deref(), Some(text));
    assert!(matches!(decoded.handoff, HandoffLeft::Valid(words) if words.summary == "s"));
    assert_eq!(decoded.answer, Answer::Document);
    assert_eq!(decoded.remarks.len(), 2, "{:?}", decoded.remarks);
}

#[test]
fn the_final_message_stands_in_for_files() {
    let left = Left {
        deliverable: bytes(" \n"),
        ..message("# Plan\n\nText.\n\n```json handoff.json\n{\"summary\": \"s\"}\n```\n")
    };
    let decoded = decode_answer(&Contract::Document, &left).expect("decoded");
    assert_eq!(decoded.deliverable.as_deref(), Some("# Plan\n\nText.\n"));
    assert!(matches!(decoded.handoff, HandoffLeft::Valid(_)));
    assert!(
        decoded.remarks[0].contains("final message"),
        "{:?}",
        decoded.remarks
    );
}

#[test]
fn an_unlabelled_block_is_a_handoff_only_if_it_plainly_is_one() {
    let plain = message("# Plan\n```json\n{\"summary\": \"s\"}\n```");
    let decoded = decode_answer(&Contract::Document, &plain).expect("decoded");
    assert_eq!(decoded.deliverable.as_deref(), Some("# Plan\n"));
    let other = message("# Plan\n```json\n{\"summary\": \"s\", \"openapi\": 3}\n```");
    let decoded = decode_answer(&Contract::Document, &other).expect("decoded");
    assert!(decoded.deliverable.expect("a document").contains("openapi"));
    assert_eq!(decoded.handoff, HandoffLeft::Absent);
}

#[test]
fn a_bad_handoff_does_not_fail_the_document() {
    for handoff in [&b"{\"summary\": 1}"[..], b"\xff\xff", b"none today"] {
        let left = Left {
            deliverable: bytes("# Plan"),
            handoff: Some(handoff.to_vec()),
            ..Left::default()
        };
        let decoded = decode_answer(&Contract::Document, &left).expect("decoded");
        assert!(
            matches!(decoded.handoff, HandoffLeft::Invalid(_)),
            "{:?}",
            decoded.handoff
        );
    }
}

#[test]
fn nothing_and_unreadable_things_are_failures() {
    let document = Contract::Document;
    assert_eq!(
        failure(&document, &Left::default()),
        FailureKind::NoDeliverable
    );
    assert_eq!(
        failure(&judging(), &Left::default()),
        FailureKind::NoDeliverable
    );
    let blank = Left {
        deliverable: bytes("\u{feff} \n\0"),
        ..message(" ")
    };
    assert_eq!(failure(&document, &blank), FailureKind::NoDeliverable);
    let only_handoff = message("```json handoff.json\n{\"summary\": \"s\"}\n```");
    assert_eq!(
        failure(&document, &only_handoff),
        FailureKind::NoDeliverable
    );
    let latin = Left {
        deliverable: Some(b"Pl\xe4n".to_vec()),
        ..Left::default()
    };
    assert_eq!(failure(&document, &latin), FailureKind::BadOutput);
    let utf16 = Left {
        deliverable: Some(vec![0xff, 0xfe, b'a', 0]),
        ..Left::default()
    };
    let failed = decode_answer(&document, &utf16).expect_err("a failure");
    assert!(failed.message.contains("UTF-16"), "{}", failed.message);
}

#[test]
fn what_is_too_large_is_refused() {
    let large = Left {
        deliverable: Some(vec![b'a'; LIMIT + 1]),
        ..Left::default()
    };
    assert_eq!(failure(&Contract::Document, &large), FailureKind::BadOutput);
    let fits = Left {
        deliverable: Some(vec![b'a'; LIMIT]),
        ..Left::default()
    };
    assert!(decode_answer(&Contract::Document, &fits).is_ok());
    assert_eq!(
        failure(&Contract::Document, &message(&"a".repeat(LIMIT + 1))),
        FailureKind::BadOutput
    );
}

#[test]
fn a_verdict_is_read_from_file_block_or_prose() {
    let lefts = [
        Left {
            verdict: bytes(PICK),
            ..message("I wrote it.")
        },
        message(&format!("Here:\n```json verdict.json\n{PICK}\n```\n")),
        message(&format!("I pick B.\n\n{PICK}")),
    ];
    for left in lefts {
        let decoded = decode_answer(&judging(), &left).expect("decoded");
        assert!(
            matches!(&decoded.answer, Answer::Judgement(j) if j.winner == Some("B".into())),
            "{decoded:?}"
        );
        assert_eq!(decoded.deliverable, None);
        assert!(decoded.structured.is_some());
    }
}

#[test]
fn what_an_agent_is_told_to_end_with_is_nothing_odd_in_its_final_message() {
    let verdict = message(&format!("B it is.\n\n```json verdict.json\n{PICK}\n```"));
    let decoded = decode_answer(&judging(), &verdict).expect("decoded");
    assert_eq!(decoded.remarks, [""; 0]);
    let handoff = "```json handoff.json\n{\"summary\": \"s\"}\n```";
    for contract in [Contract::Edits, Contract::Handoff] {
        let decoded = decode_answer(&contract, &message(handoff)).expect("decoded");
        assert!(matches!(decoded.handoff, HandoffLeft::Valid(_)));
        assert_eq!(decoded.remarks, [""; 0], "{contract:?}");
    }
    // Of an audit that is the handoff; the verdict should have been a file.
    let verdict = r#"{"verdict": "pass", "summary": "s", "findings": []}"#;
    let both = format!("```json verdict.json\n{verdict}\n```\n{handoff}");
    let decoded = decode_answer(&Contract::Audit, &message(&both)).expect("decoded");
    assert!(matches!(decoded.answer, Answer::Audit(_)));
    assert_eq!(decoded.remarks.len(), 1, "{:?}", decoded.remarks);
}

#[test]
fn an_invalid_verdict_keeps_its_text_for_the_repair() {
    let text = PICK.replace('B', "D");
    let left = Left {
        verdict: bytes(&text),
        ..Left::default()
    };
    let decoded = decode_answer(&judging(), &left).expect("decoded");
    assert_eq!(decoded.structured.as_deref(), Some(text.as_str()));
    let expected = vec!["winner `D` is not one of A, B".to_owned()];
    assert_eq!(
        decoded.answer,
        Answer::Invalid {
            errors: expected.into()
        }
    );
    let decoded = decode_answer(&judging(), &message("B is best.")).expect("decoded");
    assert!(matches!(decoded.answer, Answer::Invalid { .. }));
    assert_eq!(decoded.structured.as_deref(), Some("B is best.\n"));
}

#[test]
fn a_synthesis_needs_its_document_and_chatter_is_none() {
    let chatter = Left {
        verdict: bytes(SYNTHESIS),
        ..message("I wrote both files.")
    };
    let decoded = decode_answer(&judging(), &chatter).expect("decoded");
    assert!(
        matches!(decoded.answer, Answer::Invalid { .. }),
        "{decoded:?}"
    );

    let whole = Left {
        deliverable: bytes("# Both"),
        handoff: bytes("{\"summary\": \"s\"}"),
        ..chatter.clone()
    };
    let decoded = decode_answer(&judging(), &whole).expect("decoded");
    assert_eq!(decoded.deliverable.as_deref(), Some("# Both"));
    assert!(matches!(decoded.handoff, HandoffLeft::Valid(_)));

    let in_message = message(&format!("# Both\n\n```json verdict.json\n{SYNTHESIS}\n```"));
    let decoded = decode_answer(&judging(), &in_message).expect("decoded");
    assert_eq!(decoded.deliverable.as_deref(), Some("# Both\n"));
}

#[test]
fn a_document_beside_a_pick_is_not_used() {
    let left = Left {
        verdict: bytes(PICK),
        deliverable: bytes("# Mine"),
        ..Left::default()
    };
    let decoded = decode_answer(&judging(), &left).expect("decoded");
    assert_eq!(decoded.deliverable, None);
    assert!(
        decoded.remarks[0].contains("not used"),
        "{:?}",
        decoded.remarks
    );
}

proptest! {
    #[test]
    fn arbitrary_leavings_never_panic_and_documents_are_never_blank(
        deliverable in prop::option::of(prop::collection::vec(0_u8.., 0..20)),
        verdict in prop::option::of("[{}\"a:, ]{0,20}"),
        said in prop::option::of("(?s)(```json (handoff|verdict).json\n|```\n|\\{\"summary\": \"x\"\\}|.){0,12}"),
    ) {
        let left = Left {
            deliverable,
            handoff: None,
            tasks: verdict.clone().map(String::into_bytes),
            verdict: verdict.map(String::into_bytes),
            final_message: said,
        };
        let tasks = Contract::Tasks(Categories::default());
        let others = [tasks, Contract::Audit, Contract::Edits, Contract::Handoff];
        for contract in [Contract::Document, judging()].into_iter().chain(others) {
            if let Ok(decoded) = decode_answer(&contract, &left) {
                assert!(decoded.deliverable.is_none_or(|text| !text.chars().all(is_nothing)));
            }
        }
    }
}

const HANDED: &str = r#"{"summary": "Done.", "changes": [{"path": "src/a.rs"}]}"#;
const TASK: &str = r#"{"tasks": [{"id": "T1", "title": "Do", "category": "backend", "instructions": "All.",
    "files": {"edit": ["src/a.rs"]}}]}"#;

#[test]
fn tasks_are_data_and_their_document_is_rendered() {
    let contract = Contract::Tasks(Categories {
        named: vec!["backend".to_owned()],
        ..Categories::default()
    });
    let left = Left {
        tasks: bytes(TASK),
        handoff: bytes(HANDED),
        deliverable: bytes("# My own"),
        ..message("Done.")
    };
    let decoded = decode_answer(&contract, &left).expect("decoded");
    assert!(matches!(&decoded.answer, Answer::Tasks(list) if list.tasks.len() == 1));
    assert!(
        decoded
            .deliverable
            .expect("rendered")
            .starts_with("# Tasks\n")
    );
    assert!(matches!(decoded.handoff, HandoffLeft::Valid(_)));
    assert!(decoded.remarks[0].contains("not used"));

    let block = message(&format!(
        "```json tasks.json\n{TASK}\n```\n```json handoff.json\n{HANDED}\n```"
    ));
    let decoded = decode_answer(&contract, &block).expect("decoded");
    assert!(matches!(decoded.answer, Answer::Tasks(_)), "{decoded:?}");

    let wrong = message(&TASK.replace("backend", "gardening"));
    let decoded = decode_answer(&contract, &wrong).expect("decoded");
    assert!(
        matches!(&decoded.answer, Answer::Invalid { errors } if errors[0].contains("gardening"))
    );
    assert!(decoded.structured.is_some() && decoded.deliverable.is_none());
}

#[test]
fn an_audit_is_its_verdict_and_its_own_report_only_if_it_wrote_one() {
    let fail = r#"{"verdict": "fail", "summary": "No.", "findings": [{"severity": "major", "problem": "x"}]}"#;
    let mut left = Left {
        verdict: bytes(fail),
        handoff: bytes(HANDED),
        ..message("I wrote the verdict.")
    };
    let decoded = decode_answer(&Contract::Audit, &left).expect("decoded");
    assert!(matches!(decoded.answer, Answer::Audit(_)));
    assert!(
        decoded
            .deliverable
            .expect("rendered")
            .starts_with("# Audit: fail\n")
    );
    left.deliverable = bytes("# Mine");
    let decoded = decode_answer(&Contract::Audit, &left).expect("decoded");
    assert_eq!(decoded.deliverable.as_deref(), Some("# Mine"));
    left.verdict = bytes(&fail.replace("fail", "pass").replace("major", "blocker"));
    let decoded = decode_answer(&Contract::Audit, &left).expect("decoded");
    assert!(matches!(decoded.answer, Answer::Invalid { .. }));
    assert_eq!(decoded.deliverable, None);
}

#[test]
fn a_report_on_edits_is_never_the_chatter_where_there_is_a_handoff() {
    let left = Left {
        handoff: bytes(HANDED),
        ..message("All good, bye!")
    };
    let decoded = decode_answer(&Contract::Edits, &left).expect("decoded");
    let report = decoded.deliverable.expect("a report");
    assert!(
        report.starts_with("Done.") && report.contains("src/a.rs"),
        "{report}"
    );
    assert!(decoded.remarks.is_empty(), "{:?}", decoded.remarks);

    let decoded = decode_answer(&Contract::Edits, &message("I renamed a.")).expect("decoded");
    assert_eq!(decoded.deliverable.as_deref(), Some("I renamed a.\n"));
    assert!(decoded.remarks[0].contains("final message"));
    assert_eq!(
        failure(&Contract::Edits, &Left::default()),
        FailureKind::NoDeliverable
    );
}

#[test]
fn a_distilled_handoff_is_read_from_file_block_or_prose() {
    let file = Left {
        handoff: bytes(HANDED),
        ..Left::default()
    };
    let block = message(&format!("```json handoff.json\n{HANDED}\n```"));
    for left in [file, block, message(&format!("Here: {HANDED}"))] {
        let decoded = decode_answer(&Contract::Handoff, &left).expect("decoded");
        assert!(matches!(decoded.handoff, HandoffLeft::Valid(_)), "{left:?}");
        assert_eq!(
            (decoded.answer, decoded.deliverable),
            (Answer::Document, None)
        );
    }
    let decoded = decode_answer(&Contract::Handoff, &message("Sorry.")).expect("decoded");
    assert!(matches!(decoded.answer, Answer::Invalid { .. }));
    assert_eq!(
        failure(&Contract::Handoff, &Left::default()),
        FailureKind::NoDeliverable
    );
}

#[test]
fn sections_that_the_phase_does_not_keep_are_in_neither_handoff_nor_report() {
    let sections = [Section::Decisions].into_iter().collect();
    let left = Left {
        handoff: bytes(r#"{"summary": "s", "decisions": ["keep"], "risks": ["drop"]}"#),
        ..Left::default()
    };
    for contract in [Contract::Edits, Contract::Handoff] {
        let decoded = super::decode_answer(&contract, &sections, &left).expect("decoded");
        let HandoffLeft::Valid(words) = decoded.handoff else {
            panic!("{:?}", decoded.handoff)
        };
        assert_eq!(words.decisions, ["keep"]);
        assert!(words.risks.is_empty());
        let report = decoded.deliverable.unwrap_or_default();
        assert!(!report.contains("drop"), "{report}");
        assert_eq!(
            decoded.remarks,
            ["the handoff's `risks` was not asked for and was left out"]
        );
    }
}
