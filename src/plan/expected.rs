//! What attempts are expected to use, before they have.

use serde::{Deserialize, Serialize};

use crate::model::{ModelName, PhaseName, Purpose, Usage};

/// What one attempt of a phase uses: the mean of earlier runs, else an assumption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    pub phase: PhaseName,
    pub purpose: Purpose,
    pub model: ModelName,
    /// Its cost is 0 where no price is known.
    pub usage: Usage,
    /// From how many attempts of earlier runs it was learned; 0 if it is assumed.
    pub learned_from: u64,
}
