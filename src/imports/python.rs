//! Python.

use tree_sitter::Node;

use super::paths::{Paths, folder_of, join, upwards};
use super::syntax::{Source, Walk, children, quoted};

/// How a module that is imported by a call is called for.
const LOADERS: [&str; 3] = ["import_module", "importlib.import_module", "__import__"];

/// What a file imports: modules as they are written, with what is taken from them as their last part,
/// since that may be a module too.
pub(super) fn imports(source: &Source<'_>) -> Vec<String> {
    let mut found = Vec::new();
    source.each(|node| {
        match node.kind() {
            "import_statement" => found.extend(names(source, node)),
            "import_from_statement" => found.extend(taken(source, node)),
            "call" => found.extend(loaded(source, node)),
            _ => {}
        }
        Walk::Into
    });
    found
}

/// The names behind `import`, without their aliases.
fn names(source: &Source<'_>, statement: Node<'_>) -> Vec<String> {
    let mut cursor = statement.walk();
    let names = statement.children_by_field_name("name", &mut cursor);
    let names = names.filter_map(|name| match name.kind() {
        "aliased_import" => name.child_by_field_name("name"),
        _ => Some(name),
    });
    names.filter_map(|name| source.name(name)).collect()
}

/// `from MODULE import NAME, …`: `MODULE.NAME` of each, or `MODULE` if it is all of it.
fn taken(source: &Source<'_>, statement: Node<'_>) -> Vec<String> {
    let module = statement.child_by_field_name("module_name");
    let Some(module) = module.and_then(|module| source.name(module)) else {
        return Vec::new();
    };
    let names = names(source, statement);
    if names.is_empty() {
        return vec![module];
    }
    let between = if module.ends_with('.') { "" } else { "." };
    let of_module = |name| format!("{module}{between}{name}");
    names.into_iter().map(of_module).collect()
}

fn loaded(source: &Source<'_>, call: Node<'_>) -> Option<String> {
    let function = call.child_by_field_name("function")?;
    let argument = children(call.child_by_field_name("arguments")?).next()?;
    let is_module = LOADERS.contains(&source.text(function)) && argument.kind() == "string";
    let module = is_module.then(|| quoted(source, argument)).flatten()?;
    Some(module.to_owned())
}

/// The file that is meant, if it is one of the project.
pub(super) fn resolve(paths: &Paths, from: &str, import: &str) -> Option<String> {
    let names = import.trim_start_matches('.');
    let dots = import.len() - names.len();
    let names: Vec<&str> = names.split('.').filter(|name| !name.is_empty()).collect();
    if let Some(climbed) = dots.checked_sub(1) {
        let package = upwards(folder_of(from)).nth(climbed)?;
        return longest(paths, package, &names, 0);
    }
    let mut roots = roots(paths, from).into_iter();
    roots.find_map(|root| longest(paths, &root, &names, 1))
}

/// Where modules may lie: the folders above a file that are no packages, the nearest first, each with its
/// `src`.
fn roots(paths: &Paths, from: &str) -> Vec<String> {
    let is_package = |folder: &str| {
        let marker = join(folder, "__init__.py");
        marker.is_some_and(|marker| paths.has(&marker))
    };
    upwards(folder_of(from))
        .filter(|folder| !is_package(folder))
        .flat_map(|folder| [Some(folder.to_owned()), join(folder, "src")])
        .flatten()
        .collect()
}

/// The file of as many of the names as lead to one: the last may be what is in it.
fn longest(paths: &Paths, folder: &str, names: &[&str], least: usize) -> Option<String> {
    (least..=names.len()).rev().find_map(|count| {
        let path = join(folder, &names[..count].join("/"))?;
        let packages = [join(&path, "__init__.py"), join(&path, "__init__.pyi")];
        let modules = [format!("{path}.py"), format!("{path}.pyi")].map(Some);
        let candidates = modules.into_iter().chain(packages).flatten();
        candidates.into_iter().find_map(|path| paths.found(path))
    })
}
