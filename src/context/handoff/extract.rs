//! Handoff words without a model: what a Markdown document says in the places where such things
//! usually are. The last resort, marked as such by whoever uses it.

use crate::model::{DescribedChange, HandoffWords, Section};

/// The longest summary and the longest entry, in bytes.
const SUMMARY_LIMIT: usize = 800;
const ENTRY_LIMIT: usize = 300;
/// The most entries of a list.
const LIST_LIMIT: usize = 20;

/// Extracts words from a Markdown document: the first paragraph is the summary, and the list entries
/// below a heading that speaks of decisions, constraints, risks … go where they belong. The same
/// document always gives the same words; the summary is never empty.
pub fn extract(document: &str) -> HandoffWords {
    let mut reader = Reader::default();
    let mut fence = None;
    for line in body(document).lines() {
        let text = line.trim();
        let mark = ["```", "~~~"]
            .into_iter()
            .find(|mark| text.starts_with(mark));
        if fence.is_some() {
            if mark == fence {
                fence = None;
            }
            continue;
        }
        fence = mark;
        if fence.is_some() {
            reader.end_paragraph();
        } else {
            reader.line(line, text);
        }
    }
    reader.finish()
}

/// The document without byte order mark and front matter.
fn body(document: &str) -> &str {
    let document = document.trim_start_matches('\u{feff}');
    document
        .strip_prefix("---\n")
        .and_then(|rest| rest.split_once("\n---\n"))
        .map_or(document, |(_, body)| body)
}

/// Words that name a section, the more telling ones first: "open decisions" are questions, and
/// "files to change" are files.
const SECTIONS: [(&str, Section); 22] = [
    ("open", Section::OpenQuestions),
    ("question", Section::OpenQuestions),
    ("unresolved", Section::OpenQuestions),
    ("gotcha", Section::Gotchas),
    ("pitfall", Section::Gotchas),
    ("caveat", Section::Gotchas),
    ("trap", Section::Gotchas),
    ("risk", Section::Risks),
    ("danger", Section::Risks),
    ("constraint", Section::Constraints),
    ("requirement", Section::Constraints),
    ("invariant", Section::Constraints),
    ("limit", Section::Constraints),
    ("must not", Section::Constraints),
    ("file", Section::Files),
    ("paths", Section::Files),
    ("what exists", Section::Files),
    ("what changed", Section::Changes),
    ("changes made", Section::Changes),
    ("changes", Section::Changes),
    ("decision", Section::Decisions),
    ("decided", Section::Decisions),
];

/// Reads line by line. A heading below a known one (deeper, unknown itself) stays in its section.
#[derive(Default)]
struct Reader {
    words: HandoffWords,
    section: Option<(usize, Section)>,
    paragraph: Vec<String>,
    entry: Option<String>,
    title: Option<String>,
    first_entry: Option<String>,
}

impl Reader {
    fn line(&mut self, line: &str, text: &str) {
        let indented = line.starts_with("  ") || line.starts_with('\t');
        if let Some((depth, heading)) = heading(text) {
            self.end_paragraph();
            self.end_entry();
            self.title.get_or_insert_with(|| heading.to_owned());
            self.enter(depth, heading);
        } else if let Some(item) = bullet(text).filter(|_| !indented) {
            self.end_paragraph();
            self.end_entry();
            self.entry = Some(item.to_owned());
        } else if text.is_empty() || text.starts_with('|') || is_rule(text) {
            self.end_paragraph();
            self.end_entry();
        } else if let Some(entry) = &mut self.entry {
            entry.push(' ');
            entry.push_str(bullet(text).unwrap_or(text));
        } else if self.words.summary.is_empty() && bullet(text).is_none() {
            self.paragraph
                .push(text.trim_start_matches("> ").to_owned());
        }
    }

    fn enter(&mut self, depth: usize, heading: &str) {
        let heading = heading.to_lowercase();
        let known = SECTIONS.iter().find(|(word, _)| heading.contains(word));
        match (known, self.section) {
            (Some((_, section)), _) => self.section = Some((depth, *section)),
            (None, Some((above, _))) if depth > above => {}
            (None, _) => self.section = None,
        }
    }

    fn end_paragraph(&mut self) {
        if !self.paragraph.is_empty() {
            let paragraph = std::mem::take(&mut self.paragraph).join(" ");
            self.words.summary = clip(&paragraph, SUMMARY_LIMIT);
        }
    }

    fn end_entry(&mut self) {
        let Some(entry) = self.entry.take().map(|entry| clip(&entry, ENTRY_LIMIT)) else {
            return;
        };
        if entry.is_empty() {
            return;
        }
        self.first_entry.get_or_insert_with(|| entry.clone());
        let Some((_, section)) = self.section else {
            return;
        };
        let list = match section {
            Section::Decisions => &mut self.words.decisions,
            Section::Constraints => &mut self.words.constraints,
            Section::Risks => &mut self.words.risks,
            Section::Gotchas => &mut self.words.gotchas,
            Section::Files => &mut self.words.files,
            Section::OpenQuestions => &mut self.words.open_questions,
            Section::Changes => {
                if self.words.changes.len() < LIST_LIMIT {
                    self.words.changes.push(change(&entry));
                }
                return;
            }
        };
        let entry = match section {
            Section::Files => code_span(&entry).map_or(entry.clone(), str::to_owned),
            _ => entry,
        };
        if list.len() < LIST_LIMIT && !list.contains(&entry) {
            list.push(entry);
        }
    }

