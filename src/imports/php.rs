//! PHP.

use std::collections::BTreeMap;

use serde_json::Value;
use tree_sitter::Node;

use super::paths::{Paths, folder_of, join, name_of, upwards};
use super::syntax::{Source, Walk, children, quoted};

/// Prefixes of namespaces and the folders of their classes (PSR-4), the longest prefix first.
#[derive(Debug, Clone, Default)]
pub(super) struct Settings(Vec<(String, String)>);

/// Whether a file is read by [`Settings::read`].
pub(super) fn is_settings(path: &str) -> bool {
    name_of(path) == "composer.json"
}

impl Settings {
    /// Reads the `composer.json` files among these. What is no JSON says nothing.
    pub(super) fn read(files: &BTreeMap<String, Vec<u8>>) -> Self {
        let mut found = Vec::new();
        for (path, bytes) in files.iter().filter(|(path, _)| is_settings(path)) {
            let value: Value = serde_json::from_slice(bytes).unwrap_or_default();
            for key in ["autoload", "autoload-dev"] {
                let prefixes = value[key]["psr-4"].as_object().into_iter().flatten();
                for (prefix, folders) in prefixes {
                    let one = std::slice::from_ref(folders);
                    let folders = folders.as_array().map_or(one, Vec::as_slice);
                    let folders = folders.iter().filter_map(Value::as_str);
                    let folders = folders.filter_map(|folder| join(folder_of(path), folder));
                    found.extend(folders.map(|folder| (prefix.clone(), folder)));
                }
            }
        }
        found.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
        Self(found)
    }
}

/// What a file imports: names of classes, each with a `\` in front; and paths of included files, with
/// `./` in front if they are relative to the file for sure.
pub(super) fn imports(source: &Source<'_>) -> Vec<String> {
    let mut names = Names::default();
    let mut found = Vec::new();
    source.each(|node| {
        match node.kind() {
            "namespace_definition" => {
                let name = node.child_by_field_name("name");
                let name = name.and_then(|name| source.name(name));
                names.namespace = name.unwrap_or_default();
            }
            "namespace_use_declaration" => {
                let used = used(source, node);
                found.extend(used.iter().map(|(_, class)| format!("\\{class}")));
                names.used.extend(used);
                return Walk::Past;
            }
            "include_expression"
            | "include_once_expression"
            | "require_expression"
            | "require_once_expression" => {
                found.extend(node.named_child(0).and_then(|path| included(source, path)));
            }
            _ => {
                let classes = classes(source, node).into_iter();
                let written = classes.filter_map(|class| source.name(class));
                found.extend(written.map(|class| format!("\\{}", names.whole(&class))));
            }
        }
        Walk::Into
    });
    found
}

/// What names mean at a place of a file.
#[derive(Default)]
struct Names {
    namespace: String,
    /// Classes and namespaces, by the names that `use` gives them.
    used: BTreeMap<String, String>,
}

impl Names {
    /// The whole name of a class, without a `\` in front.
    fn whole(&self, name: &str) -> String {
        if let Some(whole) = name.strip_prefix('\\') {
            return whole.to_owned();
        }
        let (first, rest) = name.split_at(name.find('\\').unwrap_or(name.len()));
        match self.used.get(first) {
            Some(used) => format!("{used}{rest}"),
            None if self.namespace.is_empty() => name.to_owned(),
            None => format!("{}\\{name}", self.namespace),
        }
    }
}

/// What a `use` brings in: the names it gives, and what they stand for.
fn used(source: &Source<'_>, declaration: Node<'_>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut prefix = String::new();
    for part in children(declaration) {
        match part.kind() {
            "namespace_name" => match source.name(part) {
                Some(name) => prefix = format!("{name}\\"),
                None => return found,
            },
            "namespace_use_group" => {
                let clauses = children(part);
                found.extend(clauses.filter_map(|clause| used_by(source, clause, &prefix)));
            }
            _ => found.extend(used_by(source, part, "")),
        }
    }
    found
}

