//! What the run has to deliver, and what became of it.

use std::collections::BTreeSet;

use super::{Delivery, History};

use crate::model::{Documents, Results};

impl History {
    /// What the run has to deliver, as far as it is.
    pub fn results(&self) -> Results {
        Results {
            tree: self.tree().to_owned(),
            documents: self.documents.clone(),
        }
    }

    /// What the user's working tree holds of the run.
    pub fn in_project(&self) -> &Results {
        &self.in_project
    }

    /// Documents in the project whose text is a person's: nobody but that person takes them away.
    pub fn of_persons(&self) -> &BTreeSet<String> {
        &self.of_persons
    }

    /// No results yet.
    pub fn before(&self) -> Results {
        Results {
            tree: self.base.clone(),
            documents: Documents::new(),
        }
    }

    /// What became of the results as they are now.
    pub fn delivered(&self) -> Option<&Delivery> {
        let (results, how) = self.delivered.as_ref()?;
        (*results == self.results()).then_some(how)
    }
}
