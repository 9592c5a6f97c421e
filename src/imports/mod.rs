//! What source files import, and which files of a project that is.
//!
//! Pure: the bytes of a file and the paths of a tree come in, paths come out. [`imports`] reads a file
//! with its language's parser; what it finds is the import as the language writes it and depends on the
//! file's content alone, so that it can be kept by the content's id. [`Tree`] knows where an import leads
//! among the files that are there. [`neighbours()`] puts the files next to the named ones in order, the
//! nearest first.
//!
//! Nothing here fails: a file with mistakes gives what its parser still finds, an import that leads to no
//! file of the tree leads nowhere. Nothing here guesses at text either: what is in a comment or in
//! quotes is no import.

#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

mod go;
mod javascript;
mod language;
mod neighbours;
mod paths;
mod php;
mod python;
mod rust;
mod syntax;
#[cfg(test)]
mod tests;
mod tree;

pub use language::{Language, MOST_BYTES, imports, is_text};
pub use neighbours::{Links, Named, Neighbour, Relation, neighbours};
pub use tree::{Tree, is_settings};