fn used_by(source: &Source<'_>, clause: Node<'_>, prefix: &str) -> Option<(String, String)> {
    let name = children(clause).find(|part| ["name", "qualified_name"].contains(&part.kind()))?;
    let name = source.name(name)?;
    let whole = format!("{prefix}{}", name.trim_start_matches('\\'));
    let alias = clause.child_by_field_name("alias");
    let alias = alias.and_then(|alias| source.name(alias));
    let last = whole.rsplit('\\').next().unwrap_or_default().to_owned();
    Some((alias.unwrap_or(last), whole))
}

/// The names in a node that only a class can have.
fn classes<'t>(source: &Source<'_>, node: Node<'t>) -> Vec<Node<'t>> {
    let first = || node.named_child(0);
    let field = |name| node.child_by_field_name(name);
    let places: Vec<Node<'t>> = match node.kind() {
        "base_clause" | "class_interface_clause" | "use_declaration" | "named_type" => {
            children(node).collect()
        }
        "attribute" | "object_creation_expression" | "class_constant_access_expression" => {
            first().into_iter().collect()
        }
        "scoped_call_expression" | "scoped_property_access_expression" => {
            field("scope").into_iter().collect()
        }
        "binary_expression" => {
            let compares = field("operator").is_some_and(|sign| source.text(sign) == "instanceof");
            field("right").filter(|_| compares).into_iter().collect()
        }
        _ => Vec::new(),
    };
    let names = places.into_iter();
    names
        .filter(|place| ["name", "qualified_name"].contains(&place.kind()))
        .collect()
}

/// The path of an included file. What cannot be known of it (a constant, a variable) is taken for the
/// project's folder.
fn included(source: &Source<'_>, mut path: Node<'_>) -> Option<String> {
    while path.kind() == "parenthesized_expression" {
        path = path.named_child(0)?;
    }
    match path.kind() {
        "string" | "encapsed_string" => quoted(source, path).map(str::to_owned),
        "binary_expression" => {
            let right = quoted(source, path.child_by_field_name("right")?)?;
            let base = folder_in(source, path.child_by_field_name("left")?);
            let right = right.trim_start_matches('/');
            Some(base.map_or_else(|| right.to_owned(), |base| format!("{base}{right}")))
        }
        _ => None,
    }
}

/// `__DIR__` and folders above it, relative to the file.
fn folder_in(source: &Source<'_>, base: Node<'_>) -> Option<String> {
    let text = source.name(base)?;
    let mut climbed = 0;
    let mut rest = text.as_str();
    while let Some(inner) = rest.strip_prefix("dirname(") {
        let inner = inner.strip_suffix(')')?;
        let (inner, levels) = match inner.rsplit_once(',') {
            Some((inner, levels)) => (inner, levels.parse().ok().filter(|levels| *levels < 64)?),
            None => (inner, 1),
        };
        climbed += levels;
        rest = inner;
    }
    let above = match rest {
        "__DIR__" => climbed,
        "__FILE__" => usize::checked_sub(climbed, 1)?,
        _ => return None,
    };
    Some(format!("./{}", "../".repeat(above)))
}

/// The file that is meant, if it is one of the project.
pub(super) fn resolve(
    paths: &Paths,
    settings: &Settings,
    from: &str,
    import: &str,
) -> Option<String> {
    if let Some(class) = import.strip_prefix('\\') {
        return file_of_class(paths, settings, class);
    }
    let folder = folder_of(from);
    let here = join(folder, import).and_then(|path| paths.found(path));
    if import.starts_with("./") {
        return here;
    }
    let above = upwards(folder).skip(1);
    let mut above = above.filter_map(|folder| paths.found(join(folder, import)?));
    here.or_else(|| above.next())
}

fn file_of_class(paths: &Paths, settings: &Settings, class: &str) -> Option<String> {
    let candidates = settings.0.iter().filter_map(|(prefix, folder)| {
        let below = class.strip_prefix(prefix.as_str())?;
        join(folder, &format!("{}.php", below.replace('\\', "/")))
    });
    candidates.into_iter().find_map(|path| paths.found(path))
}
