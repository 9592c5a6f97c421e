//! What a call sees: prompt assembly, the context ledger, token counting, handoffs.
