//! A handoff whose document a person changed afterwards.

use std::collections::BTreeSet;

use crate::model::{Handoff, HandoffOrigin};

use super::{LIMIT, clip, extract, limit};

/// With more remarks than this, changed lines among them, the document is another one, and so are its words.
const MOST_REMARKS: usize = 19;
/// Characters of a changed line.
const WIDTH: usize = 300;

/// The handoff after a person's change. Its words stay and what differs is said beside them, line by line;
/// where too much differs, or nobody knows what was there `before`, they are extracted anew.
pub fn edited(mut handoff: Handoff, before: Option<&str>, after: &str) -> Handoff {
    let changed = before.map(|before| differences(before, after));
    let facts = &mut handoff.facts;
    let room = MOST_REMARKS.saturating_sub(facts.remarks.len());
    match changed.filter(|lines| lines.len() <= room) {
        Some(lines) => {
            let first =
                "a person changed the document after this was written; the person's text counts";
            facts.remarks.extend([first.to_owned()]);
            facts.remarks.extend(lines);
        }
        None => {
            let first = "a person rewrote the document; this was extracted from the person's text";
            let limited = limit(extract(after), LIMIT);
            handoff.words = limited.words;
            facts.origin = HandoffOrigin::Extracted;
            facts.remarks = first.to_owned().into();
            facts.remarks.extend(limited.remarks);
        }
    }
    handoff
}

/// What only one of both says, in the order of the lines.
fn differences(before: &str, after: &str) -> Vec<String> {
    let lines = |text| {
        str::lines(text)
            .map(str::trim)
            .filter(|line| !line.is_empty())
    };
    let (old, new): (BTreeSet<&str>, BTreeSet<&str>) =
        (lines(before).collect(), lines(after).collect());
    let gone = lines(before).filter(|line| !new.contains(line));
    let gone = gone.map(|line| format!("the document says no more: {}", clip(line, WIDTH)));
    let came = lines(after).filter(|line| !old.contains(line));
    let came = came.map(|line| format!("the document says now: {}", clip(line, WIDTH)));
    gone.chain(came).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_the_lines_that_only_one_side_has() {
        let found = differences("# Plan\n\n- a\n- b\n", "# Plan\n- b\n- c\n");
        assert_eq!(
            found,
            [
                "the document says no more: - a",
                "the document says now: - c"
            ]
        );
        assert_eq!(differences("a\nb\n", "b\na\n\n"), Vec::<String>::new());
    }
}
