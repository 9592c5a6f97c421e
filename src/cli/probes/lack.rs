//! What is missing, and what mends it.

use std::fmt;

/// Something that a model or a whole run lacks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lack {
    pub what: What,
    /// As a fragment.
    pub problem: String,
    /// What to do about it, as a fragment.
    pub remedy: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// Of the machine itself.
    Machine,
    Program,
    /// Nobody is signed in at its provider.
    SignIn,
    /// Its agent does not know it.
    Model,
    /// The results could not go where they are to go.
    Destination,
}

impl Lack {
    pub fn new(what: What, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            what,
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.problem, self.remedy)
    }
}
