//! Every broken workflow of the fixtures gives the diagnostics that its snapshot shows.

use std::path::Path;

use crate::workflow::{check, parse};
use crate::yaml::{Colour, MAX_BYTES, Source, has_errors, render};

use super::{config, shown};

#[test]
fn each_broken_fixture_is_explained() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/workflows/broken");
    let mut names: Vec<String> = std::fs::read_dir(folder.as_path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert!(names.len() >= 11, "{names:?}");
    for name in names {
        let text = std::fs::read_to_string(folder.join(&name)).unwrap();
        let source = Source::new(name.as_str(), text);
        let diagnostics = match parse(&source) {
            Ok(workflow) => check(&workflow, &config()),
            Err(diagnostics) => diagnostics,
        };
        assert!(has_errors(&diagnostics), "{name} has no error");
        let stem = name.trim_end_matches(".yaml");
        // More than twenty at once are cut.
        let shown = diagnostics.chunks(20);
        let shown = shown.map(|some| render(some, std::slice::from_ref(&source), Colour::Off));
        insta::assert_snapshot!(stem, shown.collect::<Vec<_>>().join("\n"));
    }
}

#[test]
fn a_file_of_ten_megabytes_is_refused_at_once() {
    let text = "a".repeat(10 * MAX_BYTES);
    let found = parse(&super::source(&text)).unwrap_err();
    insta::assert_snapshot!(shown(&found, ""), @r"
    error: the file is too large: 10485760 bytes, the limit is 1048576
      --> w.yaml
    ");
}
