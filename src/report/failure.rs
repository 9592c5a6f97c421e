//! How an error looks at the edge.

use std::error::Error;

/// `error: …`, a line `  caused by: …` for each cause, and `hint: …`. Ends with a line feed.
///
/// A cause whose text the error above already ends with is not said twice.
pub fn render_error(error: &dyn Error, hint: Option<&str>) -> String {
    let mut said = error.to_string();
    let mut text = format!("error: {}\n", said.trim_end());
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !said.ends_with(&words) {
            text.push_str(&format!("  caused by: {}\n", words.trim_end()));
        }
        said = words;
        cause = error.source();
    }
    if let Some(hint) = hint {
        text.push_str(&format!("hint: {}\n", hint.trim_end()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Link {
        text: &'static str,
        source: Option<Box<Link>>,
    }

    fn link(text: &'static str, source: Option<Link>) -> Link {
        Link {
            text,
            source: source.map(Box::new),
        }
    }

    #[test]
    fn causes_are_said_once_each() {
        let disk = link("no space left", None);
        let write = link("failed to write `journal.jsonl`: no space left", Some(disk));
        let run = link("the run stopped", Some(write));
        assert_eq!(
            render_error(&run, Some("free some space, then `tipstaff resume`")),
            "error: the run stopped\n  \
             caused by: failed to write `journal.jsonl`: no space left\n\
             hint: free some space, then `tipstaff resume`\n"
        );
    }
}
