//! Children: spawn, warden, streams, limits. Knows nothing of agents.
