//! Names for new runs.

use std::hash::{BuildHasher, RandomState};

use crate::model::{RunId, Timestamp};

/// At most this many characters of the workflow's name.
const MAX_WORKFLOW: usize = 24;

/// A new run's name from the time (in UTC), the workflow's name and four random digits, for example
/// `20261122-154501-plan-3f2a`. Names sort by time; they are fit for a folder's name.
pub fn new_run_id(at: Timestamp, workflow: &str) -> RunId {
    let random = RandomState::new().hash_one(at.0) & 0xffff;
    RunId::new(format!("{}-{}-{random:04x}", time(at), slug(workflow)))
}

/// Whether a run's name is one of this workflow's; that of another one may be as well.
pub fn is_of(run: &RunId, workflow: &str) -> bool {
    run.as_str().contains(&format!("-{}-", slug(workflow)))
}

fn time(at: Timestamp) -> String {
    at.instant().strftime("%Y%m%d-%H%M%S").to_string()
}

fn slug(text: &str) -> String {
    let mut slug = String::new();
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() == MAX_WORKFLOW {
            break;
        }
    }
    match slug.trim_end_matches('-') {
        "" => "run".to_owned(),
        slug => slug.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_time_workflow_and_chance() {
        let id = new_run_id(Timestamp(1_795_362_301_000), "Feature Build/../x");
        let text = id.as_str();
        assert!(
            text.starts_with("20261122-154501-feature-build-x-"),
            "{text}"
        );
        let random = text.rsplit('-').next().expect("a name has parts");
        assert_eq!(random.len(), 4);
    }

    #[test]
    fn is_a_folder_name_for_any_workflow() {
        for workflow in ["", "…", "////", &"long ".repeat(100)] {
            let id = new_run_id(Timestamp(u64::MAX), workflow);
            assert!(id.as_str().len() < 60);
            assert!(!id.as_str().contains(['/', ' ']));
        }
    }
}
