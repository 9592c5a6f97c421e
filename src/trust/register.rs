//! Which orders of which project the user has agreed to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::state_folder::write_private;
use super::{Order, TrustError};
use crate::files::{self, if_there};

/// What the user has agreed to of one project.
#[derive(Debug)]
pub struct Register {
    file: PathBuf,
    agreed: Agreed,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Agreed {
    project: PathBuf,
    /// All lines of each order, by its file.
    orders: BTreeMap<String, Vec<String>>,
}

impl Register {
    /// Reads what is kept about the project at this place: canonical, so that no link is another project.
    ///
    /// # Errors
    /// It cannot be read. What is damaged counts as nothing: the user is asked again.
    pub fn open(state_folder: &Path, project: &Path) -> Result<Self, TrustError> {
        let name = blake3::hash(project.as_os_str().as_encoded_bytes()).to_hex();
        let file = state_folder.join(format!("trusted/{}.json", &name.as_str()[..32]));
        let read = if_there(files::read(&file, files::RECORD));
        let known = read.map_err(TrustError::io("read", &file))?;
        let known = known.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let mut agreed: Agreed = known.unwrap_or_default();
        if agreed.project != project {
            agreed = Agreed {
                project: project.to_owned(),
                orders: BTreeMap::new(),
            };
        }
        Ok(Self { file, agreed })
    }

    /// Whether the user has agreed to exactly this.
    pub fn knows(&self, order: &Order) -> bool {
        self.before(order)
            .is_some_and(|known| *known == order.lines())
    }

    /// The lines of this file that the user has agreed to.
    pub fn before(&self, order: &Order) -> Option<&[String]> {
        self.agreed.orders.get(&order.path).map(Vec::as_slice)
    }

    /// Keeps that the user agrees to these as well.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn agree(&mut self, orders: &[&Order]) -> Result<(), TrustError> {
        let lines = orders
            .iter()
            .map(|order| (order.path.clone(), order.lines()));
        self.agreed.orders.extend(lines);
        self.write()
    }

    /// Forgets all of the project.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn revoke(&mut self) -> Result<(), TrustError> {
        self.agreed.orders.clear();
        self.write()
    }

    fn write(&self) -> Result<(), TrustError> {
        let json = serde_json::to_vec_pretty(&self.agreed).unwrap_or_default();
        write_private(&self.file, &json)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::trust::order::{By, Fact};

    fn order(facts: &[&str], text: &str) -> Order {
        let fact = |says: &&str| Fact {
            says: (*says).to_owned(),
            by: By::All,
        };
        Order {
            path: "a file".to_owned(),
            facts: facts.iter().map(fact).collect(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn agreement_is_to_exactly_this_of_this_project() {
        let temp = tempfile::tempdir().unwrap();
        let open = |project: &str| Register::open(temp.path(), Path::new(project)).unwrap();
        let agreed = order(&["one"], "text");
        open("/a").agree(&[&agreed]).unwrap();
        assert!(open("/a").knows(&agreed));
        assert!(!open("/b").knows(&agreed));
        for other in [
            order(&["one", ""], "text"),
            order(&["one"], "text "),
            order(&["one"], ""),
        ] {
            assert!(!open("/a").knows(&other), "{other:?}");
            assert!(open("/a").before(&other).is_some());
        }
        open("/a").revoke().unwrap();
        assert!(!open("/a").knows(&agreed));
    }

    #[test]
    fn damaged_or_foreign_entry_counts_as_nothing() {
        let temp = tempfile::tempdir().unwrap();
        let open = |project: &str| Register::open(temp.path(), Path::new(project)).unwrap();
        let agreed = order(&["one"], "text");
        open("/a").agree(&[&agreed]).unwrap();
        let (a, b) = (open("/a").file, open("/b").file);
        std::fs::copy(&a, b).unwrap();
        assert!(!open("/b").knows(&agreed));
        std::fs::write(a, "{").unwrap();
        assert!(!open("/a").knows(&agreed));
    }

    #[test]
    fn change_is_shown_by_its_lines() {
        let before = order(&["one", "two"], "same\nold\n").lines();
        let now = order(&["one", "three"], "same\nnew\n");
        let shown = now.render(Some(&before));
        let lines: Vec<&str> = shown.lines().skip(1).map(str::trim).collect();
        assert_eq!(lines, ["- two", "- old", "+ three", "+ new"]);
    }
}
