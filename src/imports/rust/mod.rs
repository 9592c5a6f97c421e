//! Rust.

mod resolve;

use tree_sitter::Node;

use super::syntax::{LONGEST, Source, Walk, children, quoted};

pub(super) use resolve::{Settings, is_settings, resolve};

/// Macros that take in another file, relative to their own.
const INCLUDES: [&str; 3] = ["include", "include_bytes", "include_str"];

/// What a file imports: modules that it declares, what it uses, and paths that it names in full; each as
/// a path seen from the file's own module. Files are named with `./` in front.
pub(super) fn imports(source: &Source<'_>) -> Vec<String> {
    let mut reader = Reader {
        source,
        within: Vec::new(),
        path: None,
        found: Vec::new(),
    };
    source.each(|node| reader.visit(node));
    reader.found
}

struct Reader<'s, 'a> {
    source: &'s Source<'a>,
    /// The modules with a body that the place is in, each with its end.
    within: Vec<(usize, &'a str)>,
    /// What `#[path = "…"]` said right before.
    path: Option<&'a str>,
    found: Vec<String>,
}

impl<'a> Reader<'_, 'a> {
    fn visit(&mut self, node: Node<'_>) -> Walk {
        let start = node.start_byte();
        while self.within.pop_if(|(end, _)| *end <= start).is_some() {}
        if ["attribute_item", "line_comment", "block_comment"].contains(&node.kind()) {
            self.path = children(node)
                .find_map(|attribute| path_of(self.source, attribute))
                .or(self.path);
            return Walk::Past;
        }
        let path = self.path.take();
        match node.kind() {
            "mod_item" => self.module(node, path),
            "use_declaration" => {
                let used = node.child_by_field_name("argument");
                let paths = used.map(|used| self.used(used)).unwrap_or_default();
                paths.iter().for_each(|path| self.take(path));
                return Walk::Past;
            }
            "extern_crate_declaration" => {
                let name = node.child_by_field_name("name");
                self.found
                    .extend(name.map(|name| self.source.text(name).to_owned()));
            }
            "scoped_identifier" | "scoped_type_identifier" => return self.named(node),
            "macro_invocation" => self.included(node),
            // `pub(in crate::a)` takes nothing in.
            "visibility_modifier" => return Walk::Past,
            _ => {}
        }
        Walk::Into
    }

    /// `mod x;` imports a file, `mod x { … }` is a place.
    fn module(&mut self, node: Node<'_>, path: Option<&str>) {
        let Some(name) = node.child_by_field_name("name") else {
            return;
        };
        let name = self.source.text(name);
        if node.child_by_field_name("body").is_some() {
            self.within.push((node.end_byte(), name));
        } else if let Some(path) = path {
            self.found.push(format!("./{path}"));
        } else {
            self.take(&format!("self::{name}"));
        }
    }

    /// A path in full, like `crate::a::b()`. In one with types in it (`a::<b::C>::d`) the types are looked
    /// at.
    fn named(&mut self, node: Node<'_>) -> Walk {
        let is_plain = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
        let name = self.source.name(node);
        let Some(text) = name.filter(|name| name.chars().all(is_plain)) else {
            return Walk::Into;
        };
        // A name with a capital is a type's, whose own path is elsewhere.
        if !text.starts_with(char::is_uppercase) {
            self.take(&text);
        }
        Walk::Past
    }

    fn included(&mut self, node: Node<'_>) {
        let name = node.child_by_field_name("macro");
        let includes = name.is_some_and(|name| INCLUDES.contains(&self.source.text(name)));
        let mut tokens = children(node).filter(|part| includes && part.kind() == "token_tree");
        let first = tokens.next().and_then(|tokens| children(tokens).next());
        let path = first.filter(|first| first.kind() == "string_literal");
        let path = path.and_then(|path| quoted(self.source, path));
        self.found.extend(path.map(|path| format!("./{path}")));
    }

    /// Every path of a `use`, its braces worked out.
    fn used(&self, tree: Node<'_>) -> Vec<String> {
        let mut found = Vec::new();
        let mut open = vec![(tree, String::new())];
        while let Some((node, prefix)) = open.pop() {
            let whole = |part: Option<Node<'_>>| {
                let whole = format!("{prefix}{}", self.source.name(part?)?);
                (whole.len() <= LONGEST).then_some(whole)
            };
            match node.kind() {
                "use_list" => {
                    let parts: Vec<Node<'_>> = children(node).collect();
                    open.extend(parts.into_iter().rev().map(|part| (part, prefix.clone())));
                }
                "scoped_use_list" => {
                    let list = node.child_by_field_name("list");
                    let before = match node.child_by_field_name("path") {
                        None => Some(String::new()),
                        path => whole(path),
                    };
                    let below = list.zip(before);
                    open.extend(below.map(|(list, before)| (list, format!("{before}::"))));
                }
                "use_as_clause" => found.extend(whole(node.child_by_field_name("path"))),
                "use_wildcard" => found.extend(whole(node.named_child(0))),
                "self" if !prefix.is_empty() => {
                    found.push(prefix.trim_end_matches(':').to_owned());
                }
                _ => found.extend(whole(Some(node))),
            }
        }
        found
    }

    /// Keeps a path, seen from the file's own module.
    fn take(&mut self, path: &str) {
        let first = path.split("::").next().unwrap_or_default();
        let mut whole = String::new();
        if ["self", "super"].contains(&first) && !self.within.is_empty() {
            whole.push_str("self::");
            for (_, name) in &self.within {
                whole.push_str(name);
                whole.push_str("::");
                if whole.len() > LONGEST {
                    return;
                }
            }
        }
        self.found.push(whole + path);
    }
}

/// The file that an attribute gives a module, if it is `path = "…"`.
fn path_of<'a>(source: &Source<'a>, attribute: Node<'_>) -> Option<&'a str> {
    let name = attribute.named_child(0)?;
    let value = attribute.child_by_field_name("value")?;
    let is_path = source.text(name) == "path";
    is_path.then(|| quoted(source, value)).flatten()
}
