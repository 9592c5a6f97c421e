//! The tail, not the median, tells whether a tree can be read.

use crate::code::{files, line_of};

const LONGEST_FILE: usize = 600;
const LONGEST_FUNCTION: usize = 100;

#[test]
fn no_file_is_too_long_to_be_read() {
    for file in files() {
        let lines = file.text.lines().count();
        assert!(lines <= LONGEST_FILE, "{} has {lines} lines", file.path);
    }
}

#[test]
fn no_function_is_too_long_to_be_read() {
    let mut seen = 0;
    for file in files() {
        for (at, _) in file.code.match_indices("fn ") {
            if file.code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let Some(lines) = body(&file.code[at..]) else {
                continue;
            };
            seen += 1;
            let line = line_of(&file.code, at);
            let is_short = lines <= LONGEST_FUNCTION;
            assert!(
                is_short,
                "{}:{line} has a function of {lines} lines",
                file.path
            );
        }
    }
    assert!(seen > 1000, "{seen} functions only");
}

/// How many lines a function takes that begins here; none if it has no body.
fn body(code: &str) -> Option<usize> {
    let open = code.find(['{', ';'])?;
    let mut depth = 0usize;
    for (at, c) in code[open..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return None,
            _ => {}
        }
        if depth == 0 {
            return Some(line_of(code, open + at));
        }
    }
    None
}

#[test]
fn functions_are_measured_by_their_braces() {
    assert_eq!(body("fn a() {\n  if b {\n  }\n}\nfn c() {}"), Some(4));
    assert_eq!(body("fn a();\nfn b() {}"), None);
    assert_eq!(body("fn a() {}"), Some(1));
}
