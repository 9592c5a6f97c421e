//! The namespaces of a warden with a cell.

use std::io::{self, Write};
use std::path::Path;

use rustix::mount::{MountPropagationFlags, mount_change};
use rustix::process::{getegid, geteuid};
use rustix::thread::UnshareFlags;

use super::super::sys;
use super::spec::Network;
use crate::files;

/// Shows that the calling process is in namespaces of its own.
#[derive(Debug, Clone, Copy)]
pub(in crate::process) struct Entered(());

/// Moves the calling process, which must have one thread and be dumpable, into a user and a mount namespace. What
/// it starts from now on lives in a process namespace, of which the first is `init`.
pub(in crate::process) fn enter() -> io::Result<Entered> {
    let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
    let files_and_processes = UnshareFlags::NEWNS | UnshareFlags::NEWPID;
    sys::unshare(UnshareFlags::NEWUSER | UnshareFlags::NEWIPC | files_and_processes)?;
    // The user stays who it is. Without the first line an ordinary user may not write the third.
    write("setgroups", "deny")?;
    write("uid_map", &format!("{uid} {uid} 1"))?;
    write("gid_map", &format!("{gid} {gid} 1"))?;
    mount_change(
        "/",
        MountPropagationFlags::PRIVATE | MountPropagationFlags::REC,
    )?;
    Ok(Entered(()))
}

/// Of the calling process.
fn write(name: &str, text: &str) -> io::Result<()> {
    files::append(&Path::new("/proc/self").join(name))?.write_all(text.as_bytes())
}

impl Entered {
    pub(super) fn network(self, network: Network) -> io::Result<()> {
        match network {
            Network::Host => Ok(()),
            Network::Own => {
                sys::unshare(UnshareFlags::NEWNET)?;
                sys::raise_loopback()
            }
        }
    }
}
