//! The values of inputs: `--set`, defaults, and the built-in `request` and `feature`.

use std::collections::BTreeMap;

use crate::yaml::{Diagnostic, did_you_mean};

use super::super::ast::Workflow;
use super::bindings::Bindings;

/// Longest slug in characters.
const MAX_SLUG: usize = 48;

/// What a request without a single letter or digit is called.
const NAMELESS: &str = "request";

/// A request as a name that can be in a path: its words in lower case, joined by `-`; at most 48
/// characters, cut between words where possible; never empty.
pub fn slug(request: &str) -> String {
    let lower = request.to_lowercase();
    let words = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    let mut slug = String::new();
    for word in words {
        let length = slug.chars().count();
        let separator = usize::from(length > 0);
        if length + separator + word.chars().count() > MAX_SLUG {
            if length == 0 {
                slug.extend(word.chars().take(MAX_SLUG));
            }
            break;
        }
        if length > 0 {
            slug.push('-');
        }
        slug.push_str(word);
    }
    if slug.is_empty() {
        slug.push_str(NAMELESS);
    }
    slug
}

/// All inputs with their values.
pub(super) fn bind(
    workflow: &Workflow,
    bindings: &Bindings<'_>,
    found: &mut Vec<Diagnostic>,
) -> BTreeMap<String, String> {
    unknown_sets(workflow, bindings, found);
    let mut values = BTreeMap::from([("request".to_owned(), bindings.request.clone())]);
    for input in &workflow.inputs {
        let name = &input.name.value;
        let value = bindings.sets.get(name).or(input.default.as_ref());
        match value {
            Some(value) => {
                values.insert(name.clone(), value.clone());
            }
            // A declared `feature` has a value in any case.
            None if name == "feature" => {}
            None if input.required => {
                let message = format!("the input `{name}` needs a value");
                let mistake = input.name.spot.error("missing-input", message);
                found.push(mistake.with_hint(format!("give it with `--set {name}=…`")));
            }
            None => {
                values.insert(name.clone(), String::new());
            }
        }
    }
    if !values.contains_key("feature") {
        let feature = match bindings.sets.get("feature") {
            Some(feature) => feature.clone(),
            None => slug(&bindings.request),
        };
        values.insert("feature".to_owned(), feature);
    }
    values
}

fn unknown_sets(workflow: &Workflow, bindings: &Bindings<'_>, found: &mut Vec<Diagnostic>) {
    let names = workflow.placeholder_names();
    for name in bindings.sets.keys() {
        let source = format!("--set {name}");
        if name == "request" {
            let message = "the request is no input to set";
            let mistake = Diagnostic::error("unknown-input", source, message);
            found.push(mistake.with_hint("write it after the workflow's name"));
        } else if !names.contains(&name.as_str()) {
            let message = format!("the workflow has no input `{name}`");
            let known = names.iter().copied().filter(|known| *known != "request");
            let mistake = Diagnostic::error("unknown-input", source, message);
            found.push(mistake.with_hint_opt(did_you_mean(name, known)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_a_safe_name() {
        assert_eq!(
            slug("Add rate limiting to the HTTP API"),
            "add-rate-limiting-to-the-http-api"
        );
        assert_eq!(slug("../../etc/passwd"), "etc-passwd");
        assert_eq!(slug("Größe ändern!"), "größe-ändern");
        assert_eq!(slug(""), "request");
        assert_eq!(slug("🎉 …"), "request");
        assert_eq!(slug(&"x".repeat(80)).len(), 48);
        let long = slug("one two three four five six seven eight nine ten eleven twelve");
        assert_eq!(long, "one-two-three-four-five-six-seven-eight-nine-ten");
    }
}
