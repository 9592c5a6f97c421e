//! What keeps the state folder from being used.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why what is trusted can be neither read nor kept.
#[derive(Debug, Error)]
pub enum TrustError {
    /// There is no home to keep it in.
    #[error(
        "there is no folder for what tipstaff knows of your projects: neither `XDG_STATE_HOME` nor `HOME` is set"
    )]
    NoStateFolder,
    /// Somebody else could change what is kept there.
    #[error("`{}` {what}", path.display())]
    NotOurs {
        path: PathBuf,
        /// Why it is not used.
        what: String,
    },
    #[error("failed to {doing} `{}`", path.display())]
    Io {
        doing: &'static str,
        path: PathBuf,
        source: io::Error,
    },
}

impl TrustError {
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            doing,
            path: path.to_owned(),
            source,
        }
    }
}
