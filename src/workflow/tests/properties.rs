//! Whatever a user writes, there is an answer and no panic.

use proptest::prelude::{ProptestConfig, any, prop, prop_assert, proptest};

use crate::workflow::{check, compile, parse, slug};
use crate::yaml::{Colour, render};

use super::{SEED, bindings, config, source};

/// Reads, checks, compiles and renders; says whether there is a plan.
fn all_the_way(text: &str) -> bool {
    let source = source(text);
    let config = config();
    let workflow = match parse(&source) {
        Ok(workflow) => workflow,
        Err(found) => {
            assert!(!found.is_empty());
            render(&found, &[source], Colour::On);
            return false;
        }
    };
    let found = check(&workflow, &config);
    render(&found, std::slice::from_ref(&source), Colour::Off);
    match compile(&workflow, &bindings("a request"), &config) {
        Ok(compiled) => {
            assert!(!compiled.plan.phases.is_empty());
            true
        }
        Err(found) => {
            assert!(found.iter().any(crate::yaml::Diagnostic::is_error));
            render(&found, &[source], Colour::Off);
            false
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_survived(text in any::<String>()) {
        all_the_way(&text);
    }

    #[test]
    fn text_that_looks_like_yaml_is_survived(text in "([ \\-a-z:{}\\[\\]&*!|>'\"#?%@,.~\n\t]|<<: |phases:|- name: |\u{e9}){0,80}") {
        all_the_way(&text);
    }

    #[test]
    fn mutations_of_the_seed_are_survived(
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0usize..12, "[ \\-a-z:{}\\[\\]&*\n\t./~0\u{e9}]{0,6}"), 1..5)
    ) {
        let mut characters: Vec<char> = SEED.chars().collect();
        for (at, length, put) in cuts {
            let at = at.index(characters.len());
            let end = (at + length).min(characters.len());
            characters.splice(at..end, put.chars());
            if characters.is_empty() {
                break;
            }
        }
        let text: String = characters.into_iter().collect();
        all_the_way(&text);
    }

    #[test]
    fn lines_of_the_seed_may_be_anywhere(order in prop::collection::vec(0usize..45, 1..60)) {
        let lines: Vec<&str> = SEED.lines().collect();
        let text: Vec<&str> = order.iter().filter_map(|index| lines.get(*index).copied()).collect();
        all_the_way(&text.join("\n"));
    }

    #[test]
    fn slugs_are_safe(request in any::<String>()) {
        let slug = slug(&request);
        prop_assert!(!slug.is_empty() && slug.chars().count() <= 48);
        prop_assert!(slug.chars().all(|c| c.is_alphanumeric() || c == '-'));
        prop_assert!(!slug.starts_with('-') && !slug.ends_with('-'));
    }
}
