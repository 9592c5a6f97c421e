//! A run as the text of a pull request.

use super::Page;
use super::proposals::winner;
use super::texts::cut;
use crate::report::evidence::reason;
use crate::report::sections_work::delivery_state;
use crate::report::words::{clean, counted, run_word, spent, word};
use crate::report::words_work::{finding_place, lines_words, verify_words, worst_first};

/// Lines of a list; a pull request is read by people.
const MOST: usize = 40;

/// What was asked, decided, changed, proved and found, and what it cost.
pub fn render_markdown(page: &Page<'_>) -> String {
    let view = page.shown.view;
    let mut text = String::new();
    let mut section = |title: &str, lines: Vec<String>| {
        if lines.is_empty() {
            return;
        }
        text.push_str(&format!("## {title}\n\n"));
        let left = lines.len().saturating_sub(MOST);
        for line in lines.into_iter().take(MOST) {
            text.push_str(&format!("{line}\n"));
        }
        if left > 0 {
            text.push_str(&format!("- and {left} more\n"));
        }
        text.push('\n');
    };
    section(
        "Asked",
        view.plan
            .request
            .trim()
            .lines()
            .map(|line| format!("> {}", inert(line)))
            .collect(),
    );
    section("Decided", decided(page));
    section("Changed", changed(page));
    section("Proved", proved(page));
    section("Audit", audited(page));
    let totals = view.totals(page.shown.until());
    let cost = format!(
        "{}, {}, {} by the workflow {}. Run `{}`.",
        run_word(view, page.shown.supervisor),
        spent(totals.wall, &totals.usage),
        counted(totals.attempts, "attempt"),
        inert(&view.plan.workflow),
        view.run(),
    );
    section("Cost", vec![cost]);
    text.truncate(text.trim_end().len());
    text + "\n"
}

fn decided(page: &Page<'_>) -> Vec<String> {
    let view = page.shown.view;
    let phases = view.phases().filter(|phase| !phase.labels().is_empty());
    let lines = phases.map(|phase| {
        let by = phase
            .state
            .winner()
            .map(|winner| view.model_words(&winner.call));
        let by = by.map_or_else(String::new, |by| format!(" It is by {}.", inert(&by)));
        let why = reason(view, phase).map(|why| inert(&why));
        format!(
            "- **{}**: {}{by} {}",
            inert(phase.name().as_str()),
            winner(view, phase),
            why.unwrap_or_default()
        )
    });
    lines.collect()
}

fn changed(page: &Page<'_>) -> Vec<String> {
    let files = page.shown.view.changed_files();
    let lines = files.iter().map(|file| {
        let (what, lines) = (word(file.kind), lines_words(file.lines));
        format!("- {} {what}, {lines}", inert(&file.path))
    });
    let documents = page.shown.view.phases().filter_map(|phase| {
        let document = phase.state.closing()?.document.as_ref()?;
        Some(format!(
            "- {}, the document of {}",
            inert(&document.path),
            inert(phase.name().as_str())
        ))
    });
    let delivered = delivery_state(page.shown.view);
    let delivered = delivered
        .lines()
        .take(1)
        .map(|line| format!("\n{}", inert(line)));
    let changed: Vec<String> = lines.chain(documents).collect();
    match changed.is_empty() {
        true => changed,
        false => changed.into_iter().chain(delivered).collect(),
    }
}

fn proved(page: &Page<'_>) -> Vec<String> {
    let all = page.shown.view.state.proved();
    let lines = all.map(|one| {
        let of = one
            .task
            .as_ref()
            .map_or_else(|| one.phase.to_string(), ToString::to_string);
        format!(
            "- {}: {} ({})",
            inert(&one.verification.command),
            verify_words(&one.verification),
            inert(&of)
        )
    });
    lines.collect()
}

fn audited(page: &Page<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for phase in page.shown.view.phases() {
        for (call, audit) in page.shown.view.audits(phase) {
            let (name, round) = (inert(phase.name().as_str()), call.spec.id.round());
            lines.push(format!(
                "- **{name}, round {round}: {}**. {}",
                word(audit.verdict),
                inert(&audit.summary)
            ));
            for finding in worst_first(&audit.findings) {
                let place = inert(&finding_place(finding));
                lines.push(format!(
                    "  - {} {place}: {}",
                    word(finding.severity),
                    inert(&finding.problem)
                ));
            }
        }
    }
    lines
}

/// Somebody else's words on one line, that mean nothing to Markdown nor to who hosts it: no markup, no HTML, no link,
/// nobody mentioned, no issue named or closed.
fn inert(text: &str) -> String {
    let text = clean(cut(text.trim(), 1_500));
    let mut out = String::new();
    for (at, char) in text.char_indices() {
        let before = &text[..at];
        match char {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // A mention or a number is one only where a word follows at once.
            '@' | '#' | '!' | '$' => out.extend(['\\', char, '\u{2060}']),
            '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '|' => out.extend(['\\', char]),
            ':' if text[at..].starts_with("://") => out.push_str("\\:"),
            '.' if before.to_ascii_lowercase().ends_with("www") => out.push_str("\\."),
            // A list, a rule or a heading begins a line.
            '-' | '+' | '=' if before.is_empty() => out.extend(['\\', char]),
            '.' | ')' if !before.is_empty() && before.bytes().all(|byte| byte.is_ascii_digit()) => {
                out.extend(['\\', char]);
            }
            _ => out.push(char),
        }
    }
    out
}