    fn finish(mut self) -> HandoffWords {
        self.end_paragraph();
        self.end_entry();
        if self.words.summary.is_empty() {
            self.words.summary = match (self.title, self.first_entry) {
                (Some(title), Some(entry)) => format!("{title}: {entry}"),
                (Some(text), None) | (None, Some(text)) => text,
                (None, None) => "The document has no text to summarize by rule.".to_owned(),
            };
        }
        self.words
    }
}

/// Depth and text of a heading; a line in bold that ends in a colon or stands alone counts as the
/// deepest.
fn heading(text: &str) -> Option<(usize, &str)> {
    let rest = text.trim_start_matches('#');
    let depth = text.len() - rest.len();
    if (1..=6).contains(&depth) && rest.starts_with([' ', '\t']) {
        return Some((depth, rest.trim().trim_end_matches('#').trim_end()));
    }
    let bold = text.trim_end_matches(':').strip_prefix("**")?;
    let bold = bold.strip_suffix("**")?.trim_end_matches(':');
    (!bold.is_empty() && !bold.contains("**")).then_some((7, bold))
}

fn bullet(text: &str) -> Option<&str> {
    if let Some(item) = ["- ", "* ", "+ "]
        .iter()
        .find_map(|mark| text.strip_prefix(mark))
    {
        let item = item.trim_start();
        let boxed = ["[ ] ", "[x] ", "[X] "]
            .iter()
            .find_map(|mark| item.strip_prefix(mark));
        return Some(boxed.unwrap_or(item));
    }
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = text.len() - rest.len();
    let rest = rest
        .strip_prefix(". ")
        .or_else(|| rest.strip_prefix(") "))?;
    (1..=3).contains(&digits).then(|| rest.trim_start())
}

fn is_rule(text: &str) -> bool {
    text.len() >= 3
        && text
            .chars()
            .all(|c| matches!(c, '-' | '*' | '_' | '=' | ' '))
}

fn code_span(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once('`')?;
    let (span, _) = rest.split_once('`')?;
    (!span.is_empty()).then_some(span)
}

/// `` `src/a.rs`: what changed `` as a change.
fn change(entry: &str) -> DescribedChange {
    let Some(path) = code_span(entry) else {
        return DescribedChange {
            what: entry.to_owned(),
            ..DescribedChange::default()
        };
    };
    let rest = entry.replacen(&format!("`{path}`"), "", 1);
    let what = rest.trim_matches(|c: char| c.is_whitespace() || ":—–-*".contains(c));
    DescribedChange {
        path: path.to_owned(),
        what: what.to_owned(),
        why: String::new(),
    }
}

/// At most `most` bytes, cut between words where there is one.
pub(in crate::context) fn clip(text: &str, most: usize) -> String {
    let text = text.trim();
    if text.len() <= most {
        return text.to_owned();
    }
    let boundary = (0..=most)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or_default();
    let head = &text[..boundary];
    let end = head
        .rfind(' ')
        .filter(|end| *end > most / 2)
        .unwrap_or(head.len());
    format!("{}…", head[..end].trim_end())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;

    use super::*;

    const PLAN: &str = "---\ntitle: x\n---\n# Rate limiting\n\nA token bucket per key,\nin memory.\n\n\
        Second paragraph.\n\n## Key decisions\n\n- Token bucket\n  over a window\n- In memory\n\n\
        ### Turned down\n\n1. Redis\n\n## Steps\n\n- not a decision\n\n```md\n## Risks\n- not real\n```\n\n\
        ## Risks and dangers\n* Clock skew\n\n## Files to change\n- `src/a.rs` the limiter\n- src/b.rs\n\n\
        **Open decisions:**\n- [ ] Which limit?\n\n## What changed\n- `src/c.rs`: new\n";

    #[test]
    fn sections_go_where_they_belong() {
        let words = extract(PLAN);
        assert_eq!(words.summary, "A token bucket per key, in memory.");
        assert_eq!(
            words.decisions,
            ["Token bucket over a window", "In memory", "Redis"]
        );
        assert_eq!(words.risks, ["Clock skew"]);
        assert_eq!(words.files, ["src/a.rs", "src/b.rs"]);
        assert_eq!(words.open_questions, ["Which limit?"]);
        assert_eq!(words.changes[0].path, "src/c.rs");
        assert_eq!(words.changes[0].what, "new");
    }

    #[test]
    fn a_document_without_prose_has_a_summary_all_the_same() {
        assert_eq!(
            extract("# Title\n\n- first\n- second").summary,
            "Title: first"
        );
        assert_eq!(extract("- first").summary, "first");
        assert_eq!(extract("# Title\n").summary, "Title");
        assert!(!extract("```\ncode\n```").summary.is_empty());
    }

    #[test]
    fn long_texts_are_clipped_between_words() {
        let words = extract(&"wörd ".repeat(1000));
        assert!(words.summary.len() <= SUMMARY_LIMIT + '…'.len_utf8());
        assert!(words.summary.ends_with("wörd…"));
        let many: String = (0..50).map(|n| format!("- d{n}\n")).collect();
        assert_eq!(
            extract(&format!("## Decisions\n{many}")).decisions.len(),
            LIST_LIMIT
        );
    }

    proptest! {
        #[test]
        fn arbitrary_documents_never_panic(text in "([#*`|>~ -]|\n|risk|1\\. |é|x){0,60}") {
            assert!(!extract(&text).summary.is_empty());
        }
    }
}
