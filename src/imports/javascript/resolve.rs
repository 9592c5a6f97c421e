//! Where an import of JavaScript leads.

use super::super::paths::{Paths, folder_of, join, upwards};
use super::settings::Settings;

/// Endings that may be left out, and the order in which they are tried.
const ENDINGS: [&str; 12] = [
    "ts", "tsx", "js", "jsx", "mts", "mjs", "cts", "cjs", "vue", "svelte", "json", "d.ts",
];

/// What TypeScript is written as, where the import names what it is compiled to.
const SOURCES: [(&str, [&str; 3]); 4] = [
    (".js", ["ts", "tsx", "d.ts"]),
    (".jsx", ["tsx", "ts", "d.ts"]),
    (".mjs", ["mts", "ts", "d.mts"]),
    (".cjs", ["cts", "ts", "d.cts"]),
];

/// The file that is meant, if it is one of the project.
pub(in crate::imports) fn resolve(
    paths: &Paths,
    settings: &Settings,
    from: &str,
    import: &str,
) -> Option<String> {
    let folder = folder_of(from);
    // Bundlers take a question behind a name for an order to themselves.
    let import = import.split('?').next().unwrap_or(import);
    if import.starts_with("./") || import.starts_with("../") || [".", ".."].contains(&import) {
        return module(paths, &join(folder, import)?);
    }
    if let Some(below) = import.strip_prefix('/') {
        // What is served as the root is the page's folder or one above it.
        let mut roots = upwards(folder);
        return roots.find_map(|root| module(paths, &join(root, below)?));
    }
    let candidates = settings.candidates(folder, import).into_iter();
    candidates
        .chain(by_custom(settings, folder, import))
        .find_map(|candidate| module(paths, &candidate))
}

/// `@/…` and `~/…` are no names of packages; by custom they mean the sources.
fn by_custom(settings: &Settings, folder: &str, import: &str) -> Vec<String> {
    let below = import.strip_prefix("@/").or(import.strip_prefix("~/"));
    let Some(below) = below else {
        return Vec::new();
    };
    let package = settings.package_above(folder).unwrap_or_default();
    let places = [format!("src/{below}"), below.to_owned()];
    let joined = places.iter().filter_map(|place| join(package, place));
    joined.collect()
}

/// The file of a module whose path may lack an ending, or be that of its folder.
fn module(paths: &Paths, path: &str) -> Option<String> {
    let ended = ENDINGS.iter().map(|ending| format!("{path}.{ending}"));
    let index = |ending| join(path, &format!("index.{ending}"));
    std::iter::once(path.to_owned())
        .chain(ended)
        .chain(sources(path))
        .chain(ENDINGS.iter().filter_map(index))
        .find_map(|candidate| paths.found(candidate))
}

fn sources(path: &str) -> impl Iterator<Item = String> {
    let of_ending = |(ending, sources): &'static (&str, [&str; 3])| {
        let stem = path.strip_suffix(ending)?;
        Some(sources.map(|source| format!("{stem}.{source}")))
    };
    SOURCES.iter().filter_map(of_ending).flatten()
}
