//! A file as its parser sees it.

use tree_sitter::{Node, Parser};

use super::Language;

/// A longer import is none, in bytes. Without an end to it, a file made for the purpose could have names
/// whose combinations fill the memory.
pub(super) const LONGEST: usize = 512;

pub(super) struct Source<'a> {
    bytes: &'a [u8],
    tree: tree_sitter::Tree,
}

/// Where to go on after a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Walk {
    Into,
    Past,
}

impl<'a> Source<'a> {
    /// Parses a file. Mistakes in it become nodes of their own, what is around them is found.
    pub(super) fn parse(language: Language, bytes: &'a [u8]) -> Option<Self> {
        let mut parser = Parser::new();
        parser
            .set_language(&language.grammar())
            .expect("the grammars are of the parser's own time");
        let tree = parser.parse(bytes, None)?;
        Some(Self { bytes, tree })
    }

    /// Shows every node, each before what is below it. Needs no stack, however deep the file.
    pub(super) fn each<'t>(&'t self, mut visit: impl FnMut(Node<'t>) -> Walk) {
        let mut cursor = self.tree.walk();
        loop {
            if visit(cursor.node()) == Walk::Into && cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return;
                }
            }
        }
    }

    pub(super) fn bytes(&self, node: Node<'_>) -> &'a [u8] {
        self.bytes.get(node.byte_range()).unwrap_or_default()
    }

    /// A node's text; empty if it is none, or longer than any import.
    pub(super) fn text(&self, node: Node<'_>) -> &'a str {
        let bytes = Some(self.bytes(node)).filter(|bytes| bytes.len() <= LONGEST);
        std::str::from_utf8(bytes.unwrap_or_default()).unwrap_or_default()
    }

    /// A name with its parts, without the white space that may be between them; `None` for one that
    /// is longer than any import.
    pub(super) fn name(&self, node: Node<'_>) -> Option<String> {
        let name: String = self.text(node).split_whitespace().collect();
        (!name.is_empty()).then_some(name)
    }
}

/// The named nodes right below a node.
pub(super) fn children<'t>(node: Node<'t>) -> impl Iterator<Item = Node<'t>> {
    let mut cursor = node.walk();
    let children: Vec<Node<'t>> = node.named_children(&mut cursor).collect();
    children.into_iter()
}

/// What is in a node that is a text in quotes, if nothing has to be worked out in it.
pub(super) fn quoted<'a>(source: &Source<'a>, node: Node<'_>) -> Option<&'a str> {
    let mut inner = children(node).filter(|inner| !MARKS.contains(&inner.kind()));
    let content = inner.next()?;
    let is_plain = CONTENTS.contains(&content.kind()) && inner.next().is_none();
    is_plain.then(|| source.text(content))
}

/// The quotes, where a grammar makes nodes of them.
const MARKS: [&str; 2] = ["string_start", "string_end"];

/// How grammars call what is between quotes.
const CONTENTS: [&str; 4] = [
    "string_fragment",
    "string_content",
    "interpreted_string_literal_content",
    "raw_string_literal_content",
];
