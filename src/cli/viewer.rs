//! Where the user stands who looks at a run.

use std::path::{Component, Path, PathBuf};

use super::open_run::own;
use super::settings::Settings;
use super::typed::{name, program};
use crate::journal::RunFolder;
use crate::report::{Screen, Viewer};

/// For what is printed to this stream about a run.
pub fn viewer(settings: &Settings, folder: &RunFolder, screen: Screen) -> Viewer {
    let here = std::env::current_dir().unwrap_or_default();
    Viewer {
        program: program(settings),
        run: name(settings, folder),
        is_own: own(settings, folder).is_ok(),
        root: way(&here, &settings.project.root),
        width: width(settings, &screen),
    }
}

/// What is piped is not cut, unless `COLUMNS` says so.
pub fn width(settings: &Settings, screen: &Screen) -> usize {
    if screen.is_terminal() {
        return screen.columns();
    }
    let columns = settings.environment.get(std::ffi::OsStr::new("COLUMNS"));
    let columns = columns.and_then(|columns| columns.to_str()?.parse().ok());
    columns.unwrap_or(usize::MAX)
}

/// The way from one folder to another, with a `/` at its end: nothing if they are the same, and the whole path if
/// they have nothing in common.
fn way(from: &Path, to: &Path) -> String {
    let shared = from
        .components()
        .zip(to.components())
        .take_while(|(one, other)| one == other);
    let shared = shared.count();
    if shared <= 1 {
        return format!("{}/", to.display());
    }
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    let way: PathBuf = up.chain(to.components().skip(shared)).collect();
    match way.as_os_str().is_empty() {
        true => String::new(),
        false => format!("{}/", way.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_is_told_from_where_the_user_stands() {
        let way = |from: &str, to: &str| way(Path::new(from), Path::new(to));
        assert_eq!(way("/home/u/p", "/home/u/p"), "");
        assert_eq!(way("/home/u/p/src/a", "/home/u/p"), "../../");
        assert_eq!(way("/home/u", "/home/u/p"), "p/");
        assert_eq!(way("/home/u/q", "/home/u/p"), "../p/");
        assert_eq!(way("/tmp", "/home/u/p"), "/home/u/p/");
    }
}
