//! Reading `handoff.json`.

use serde_json::{Map, Value, json};

use crate::judge::{JsonObject, read_object, typed};
use crate::model::{Faults, HandoffWords, Section, Sections};

/// Valid words, and what had to be forgiven in reading them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedWords {
    pub words: HandoffWords,
    /// What had to be forgiven, one sentence each.
    pub remarks: Vec<String>,
}

/// Reads a handoff's words as an agent wrote them. Sections that were not asked for are left out.
///
/// # Errors
///
/// What is wrong, one sentence each, with the place in the JSON where there is one.
pub fn parse(text: &str, sections: &Sections) -> Result<ParsedWords, Faults> {
    let JsonObject {
        mut members,
        mut remarks,
    } = read_object(text)?;
    normalize(&mut members, &mut remarks);
    let mut words: HandoffWords = typed(members)?;
    if words.summary.trim().is_empty() {
        let error = "summary: is empty; a few sentences are expected";
        return Err(error.to_owned().into());
    }
    remarks.extend(sections.restrict(&mut words).into_iter().map(|section| {
        let name = section.name();
        format!("the handoff's `{name}` was not asked for and was left out")
    }));
    Ok(ParsedWords { words, remarks })
}

/// Whether an object is a handoff and nothing else, so that it may be taken for one without being
/// named so.
pub(in crate::context) fn is_plainly_handoff(text: &str) -> bool {
    read_object(text).is_ok_and(|object| {
        object.members.get("summary").is_some_and(Value::is_string)
            && object.members.keys().all(|key| is_known(key))
    })
}

fn is_known(key: &str) -> bool {
    let mut sections = Section::ALL.into_iter();
    key == "summary"
        || HandoffWords::BUILT_ON.contains(&key)
        || sections.any(|section| section.name() == key)
}

/// `null` for nothing and one sentence for a list of one: there is only one way to read these.
fn normalize(members: &mut Map<String, Value>, remarks: &mut Vec<String>) {
    members.retain(|key, value| {
        let known = is_known(key);
        if !known {
            remarks.push(format!(
                "the handoff's `{key}` is not known and was left out"
            ));
        }
        known && !(value.is_null() && key != "summary")
    });
    for (key, value) in members.iter_mut().filter(|(key, _)| *key != "summary") {
        let is_entry = match key == Section::Changes.name() {
            true => value.is_object(),
            false => value.is_string(),
        };
        if is_entry {
            *value = json!([value.take()]);
        }
        if let Value::Array(items) = value {
            items.retain(|item| !item.as_str().is_some_and(|text| text.trim().is_empty()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ParsedWords, Faults> {
        super::parse(text, &Sections::default())
    }

    #[test]
    fn only_a_summary_is_needed() {
        let parsed = parse(r#"{"summary": "Done."}"#).expect("valid");
        assert_eq!(parsed.words.summary, "Done.");
        assert!(parsed.remarks.is_empty());
    }

    #[test]
    fn what_can_be_read_one_way_only_is_read() {
        let text = r#"{"summary": "s", "decisions": "one", "risks": null, "files": ["a", " "],
            "changes": {"path": "a"}, "mood": "good"}"#;
        let parsed = parse(text).expect("valid");
        assert_eq!(parsed.words.decisions, ["one"]);
        assert_eq!(parsed.words.files, ["a"]);
        assert_eq!(parsed.words.changes[0].path, "a");
        assert_eq!(
            parsed.remarks,
            ["the handoff's `mood` is not known and was left out"]
        );
    }

    #[test]
    fn sections_that_were_not_asked_for_are_left_out_and_said() {
        let text = r#"{"summary": "s", "decisions": ["d"], "risks": ["r"], "gotchas": []}"#;
        let sections = [Section::Decisions].into_iter().collect();
        let parsed = super::parse(text, &sections).expect("valid");
        assert_eq!(parsed.words.decisions, ["d"]);
        assert!(parsed.words.risks.is_empty());
        assert_eq!(
            parsed.remarks,
            ["the handoff's `risks` was not asked for and was left out"]
        );
    }

    #[test]
    fn errors_carry_their_place() {
        let errors = parse(r#"{"summary": "s", "decisions": [{"what": "x"}]}"#).expect_err("wrong");
        assert!(
            errors[0].starts_with("decisions[0]: invalid type: map"),
            "{errors:?}"
        );
        assert!(parse(r#"{"summary": " "}"#).expect_err("empty")[0].starts_with("summary"));
        assert!(parse(r#"{"decisions": []}"#).expect_err("none")[0].contains("missing field"));
    }

    #[test]
    fn an_object_with_other_members_is_not_plainly_a_handoff() {
        assert!(is_plainly_handoff(r#"{"summary": "x", "risks": []}"#));
        assert!(!is_plainly_handoff(r#"{"summary": "x", "openapi": "3.1"}"#));
        assert!(!is_plainly_handoff(r#"{"risks": []}"#));
    }
}
