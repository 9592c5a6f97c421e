//! The configuration that tipstaff brings along.

use crate::yaml::Source;

/// The weakest layer: the `opencode` agent, the models and roles that the bundled workflows name, limits.
pub fn builtin() -> Source {
    Source::new("built-in configuration", include_str!("builtin.yaml"))
}
