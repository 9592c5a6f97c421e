//! What Landlock forbids a cell's processes.

use std::io;

use landlock::{
    ABI, Access as _, AccessFs, BitFlags, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetStatus, Scope,
};

use super::spec::{Access, CellSpec, Mount};
use crate::model::Rung;

/// The newest version of Landlock whose rights are known here.
const KNOWN: ABI = ABI::V6;

/// A border that is ready to be drawn around the calling process and all that it starts.
#[derive(Debug)]
pub(in crate::process) struct Border {
    ruleset: Option<RulesetCreated>,
    must_hold: bool,
}

impl Border {
    /// Of this cell. In namespaces of its own only signals and sockets without a path are left to be kept in;
    /// rules for files would forbid agents the sandboxes that they bring themselves.
    pub(in crate::process) fn of(cell: &CellSpec) -> io::Result<Self> {
        let scopes = || Ruleset::default().scope(Scope::from_all(KNOWN));
        let ruleset = match cell.rung {
            Rung::None => None,
            Rung::Namespaces => {
                let created = scopes().and_then(Ruleset::create);
                Some(created.map_err(io::Error::other)?)
            }
            Rung::Landlock => {
                let ruleset =
                    scopes().and_then(|ruleset| ruleset.handle_access(AccessFs::from_all(KNOWN)));
                let mut created = ruleset
                    .and_then(Ruleset::create)
                    .map_err(io::Error::other)?;
                for mount in &cell.mounts {
                    if let Mount::Bind { from, access, .. } = mount {
                        created = allow(created, from, *access)?;
                    }
                }
                Some(created)
            }
        };
        let must_hold = cell.rung == Rung::Landlock;
        Ok(Self { ruleset, must_hold })
    }

    /// Draws it. Only between fork and exec: it lasts for ever.
    pub(in crate::process) fn draw(&mut self) -> io::Result<()> {
        let Some(ruleset) = self.ruleset.take() else {
            return Ok(());
        };
        let drawn = ruleset.restrict_self().map_err(io::Error::other)?;
        // In namespaces it is one border more; without them it is the only one.
        match (drawn.ruleset, self.must_hold) {
            (RulesetStatus::NotEnforced, true) => Err(io::ErrorKind::Unsupported.into()),
            _ => Ok(()),
        }
    }
}

fn allow(
    ruleset: RulesetCreated,
    path: &std::path::Path,
    access: Access,
) -> io::Result<RulesetCreated> {
    let mut rights: BitFlags<AccessFs> = match access {
        Access::Read => AccessFs::from_read(KNOWN),
        Access::Write => AccessFs::from_all(KNOWN),
    };
    if !std::fs::metadata(path)?.is_dir() {
        rights &= AccessFs::from_file(KNOWN);
    }
    let beneath = PathBeneath::new(PathFd::new(path).map_err(io::Error::other)?, rights);
    ruleset.add_rule(beneath).map_err(io::Error::other)
}
