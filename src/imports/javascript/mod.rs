//! JavaScript and TypeScript, alone or within a page.

mod resolve;
mod settings;

use tree_sitter::Node;

use super::Language;
use super::syntax::{Source, Walk, children, quoted};

pub(super) use resolve::resolve;
pub(super) use settings::{Settings, is_settings};

/// What a file imports: static and dynamic imports, exports of other modules, `require`, and files that
/// it names by `new URL(…, import.meta.url)`.
pub(super) fn imports(source: &Source<'_>) -> Vec<String> {
    let mut found = Vec::new();
    source.each(|node| {
        let module = match node.kind() {
            "import_statement" | "export_statement" | "import_require_clause" => {
                node.child_by_field_name("source")
            }
            "call_expression" if loads(source, node) => first_argument(node),
            "new_expression" if names_a_file(source, node) => first_argument(node),
            _ => None,
        };
        let module = module.filter(|module| ["string", "template_string"].contains(&module.kind()));
        found.extend(module.and_then(|module| quoted(source, module)));
        Walk::Into
    });
    found.into_iter().map(str::to_owned).collect()
}

/// What the scripts of a page import, and the files that they are.
pub(super) fn imports_of_scripts(page: &Source<'_>) -> Vec<String> {
    let mut found = Vec::new();
    page.each(|node| match node.kind() {
        "script_element" => {
            let parts: Vec<Node<'_>> = children(node).collect();
            let tags = parts.iter().filter(|part| part.kind() == "start_tag");
            found.extend(tags.filter_map(|tag| file_of_script(page, *tag)));
            let scripts = parts.iter().filter(|part| part.kind() == "raw_text");
            for script in scripts {
                let source = Source::parse(Language::TypeScript, page.bytes(*script));
                found.extend(source.iter().flat_map(imports));
            }
            Walk::Past
        }
        _ => Walk::Into,
    });
    found
}

fn loads(source: &Source<'_>, call: Node<'_>) -> bool {
    call.child_by_field_name("function")
        .is_some_and(|function| match function.kind() {
            "import" => true,
            "identifier" | "member_expression" => {
                ["require", "require.resolve"].contains(&source.text(function))
            }
            _ => false,
        })
}

fn names_a_file(source: &Source<'_>, made: Node<'_>) -> bool {
    let constructor = made.child_by_field_name("constructor");
    let base = arguments(made).nth(1);
    constructor.is_some_and(|constructor| source.text(constructor) == "URL")
        && base.is_some_and(|base| source.text(base) == "import.meta.url")
}

fn first_argument(call: Node<'_>) -> Option<Node<'_>> {
    arguments(call).next()
}

fn arguments<'t>(call: Node<'t>) -> impl Iterator<Item = Node<'t>> {
    let list = call.child_by_field_name("arguments");
    list.into_iter()
        .flat_map(children)
        .filter(|argument| argument.kind() != "comment")
}

/// A script's `src`, which is relative to the page without saying so.
fn file_of_script(page: &Source<'_>, tag: Node<'_>) -> Option<String> {
    let src = children(tag).find_map(|attribute| {
        let mut parts = children(attribute);
        let is_src = parts.next().is_some_and(|name| page.text(name) == "src");
        parts.next().filter(|_| is_src)
    })?;
    let src = page.text(src).trim_matches(['"', '\'']);
    let is_elsewhere = src.starts_with("//") || src.contains(':');
    let is_plain = !src.starts_with(['/', '.']);
    (!is_elsewhere).then(|| match is_plain {
        true => format!("./{src}"),
        false => src.to_owned(),
    })
}
