//! What the user writes: YAML, checks, and the compile step to a plan. No IO here.
