//! What the tests that one candidate wrote say of the others.

use crate::model::{Label, PhaseName, TreeId, Verification};

use super::{Candidate, RunState};

/// A command that was run on a candidate's code with another one's test files.
#[derive(Debug, Clone, PartialEq)]
pub struct Crossed {
    pub phase: PhaseName,
    pub tree: TreeId,
    /// The tree that the test files are from.
    pub tests_of: TreeId,
    pub verification: Verification,
}

/// One author's test files with the others' code.
#[derive(Debug, Clone, PartialEq)]
pub struct CrossTests<'a> {
    /// The candidate that wrote them; nobody of those that the project had before.
    pub author: Option<&'a Label>,
    /// Whose code they ran with, and the command that failed then.
    pub results: Vec<(&'a Label, Option<&'a Verification>)>,
    /// Whether they prove anything: what no other author's code passes may fit its own author's code alone.
    pub count: bool,
}

impl CrossTests<'_> {
    /// The command that a candidate fails with them, if they count.
    pub fn failed_by(&self, label: &Label) -> Option<&Verification> {
        let own = self.results.iter().find(|(of, _)| *of == label);
        own.filter(|_| self.count)?.1
    }
}

impl RunState {
    /// What a command said of a candidate's code with the test files of another tree.
    pub fn crossed<'a>(
        &'a self,
        phase: &'a PhaseName,
        tree: &'a TreeId,
        tests_of: &'a TreeId,
    ) -> impl Iterator<Item = &'a Verification> {
        let all = self.crossed.iter().filter(move |one| {
            &one.phase == phase && &one.tree == tree && &one.tests_of == tests_of
        });
        all.map(|one| &one.verification)
    }

    /// The tests of the project and of each candidate that is left, as far as they ran with others' code.
    pub fn cross_tests<'a>(&'a self, phase: &'a PhaseName) -> Vec<CrossTests<'a>> {
        let Some(round) = self.phase(phase).and_then(|state| state.begun()) else {
            return Vec::new();
        };
        let mut left = self.candidates(phase);
        left.retain(|one| one.out.is_none());
        let own = left.iter().map(|one| (Some(one.label), &one.changes.tree));
        let authors = std::iter::once((None, &round.ground)).chain(own);
        let rows = authors.filter_map(|(author, tests_of)| {
            let of = |tree| self.crossed(phase, tree, tests_of);
            left.iter()
                .any(|one| of(&one.changes.tree).next().is_some())
                .then(|| {
                    let others = left.iter().filter(|one| Some(one.label) != author);
                    let ran = others.filter_map(|one| {
                        let mut ran = of(&one.changes.tree).peekable();
                        // Who left the project's tests as they were has passed them with all else.
                        (ran.peek().is_some() || author.is_none())
                            .then(|| (one, ran.find(|result| result.is_bad())))
                    });
                    let ran: Vec<_> = ran.collect();
                    // What is made of a winner changes nothing about what it was chosen by.
                    let passes = |(one, failed): &(&Candidate<'_>, Option<_>)| {
                        one.made_of.is_none() && failed.is_none()
                    };
                    CrossTests {
                        author,
                        count: author.is_none() || ran.iter().any(passes),
                        results: ran
                            .iter()
                            .map(|(one, failed)| (one.label, *failed))
                            .collect(),
                    }
                })
        });
        rows.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Artifact, Millis, VerifyOutcome};

    #[test]
    fn tests_that_prove_nothing_count_against_nobody() {
        let labels = ["A", "B"].map(Label::from);
        let failed = Verification {
            command: "npm test".to_owned(),
            outcome: VerifyOutcome::Failed,
            exit: Some(1),
            wall: Millis(1),
            output: Artifact {
                path: "verify.txt".to_owned(),
                digest: "d".into(),
                bytes: 0,
            },
        };
        let tests = |count| CrossTests {
            author: Some(&labels[0]),
            results: vec![(&labels[1], Some(&failed))],
            count,
        };
        assert_eq!(tests(false).failed_by(&labels[1]), None);
        assert_eq!(tests(true).failed_by(&labels[1]), Some(&failed));
        assert_eq!(tests(true).failed_by(&labels[0]), None);
    }
}
