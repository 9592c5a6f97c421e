//! "Did you mean …?"

/// The candidate that a word was probably meant to be, if one is near enough.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let lower = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&lower, &candidate.to_lowercase());
            (distance, candidate)
        })
        .filter(|(distance, candidate)| {
            // A third of the letters may be wrong; of a short word one, if it has another one.
            let letters = word.chars().count().max(candidate.chars().count());
            *distance < letters && *distance <= (letters / 3).max(1)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The hint for a word that is none of the candidates: the nearest one, otherwise all of them if they
/// are few, otherwise nothing.
pub fn did_you_mean<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<String> {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    if let Some(candidate) = nearest(word, candidates.iter().copied()) {
        return Some(format!("did you mean `{candidate}`?"));
    }
    (1..=24)
        .contains(&candidates.len())
        .then(|| format!("known are {}", quoted_list(candidates)))
}

/// "`a`, `b`, `c`".
pub fn quoted_list<'c>(words: impl IntoIterator<Item = &'c str>) -> String {
    let quoted: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_word() {
        let names = ["workshop", "plan", "decompose"];
        assert_eq!(nearest("wrokshop", names), Some("workshop"));
        assert_eq!(nearest("Plan", names), Some("plan"));
        assert_eq!(nearest("banana", names), None);
        assert_eq!(nearest("g", ["a", "gh"]), Some("gh"));
        assert_eq!(
            did_you_mean("banana", names).as_deref(),
            Some("known are `workshop`, `plan`, `decompose`")
        );
        assert_eq!(did_you_mean("banana", []), None);
    }
}
