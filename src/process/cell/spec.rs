//! What a cell is made from, as data.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::model::Rung;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    Read,
    Write,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// The machine's.
    Host,
    /// Its own loopback and nothing else.
    Own,
}

/// One thing that is in a cell. Paths are absolute; `at` is the path inside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mount {
    /// A folder or file of the machine with all that is mounted below it.
    Bind {
        #[serde(with = "super::super::spec::raw")]
        from: PathBuf,
        #[serde(with = "super::super::spec::raw")]
        at: PathBuf,
        access: Access,
    },
    Link {
        #[serde(with = "super::super::spec::raw")]
        at: PathBuf,
        #[serde(with = "super::super::spec::raw")]
        target: PathBuf,
    },
    /// Layers that are only read, the topmost first, below a folder that takes what is written. `work` is an
    /// empty folder beside `upper`, for the kernel.
    Overlay {
        #[serde(with = "super::super::spec::raws")]
        layers: Vec<PathBuf>,
        #[serde(with = "super::super::spec::raw")]
        upper: PathBuf,
        #[serde(with = "super::super::spec::raw")]
        work: PathBuf,
        #[serde(with = "super::super::spec::raw")]
        at: PathBuf,
    },
}

/// A cell. Later mounts lie over earlier ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellSpec {
    pub rung: Rung,
    /// An empty folder at which its root is put together; only its warden sees that.
    #[serde(with = "super::super::spec::raw")]
    pub root: PathBuf,
    pub mounts: Vec<Mount>,
    pub network: Network,
    pub limits: CellLimits,
    /// Folders of the machine in which it writes, for the limit of its disk.
    #[serde(with = "super::super::spec::raws")]
    pub written: Vec<PathBuf>,
}

/// What the processes of a cell may use together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellLimits {
    /// Bytes of memory that are theirs alone.
    pub memory: Option<u64>,
    pub processes: Option<u64>,
    /// Bytes on the disk.
    pub disk: Option<u64>,
}
