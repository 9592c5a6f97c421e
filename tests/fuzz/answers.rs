//! What models answer: documents, and JSON in files and in messages.

use tipstaff::context::{Left, decode_answer};
use tipstaff::model::{Categories, Contract, Label, Sections, VerdictRules};

use crate::mutants::survives;

const ANSWERS: [&str; 7] = [
    "# Plan\n\nText.\n\n```json handoff.json\n{\"summary\": \"s\", \"decisions\": [{\"what\": \"a\", \"why\": \"b\"}], \
     \"risks\": [\"r\"], \"changes\": [{\"path\": \"src/a.rs\", \"what\": \"new\"}]}\n```\n",
    "{\"decision\": \"pick\", \"winner\": \"B\", \"rationale\": \"x\", \"criteria\": [\"fit\"], \"scores\": {\"A\": \
     {\"fit\": 3}, \"B\": {\"fit\": 9}}, \"take_over\": [{\"from\": \"A\", \"what\": \"tests\"}]}",
    "{\"decision\": \"synthesize\", \"winner\": null, \"rationale\": \"x\"}",
    "{\"tasks\": [{\"id\": \"T1\", \"title\": \"Do\", \"category\": \"backend\", \"instructions\": \"All.\", \
     \"depends_on\": [\"T2\"], \"files\": {\"edit\": [\"src/a.rs\"], \"read\": [\"*.md\"]}}]}",
    "{\"verdict\": \"fix\", \"findings\": [{\"severity\": \"high\", \"file\": \"a.rs\", \"line\": 3, \"problem\": \
     \"p\", \"fix\": \"f\"}]}",
    "```json verdict.json\n// mine\n{'decision': 'pick', winner: \"A\", \"rationale\": \"x\",}\n```",
    "I changed it.\n\n~~~json\n{\"summary\": \"s\", \"open_questions\": [\"q\"]}\n~~~\n\n> quoted\n\n| a | b |\n",
];

fn contracts() -> [Contract; 6] {
    [
        Contract::Document,
        Contract::Judgement {
            rules: VerdictRules::default(),
            labels: (0..3).map(Label::at).collect(),
        },
        Contract::Tasks(Categories::default()),
        Contract::Audit,
        Contract::Edits,
        Contract::Handoff,
    ]
}

/// As the files that were asked for, and as the final message alone.
pub fn answer(bytes: &[u8]) {
    let file = || Some(bytes.to_vec());
    let message = || Some(String::from_utf8_lossy(bytes).into_owned());
    let in_files = Left {
        deliverable: file(),
        handoff: file(),
        tasks: file(),
        verdict: file(),
        final_message: message(),
    };
    let said = Left {
        final_message: message(),
        ..Left::default()
    };
    for contract in contracts() {
        for left in [&in_files, &said] {
            let _ = decode_answer(&contract, &Sections::default(), left);
        }
    }
}

#[test]
fn any_answer_of_a_model_is_read() {
    let seeds = ANSWERS.map(|text| text.as_bytes().to_vec());
    survives("answer", seeds.into(), answer);
}
