//! Keeps the tree tidy: what README.md, ARCHITECTURE.md and docs/ say is what the code does.
//!
//! ARCHITECTURE.md is read as the source of who may import whom and of why each dependency is there,
//! so neither can go stale. Nothing here runs the program.
#![expect(clippy::unwrap_used, reason = "tests")]

mod code;
mod dependencies;
mod documents;
mod examples;
mod links;
mod modules;
mod purity;
mod shipped;
mod size;
mod text;
