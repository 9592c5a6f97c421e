//! What tokens cost.

use serde::{Deserialize, Serialize};

use crate::model::{MicroUsd, Usage};

/// Prices in US dollars per million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Price {
    pub input: f64,
    pub output: f64,
    /// Of input that came from a cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<f64>,
    /// Of input that went into a cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<f64>,
}

impl Price {
    /// Of scripted models, and of what is paid for otherwise.
    pub const FREE: Self = Self {
        input: 0.0,
        output: 0.0,
        cache_read: None,
        cache_write: None,
    };

    pub fn is_free(&self) -> bool {
        let caches = [self.cache_read, self.cache_write];
        let caches = caches.map(Option::unwrap_or_default);
        [[self.input, self.output], caches] == [[0.0; 2]; 2]
    }

    /// The usage with its cost: as the agent told it, else by the price. What is free costs nothing, whatever the agent
    /// tells.
    pub fn settle(price: Option<Self>, usage: Usage) -> Usage {
        let cost = match price {
            Some(price) if price.is_free() => MicroUsd(0),
            Some(price) if usage.cost == MicroUsd(0) => price.of(&usage),
            Some(_) | None => usage.cost,
        };
        Usage { cost, ..usage }
    }

    /// What this usage costs. A cache whose price is not known costs as much as other input.
    pub fn of(&self, usage: &Usage) -> MicroUsd {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52 tokens")]
        let parts = [
            (usage.input, self.input),
            (usage.cache_read, self.cache_read.unwrap_or(self.input)),
            (usage.cache_write, self.cache_write.unwrap_or(self.input)),
            (usage.output.saturating_add(usage.reasoning), self.output),
        ]
        .map(|(tokens, price)| tokens as f64 * price);
        MicroUsd::from_usd(parts.iter().sum::<f64>() / 1e6)
    }
}
