//! Tokens and cost. The protocol has them since late; agents told them in ways of their own before.

use serde_json::Value;

use crate::model::{MicroUsd, Usage};

/// All that was told in a turn.
#[derive(Default)]
pub(super) struct Told {
    /// Of single requests (Qwen Code: `_meta.usage` of an update).
    of_requests: Usage,
    cost: MicroUsd,
}

impl Told {
    /// Takes what an update tells beside its content.
    pub fn update(&mut self, update: &Value) {
        if let Some(tokens) = update.pointer("/_meta/usage") {
            self.of_requests += usage(tokens);
        }
        // What the session has cost so far.
        let dollars = update.pointer("/cost/currency").and_then(Value::as_str) == Some("USD");
        if let Some(cost) = update.pointer("/cost/amount").filter(|_| dollars) {
            self.cost = MicroUsd::from_usd(cost.as_f64().unwrap_or_default());
        }
    }

    /// Of the whole turn: as its answer says (the protocol's `usage`, or Gemini's `_meta.quota`), else as its
    /// requests said.
    pub fn in_all(&self, answer: &Value) -> Usage {
        let of_turn = ["/usage", "/_meta/quota/token_count"]
            .iter()
            .find_map(|at| answer.pointer(at));
        let mut all = of_turn.map_or(self.of_requests, usage);
        all.requests = self.of_requests.requests.max(1);
        all.cost = self.cost;
        all
    }
}

fn usage(tokens: &Value) -> Usage {
    // Bounded, so that no sum of them overflows.
    let count = |name: &str| tokens[name].as_u64().unwrap_or_default().min(1 << 40);
    let input = count("inputTokens").max(count("input_tokens"));
    let output = count("outputTokens").max(count("output_tokens"));
    let [reasoning, cache_read, cache_write, total] = [
        "thoughtTokens",
        "cachedReadTokens",
        "cachedWriteTokens",
        "totalTokens",
    ]
    .map(count);
    // Some count what came from the cache as input, some do not: the sum tells.
    let cached = cache_read + cache_write;
    let counted_twice = (1..=input + output + reasoning).contains(&total) && input >= cached;
    Usage {
        requests: 1,
        input: input - if counted_twice { cached } else { 0 },
        output,
        reasoning,
        cache_read,
        cache_write,
        cost: MicroUsd(0),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cached_tokens_count_once() {
        let apart = json!({"inputTokens": 80, "outputTokens": 5, "totalTokens": 105, "cachedReadTokens": 20});
        let within = json!({"inputTokens": 100, "outputTokens": 5, "totalTokens": 105, "cachedReadTokens": 20});
        for told in [apart, within] {
            let usage = usage(&told);
            assert_eq!((usage.input, usage.cache_read), (80, 20), "{told}");
        }
    }

    #[test]
    fn nonsense_counts_as_nothing() {
        for told in [json!(null), json!({"inputTokens": -3}), json!("many")] {
            assert_eq!(usage(&told).tokens(), 0, "{told}");
        }
    }
}
