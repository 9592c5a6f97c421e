//! Which specialist's tasks a decomposition may hold.

use serde::{Deserialize, Serialize};

/// Which categories the tasks of a decomposition may have.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Categories {
    /// Those that the workflow names, beside `default`; if there are none, any may be.
    #[serde(rename = "categories")]
    pub named: Vec<String>,
    #[serde(default)]
    pub others: OtherCategories,
}

/// Categories that the workflow does not name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OtherCategories {
    /// The names of these roles: a role takes the tasks of the category of its name.
    Roles(Vec<String>),
    /// Any: the workflow's `default` takes what it does not name.
    Any,
}

impl Default for OtherCategories {
    fn default() -> Self {
        Self::Roles(Vec::new())
    }
}

impl Categories {
    /// Whether a task may have this category.
    pub fn allow(&self, category: &str) -> bool {
        let any = self.named.is_empty() || self.others == OtherCategories::Any;
        any || self.listed().any(|known| known == category)
    }

    /// The category as it is written in the workflow, if it is known but for the case of its letters.
    pub fn find(&self, category: &str) -> Option<&String> {
        let category = category.trim();
        self.listed()
            .find(|known| known.eq_ignore_ascii_case(category))
    }

    fn listed(&self) -> impl Iterator<Item = &String> {
        let roles = match &self.others {
            OtherCategories::Roles(roles) => roles.as_slice(),
            OtherCategories::Any => &[],
        };
        self.named.iter().chain(roles)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn categories(others: OtherCategories) -> Categories {
        let named = vec!["backend".to_owned(), "ui".to_owned()];
        Categories { named, others }
    }

    #[test]
    fn a_default_takes_anything_and_roles_take_their_names() {
        let strict = categories(OtherCategories::default());
        assert!(strict.allow("ui") && !strict.allow("docs"));
        let roles = categories(OtherCategories::Roles(vec!["docs".to_owned()]));
        assert!(roles.allow("docs") && !roles.allow("gardening"));
        assert!(categories(OtherCategories::Any).allow("gardening"));
        assert!(Categories::default().allow("gardening"));
        assert_eq!(strict.find(" Backend"), Some(&"backend".to_owned()));
        assert_eq!(roles.find("DOCS"), Some(&"docs".to_owned()));
    }

    #[test]
    fn a_list_of_an_older_run_means_what_it_meant() {
        let old: Categories = serde_json::from_str(r#"{"categories": ["ui"]}"#).expect("valid");
        assert!(old.allow("ui") && !old.allow("docs"));
    }
}
