//! Agents, models, roles and limits: built-in < user < project < workflow < flags.
//!
//! Each source is read into a [`Layer`]; layers are laid over each other and resolved into a [`Config`],
//! in which every name that is mentioned exists. Nothing here reads a file or the environment: the
//! command line hands the texts in, and flags are laid over when a workflow is compiled.

#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

mod builtin;
mod catalogue;
mod defaults;
mod keys;
mod layer;
mod literal;
mod notify;
mod read;
mod resolve;
mod types;
mod wrapper;

pub use builtin::builtin;
pub use catalogue::{Catalogue, KnownModel, catalogue};
pub use defaults::DefaultsEntry;
pub use keys::{LAYER_KEYS, SANDBOX_RULES, schema};
pub use layer::{AgentEntry, ConfirmAbove, Layer, Limit, LimitsEntry, ModelEntry, RoleEntry};
pub use literal::{Literal, LiteralError, parse_literal};
pub use notify::Notify;
pub use read::{read_layer, read_sandbox_rules};
pub use types::{Config, Defaults, UnknownModel};

use crate::yaml::{Diagnostic, Reader, Source, has_errors, parse, sort};

/// What one text says, as far as it can be read. Its mistakes are found by [`load`].
pub fn layer(source: &Source) -> Layer {
    let mut reader = Reader::new(source.name.clone(), Vec::new());
    let root = parse(source).root;
    let fields = root.as_ref().and_then(|root| reader.fields(root, ""));
    fields.map_or_else(Layer::default, |fields| read_layer(&mut reader, fields))
}

/// Lays configuration texts over the built-in one, weakest first (user, then project).
///
/// # Errors
///
/// Every mistake in every text, and every name that is mentioned but defined nowhere.
pub fn load(sources: &[Source]) -> Result<Config, Vec<Diagnostic>> {
    let mut mistakes = Vec::new();
    let mut merged = Layer::default();
    for source in std::iter::once(&builtin()).chain(sources) {
        let parsed = parse(source);
        let mut reader = Reader::new(source.name.clone(), parsed.diagnostics);
        // A file without content, or with remarks only, changes nothing.
        if let Some(root) = parsed.root
            && let Some(fields) = reader.known_fields(&root, "the configuration", LAYER_KEYS)
        {
            merged = merged.under(read_layer(&mut reader, fields));
        }
        mistakes.extend(reader.finish());
    }
    let (config, unknown) = resolve::resolve(merged);
    mistakes.extend(unknown);
    sort(&mut mistakes);
    if has_errors(&mistakes) {
        return Err(mistakes);
    }
    Ok(config)
}

#[cfg(test)]
mod tests;
