//! Where programs are looked for.

use std::collections::BTreeMap;
use std::env::{join_paths, split_paths};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// The absolute folders of a `PATH`. The others (`.`, `node_modules/.bin`, an empty one) would be looked up in the
/// folder of whatever project is at hand, which could bring its own `git` along.
pub fn absolute_search_path(path: &OsStr) -> OsString {
    let folders = split_paths(path).filter(|folder| folder.is_absolute());
    // What was split at colons has none left.
    join_paths(folders).unwrap_or_default()
}

/// The folder that an XDG variable names, without it the one below the home; a relative one counts for none.
pub fn xdg_folder(
    environment: &BTreeMap<OsString, OsString>,
    variable: &str,
    below_home: &str,
) -> Option<PathBuf> {
    let folder = |name: &str| {
        let value = environment.get(OsStr::new(name))?;
        Some(PathBuf::from(value)).filter(|path| path.is_absolute())
    };
    folder(variable).or_else(|| Some(folder("HOME")?.join(below_home)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_folders_are_left_out() {
        let path = absolute_search_path(OsStr::new(".::/bin:node_modules/.bin:/usr/bin:"));
        assert_eq!(path, "/bin:/usr/bin");
    }
}
