//! A large patch in a prompt: the changes of whole files as far as there is room, and the names of the
//! others. A phase may have changed more than anyone wants to pay for with each request; the whole patch
//! is at hand as a file.

use std::fmt::Write as _;

use crate::context::tokens;

/// The largest patch that is in a prompt whole, in estimated tokens.
const LIMIT: u64 = 6000;

/// Whether there is room for all of `patch`.
pub(super) fn fits(patch: &str) -> bool {
    tokens(patch) <= LIMIT
}

/// The files of `patch` that there is room for, in its order, and the names of the others. `whole` is
/// where all of it is.
pub(super) fn excerpt(patch: &str, whole: &str) -> String {
    let mut shown = String::new();
    let mut left_out = Vec::new();
    let mut room = LIMIT;
    for file in files(patch) {
        match room.checked_sub(tokens(file)) {
            Some(rest) => {
                room = rest;
                shown.push_str(file);
            }
            None => left_out.push(file),
        }
    }
    let mut out = format!(
        "This patch is shortened. All of it is in `{whole}`: about {} tokens. Not shown here:\n\n",
        tokens(patch)
    );
    for file in left_out {
        let _ = writeln!(out, "- {}", in_short(file));
    }
    if !shown.is_empty() {
        let _ = write!(out, "\n{shown}");
    }
    out
}

/// The patch cut before each file's header. Lines of content never begin without a mark of their own.
fn files(patch: &str) -> impl Iterator<Item = &str> {
    let mut starts: Vec<usize> = patch
        .match_indices("diff --git ")
        .map(|(at, _)| at)
        .filter(|at| *at == 0 || patch.as_bytes()[at - 1] == b'\n')
        .collect();
    starts.push(patch.len());
    let first = starts[0];
    let cuts = (first > 0).then_some((0, first)).into_iter();
    let files: Vec<_> = starts.windows(2).map(|pair| (pair[0], pair[1])).collect();
    cuts.chain(files).map(|(from, to)| &patch[from..to])
}

/// A file's name, and how many lines were added and removed.
fn in_short(file: &str) -> String {
    let header = file.lines().next().unwrap_or_default();
    let name = header.rsplit_once(" b/").map_or(header, |(_, name)| name);
    let (_, added, removed) = counts(file);
    format!("`{name}`: +{added} -{removed}")
}

/// How many files a patch changes, and how many lines it adds and removes.
pub(super) fn counts(patch: &str) -> (usize, usize, usize) {
    let files = files(patch).filter(|file| file.starts_with("diff --git "));
    files.fold((0, 0, 0), |(files, added, removed), file| {
        let hunks = || file.lines().skip_while(|line| !line.starts_with("@@"));
        let count = |mark: char| hunks().filter(|line| line.starts_with(mark)).count();
        (files + 1, added + count('+'), removed + count('-'))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop, proptest};

    use super::*;

    fn patch(name: &str, lines: usize) -> String {
        let added = "+let one = two;\n".repeat(lines);
        format!(
            "diff --git a/{name} b/{name}\nindex 1..2 100644\n--- a/{name}\n+++ b/{name}\n\
             @@ -1,1 +1,{lines} @@\n-let one = three;\n{added}"
        )
    }

    #[test]
    fn what_has_no_room_is_named_and_the_rest_is_shown() {
        let small = patch("src/small.rs", 3);
        let whole = [patch("src/large.rs", 5000), small.clone()].concat();
        assert!(!fits(&whole) && fits(&small));
        let shown = excerpt(&whole, ".tipstaff/in/execute/changes.patch");
        assert!(shown.contains("`.tipstaff/in/execute/changes.patch`"));
        assert!(shown.contains("- `src/large.rs`: +5000 -1\n"), "{shown}");
        assert!(shown.ends_with(&small), "{shown}");
    }

    proptest! {
        #[test]
        fn every_file_is_shown_or_named_and_the_limit_holds(
            sizes in prop::collection::vec(1_usize..900, 1..12),
        ) {
            let files: Vec<String> = sizes
                .iter()
                .enumerate()
                .map(|(number, lines)| patch(&format!("src/f{number}.rs"), *lines))
                .collect();
            let shown = excerpt(&files.concat(), "whole.patch");
            for (number, file) in files.iter().enumerate() {
                let named = shown.contains(&format!("- `src/f{number}.rs`: +"));
                assert!(named != shown.contains(file), "{shown}");
            }
            let names = 40 * sizes.len() as u64 + 60;
            assert!(tokens(&shown) <= LIMIT + names, "{}", tokens(&shown));
        }
    }
}
