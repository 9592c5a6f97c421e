//! What an agent said and did, in few words: the newest of it, within a fixed size.

use std::collections::VecDeque;

use super::agent_error::shorten;

/// Largest log that is kept, in bytes: about four thousand tokens.
const LARGEST: usize = 16 << 10;
/// Longest text of one entry, in bytes.
const LONGEST_ENTRY: usize = 1 << 10;

/// What an agent said and did, oldest first. What does not fit is forgotten, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Worklog {
    entries: VecDeque<String>,
    bytes: usize,
    forgotten: u64,
}

impl Worklog {
    pub(super) fn said(&mut self, text: &str) {
        let text = shorten(text.trim(), LONGEST_ENTRY);
        if !text.is_empty() {
            // Further lines are indented, so that they stay within their entry.
            self.add(format!("- said: {}\n", text.replace('\n', "\n  ")));
        }
    }

    /// The agent used a tool.
    pub(super) fn did(&mut self, name: &str, detail: &str, failed: bool) {
        let detail = shorten(detail, LONGEST_ENTRY);
        let end = if failed { " (an error)" } else { "" };
        self.add(format!(
            "- {}{end}\n",
            format!("{name} {detail}").trim_end()
        ));
    }

    fn add(&mut self, entry: String) {
        self.bytes += entry.len();
        self.entries.push_back(entry);
        while self.bytes > LARGEST
            && let Some(oldest) = self.entries.pop_front()
        {
            self.bytes -= oldest.len();
            self.forgotten += 1;
        }
    }
}

impl std::fmt::Display for Worklog {
    /// A list in Markdown, one entry a thing said or done.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.forgotten > 0 {
            writeln!(f, "- ({} earlier entries are left out)", self.forgotten)?;
        }
        self.entries.iter().try_for_each(|entry| f.write_str(entry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_and_done_stands_in_order() {
        let mut log = Worklog::default();
        log.said("First\nthis.\n");
        log.said("  ");
        log.did("bash", "npm test", true);
        log.did("edit", "", false);
        assert_eq!(
            log.to_string(),
            "- said: First\n  this.\n- bash npm test (an error)\n- edit\n"
        );
    }

    #[test]
    fn the_newest_is_kept_and_what_is_missing_is_said() {
        let mut log = Worklog::default();
        for number in 0..10_000 {
            log.did("read", &format!("src/file-{number}.rs"), false);
        }
        log.said(&"é".repeat(100_000));
        let text = log.to_string();
        assert!(text.len() <= LARGEST + 100, "{}", text.len());
        assert!(text.starts_with("- ("), "{text}");
        assert!(text.contains("src/file-9999.rs") && !text.contains("src/file-0.rs"));
    }
}
