//! Where things lie in a run's folder, as paths relative to it.

use super::RunFolder;

impl RunFolder {
    pub const PLAN: &'static str = "plan.json";

    /// The event log.
    pub const JOURNAL: &'static str = "journal.jsonl";

    /// The file whose lock says that a supervisor works on the run.
    pub const LOCK: &'static str = "lock";

    /// Details of panics: only there if tipstaff made a mistake.
    pub const PANICS: &'static str = "panics.log";

    /// Of a rehearsal: what the scripted models received, one request a line.
    pub const REHEARSAL: &'static str = "rehearsal.jsonl";

    /// Of a rehearsal: until when its accounts are parked.
    pub const ACCOUNTS: &'static str = "accounts";

    /// The private object store that holds the run's trees.
    pub const STORE: &'static str = "tree.git";
}
