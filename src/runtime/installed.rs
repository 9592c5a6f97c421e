//! What commands of `setup` made in a run, and whether it is still as they made it.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::model::{Failure, FailureKind, TreeId};
use crate::workspace::Footprint;

use super::blocking::blocking;

/// What `setup` made in this run.
#[derive(Debug, Default)]
pub struct Installed {
    /// By trees, the topmost layer first.
    pub layers: HashMap<TreeId, Vec<PathBuf>>,
    /// How layers looked at first, where agents can write to them.
    looks: HashMap<PathBuf, Footprint>,
}

impl Installed {
    /// Notes how layers look, and whether that is as before.
    ///
    /// # Errors
    /// Somebody has written to one.
    pub async fn check(&mut self, layers: &[PathBuf]) -> Result<(), Failure> {
        for layer in layers {
            let (at, before) = (layer.clone(), self.looks.get(layer));
            let now = blocking(move || Ok(Footprint::of(&at))).await?;
            if before.is_some_and(|before| *before != now) {
                let message = format!("what `setup` made in {} was changed", layer.display());
                let hint = "an agent without a sandbox may have done so; run the workflow again";
                return Err(Failure::new(FailureKind::Setup, message).hint(hint));
            }
            self.looks.insert(layer.clone(), now);
        }
        Ok(())
    }
}
