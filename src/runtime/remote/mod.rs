//! Attempts that are carried out on other machines.
//!
//! What travels is the attempt as data ([`Order`]): the call, the frozen plan, the texts that it reads, and its trees by
//! their names. On the node the same binary carries it out as it would here, with the cell, the warden and the watch of
//! that machine, and says what happened as the same events; so nothing above knows where a call ran, and no layer is
//! ever copied: the node makes its own from the trees. What comes back is the attempt's folder and a pack of what is new.
//!
//! Both sides meet in a folder of the shared file system, and each file in it is written by one of them alone:
//!
//! ```text
//! SHARED/bin/DIGEST/tipstaff        the supervisor's own program
//! SHARED/projects/KEY/              packs of trees, written once (workspace/parcels.rs)
//! SHARED/jobs/KEY/RUN/CALL-N/
//!     order.json, inputs/, keys, reserve     by the supervisor, before the job is handed in
//!     control                       by the supervisor: how far the node is to end it
//!     claim                         by the node: this job carries it out, and no other one does
//!     reports.jsonl, events.jsonl, stderr.log    by the node, as it goes on
//!     out/, *.pack, result.json     by the node at the end, this last
//! ```
//!
//! A supervisor that dies leaves its jobs alone; the next one finds them by their names and goes on following.

mod follow;
mod job_folder;
mod jobs;
mod look;
mod node;
mod order;
mod queue;
mod send;
mod streams;
mod take;

use std::time::Duration;

pub use job_folder::JobFolder;
pub use jobs::{cancel_jobs, clear, clear_jobs, elsewhere};
pub use look::{Look, look};
pub use node::{carry_out, refuse};
pub use order::{Keys, Order, Report};
pub use queue::Queue;
pub use send::NODE_ARG;
pub use take::not_whole;

/// A node says this often that it goes on, for schedulers that have forgotten its job.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);
