//! The run folder, the append-only event log, the lock, redaction.
