//! Files that a scoped workspace holds because of those that were named: what these import, and what
//! imports them.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Neighbour {
    pub path: String,
    /// Why it is there: `imported by src/server.js`, `imports src/server.js`.
    pub why: String,
    /// Size in bytes.
    pub bytes: u64,
    pub tokens: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Neighbours {
    /// How many tokens they may have together.
    pub limit: u64,
    pub added: Vec<Neighbour>,
    /// Those that are not, for their size.
    pub left_out: Vec<Neighbour>,
}

impl Neighbours {
    /// As many of the candidates as fit within the limit; an earlier one is never left out for a later
    /// one, but a small one may follow where a large one did not fit.
    pub fn within(limit: u64, candidates: impl IntoIterator<Item = Neighbour>) -> Self {
        let mut left = limit;
        let fits = |file: &Neighbour| match left.checked_sub(file.tokens) {
            Some(rest) => {
                left = rest;
                true
            }
            None => false,
        };
        let (added, left_out) = candidates.into_iter().partition(fits);
        Self {
            limit,
            added,
            left_out,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop, proptest};

    use super::*;

    fn file(number: usize, tokens: u64) -> Neighbour {
        Neighbour {
            path: format!("{number}"),
            why: String::new(),
            bytes: 0,
            tokens,
        }
    }

    proptest! {
        #[test]
        fn what_is_added_fits_and_nothing_is_lost(
            limit in 0_u64..100, sizes in prop::collection::vec(0_u64..60, 0..20), huge in any::<u64>(),
        ) {
            let files = sizes.iter().copied().chain([huge]).enumerate();
            let files: Vec<Neighbour> = files.map(|(number, tokens)| file(number, tokens)).collect();
            let Neighbours { added, left_out, .. } = Neighbours::within(limit, files.clone());
            let mut room = limit;
            for one in &files {
                assert_eq!(added.contains(one), one.tokens <= room);
                assert_eq!(left_out.contains(one), one.tokens > room);
                room -= if one.tokens <= room { one.tokens } else { 0 };
            }
            assert_eq!(added.len() + left_out.len(), files.len());
        }
    }
}
