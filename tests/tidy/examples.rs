//! What README.md and docs/ show can be copied: YAML is valid, command lines parse.

use tipstaff::config;
use tipstaff::rehearsal::Scenario;
use tipstaff::workflow::{check, parse};
use tipstaff::yaml::{Colour, Diagnostic, Source, has_errors, render};

use crate::text::{blocks, pages, read, spans, tracked};

/// All YAML of the pages, as sources named `PAGE:LINE`.
fn yaml() -> Vec<Source> {
    let mut sources = Vec::new();
    for (path, page) in pages() {
        for (line, text) in blocks(&page, "yaml") {
            sources.push(Source::new(format!("{path}:{line}"), text));
        }
    }
    sources
}

fn has_key(source: &Source, key: &str) -> bool {
    source.text.lines().any(|line| line.starts_with(key))
}

fn complain(mistakes: &[Diagnostic], source: &Source) {
    let shown = render(mistakes, std::slice::from_ref(source), Colour::Off);
    assert!(!has_errors(mistakes), "{shown}\n{}", source.text);
}

#[test]
fn every_yaml_block_is_a_workflow_a_scenario_or_a_configuration() {
    let (mut workflows, mut configurations) = (0, 0);
    for source in yaml() {
        if has_key(&source, "phases:") {
            workflows += 1;
            let builtin = config::load(&[]).unwrap();
            match parse(&source) {
                Ok(workflow) => complain(&check(&workflow, &builtin), &source),
                Err(mistakes) => complain(&mistakes, &source),
            }
        } else if has_key(&source, "rules:") {
            let read = Scenario::parse(&source.text, &source.name);
            assert!(read.is_ok(), "{}", read.unwrap_err());
        } else {
            configurations += 1;
            if let Err(mistakes) = config::load(std::slice::from_ref(&source)) {
                complain(&mistakes, &source);
            }
        }
    }
    assert!(
        workflows >= 3 && configurations >= 3,
        "{workflows} {configurations}"
    );
}

/// Command lines as written: with the place, and without what the shell does to their output.
fn command_lines() -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for (path, page) in pages() {
        for (number, block) in blocks(&page, "sh") {
            let commands = block.lines().enumerate();
            lines.extend(
                commands.map(|(at, line)| (format!("{path}:{}", number + at), line.into())),
            );
        }
        for span in spans(&page) {
            // A command that is only named is without its arguments.
            let is_name = span.split_whitespace().count() == 2;
            let help = if is_name { " --help" } else { "" };
            lines.push((path.clone(), format!("{span}{help}")));
        }
    }
    let files = tracked();
    for path in files.iter().filter(|path| path.starts_with("workflows")) {
        let path = path.display().to_string();
        let text = read(&path);
        let remarks = text.lines().filter_map(|line| line.strip_prefix("#   "));
        lines.extend(remarks.map(|line| (path.clone(), line.to_owned())));
    }
    lines.retain(|(_, line): &(String, String)| line.starts_with("tipstaff "));
    lines
}

/// The words of a simple command, as a shell would see them.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in line.chars() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            ('"' | '\'', None) => quote = Some(c),
            ('|' | '>' | '#', None) => break,
            (' ', None) => words.push(String::new()),
            (c, _) => words.last_mut().unwrap().push(c),
        }
    }
    assert_eq!(quote, None, "a quote is left open: {line}");
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn every_command_line_shown_is_one_that_the_program_takes() {
    let lines = command_lines();
    assert!(lines.len() >= 20, "{} command lines only", lines.len());
    for (place, line) in lines {
        let words = words(&line);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        if let Err(error) = tipstaff::cli::parses(&words) {
            panic!("{place}: {line}\n{error}");
        }
    }
}

#[test]
fn scripts_that_are_named_are_there() {
    for (path, page) in pages() {
        for block in blocks(&page, "sh") {
            for line in block.1.lines().filter(|line| line.starts_with("scripts/")) {
                let script = line.split_whitespace().next().unwrap();
                assert!(
                    tracked().iter().any(|file| file == script),
                    "{path}: {script}"
                );
            }
        }
    }
}
