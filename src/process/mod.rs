//! Children: spawn, warden, streams, limits. Knows nothing of agents, calls or runs.
//!
//! It must never print, never decide what an exit *means*, and never import a module above it. Linux
//! only: it leans on `/proc`, child subreapers, parent-death signals, resource limits, `signalfd` and pidfds.
//!
//! # Theory of operation
//!
//! Every child runs under a *warden* of its own: this same binary, executed again as
//! `tipstaff __warden` ([`warden()`]), blocking and single-threaded.
//!
//! ```text
//!  supervisor ──spec (memfd as stdin)──▶ warden ──fork, exec──▶ child ──▶ whatever it starts
//!      ▲  └────SIGTERM, SIGQUIT────────▶  │  ▲                    │          │ setsid, double fork
//!      └──greeting, record (pipe)─────────┘  └── orphans come here ┴──────────┘ (subreaper)
//! ```
//!
//! **No process outlives its child.** A group kill misses processes that moved to their own session,
//! so the warden is a *child subreaper*: whoever loses its parent becomes the warden's child. It ends
//! its descendants until `wait` says that no child is left, which proves that no descendant is left.
//!
//! **Who may die, and what happens then:**
//!
//! * The child exits: the warden gives what it left behind a moment, ends it, writes the record.
//! * The supervisor dies, by SIGKILL too: its death sends SIGTERM to the warden, which ends everything
//!   and still writes the record. The supervisor may die before the warden asked for that signal:
//!   hence the warden compares its parent afterwards with the one it was told.
//! * The warden dies by SIGKILL: its death sends SIGKILL to the child; the rest becomes children of the
//!   supervisor ([`become_subreaper`]), which knows all that it started itself and ends every other child,
//!   with all that descends from it, within [`Child::wait`].
//! * Both die: the stragglers become children of somebody else, and [`sweep()`] ends them before the run goes
//!   on. They are known by their run's number, a resource limit that they have from the kernel (`number.rs`)
//!   and do not lose with their session, folder or environment; and by the environment variable [`MARK`],
//!   which also says to people what they are. A program that lowers that very limit and clears its
//!   environment is missed here, and only here.
//!
//! **Nobody reads along.** Supervisor and warden are not dumpable: an agent, which is the same user, reads
//! neither their environment nor their memory, and cannot trace them. The description of a child comes to
//! its warden in memory, and its command line names nothing.
//!
//! The parent-death signal fires when the *thread* that spawned ends. Call [`start()`] from a thread that
//! lives as long as the process does; the main thread with a current-thread runtime is one.
//!
//! **Signals to the warden** (its interface, used by [`Child::stop`] and [`Child::kill`]): SIGTERM,
//! SIGINT or SIGHUP asks politely (SIGINT to the child's process group, after the grace time SIGKILL
//! to all); the second one, or SIGQUIT, kills at once. Standard signals do not queue: "at once" has a
//! signal of its own, because two SIGTERM sent together may arrive as one.
//!
//! **A child can be held still** ([`Child::freeze`]): SIGSTOP to its own process, not through the warden,
//! which would have to answer. While it is stopped, what it has printed says all that it has done, so that it
//! can be ended at a place that was chosen, or let go on ([`Frozen`]). If the supervisor dies meanwhile, the
//! warden ends the child as ever: SIGKILL needs no continuing.
//!
//! **Streams are regular files**, never pipes: many programs lose their last output on a pipe, and a
//! dead supervisor loses nothing. The supervisor opens them once, before the child could put others in
//! their places, and follows them with [`LineTail`], woken by [`Watch`].
//!
//! **Time and output are limited by the warden**, which knows the limits from the child's description: a
//! supervisor that is stopped (by Ctrl-Z, or by the child itself) keeps no clock. It looks at the streams
//! through its own descriptors, so it matters little what is at their paths.
//!
//! **How it ended** comes twice: on the pipe to the supervisor (works with a full disk) and as the
//! record file (works when the supervisor is gone).

mod cancel;
mod cell;
mod child;
mod conversation;
mod error;
mod freeze;
mod helper;
mod limits;
mod number;
mod proctree;
mod reap;
mod record;
mod spec;
mod start;
mod started;
mod sweep;
mod sys;
mod tail;
mod warden;
mod watch;

pub use cancel::{Cancel, WhileWanted, both, is_cancelled};
pub use cell::{Access, CellLimits, CellSpec, Mount, Network, probe};
pub use child::Child;
pub use conversation::{Conversation, Said};
pub use error::ProcessError;
pub use freeze::Frozen;
pub use helper::run_helper;
pub use proctree::{Load, is_descendant};
pub use record::{Asked, Exceeded, ExitRecord, Leaked, Swept, WardenFate};
pub use spec::{ChildSpec, MARK};
pub use start::{WARDEN_ARG, start};
pub use started::become_subreaper;
pub use sweep::sweep;
pub use sys::shut_others_out;
pub use tail::{LineTail, TailLine};
pub use warden::warden;
pub use watch::{Nudge, Watch};
