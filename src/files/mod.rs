//! Opening files that somebody else may have put there: an agent, or whoever can write to the project; and
//! putting files in their place.
//!
//! Nothing here waits and nothing is unbounded. A named pipe in the place of a file would hold whoever
//! opens it until somebody writes; a link leads to what the agent may not read itself; a sparse file has
//! terabytes. So a file is opened without waiting, must then be a regular one, and is read up to a limit
//! that the caller names. No other module opens files by itself: a tidy test looks for it.
//!
//! What is made here is for its owner alone, whatever the umask, unless the caller names a mode.
//!
//! No other module renames a temporary file into place either, so that the order (the file is synced, renamed,
//! and its folder synced before anything names it) is written down once.

mod excerpt;
mod open;
mod replace;
mod search_path;

pub use excerpt::Excerpt;
pub use open::{
    append, append_whole, create, if_there, open, open_below, open_folder, own_folder, read,
    read_below, sync_folder, text, update, write,
};
pub use replace::{NewFile, UnsyncedFolders, make_folders, replace, replace_unsynced};
pub use search_path::{absolute_search_path, xdg_folder};

/// Most bytes of one of tipstaff's own records that is read into memory: plans, lists, ledgers.
pub const RECORD: u64 = 256 << 20;
