//! The few calls of the system that need `unsafe`. All of it is here, none of it elsewhere.
#![expect(
    unsafe_code,
    reason = "signal dispositions, descriptors and pre_exec have no safe form"
)]

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::libc;
use nix::sys::signal::{SigHandler, SigSet, Signal, signal};
use rustix::mount::MountAttrFlags;
use rustix::process::{
    DumpableBehavior, Pid, getppid, set_dumpable_behavior, set_parent_process_death_signal,
};
use rustix::thread::{UnshareFlags, unshare_unsafe};

use super::number::{Number, Role};

/// Gives these signals their default meaning, whatever was inherited: a shell that starts something in
/// the background makes it ignore SIGINT, and a polite stop would never be heard.
pub(super) fn default_meaning(signals: &[Signal]) -> io::Result<()> {
    for one in signals {
        // SAFETY: setting the default disposition installs no handler that could run.
        unsafe { signal(*one, SigHandler::SigDfl) }?;
    }
    Ok(())
}

/// Makes every descriptor above standard error close on exec, so that a child holds nothing that this
/// process inherited by accident. Does nothing on kernels before 5.11.
pub(super) fn keep_descriptors_private() {
    // SAFETY: only flags of descriptors change; none is closed, whoever owns it.
    unsafe {
        libc::syscall(
            libc::SYS_close_range,
            3,
            libc::c_uint::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        )
    };
}

/// Keeps other processes of the same user from reading this one's environment, memory and descriptors, and from
/// tracing it: they may be agents. What it executes is readable again: `exec` sets that back.
///
/// Whatever wants a user namespace must make it before: the kernel gives the files in `/proc` of a process that
/// is not dumpable to root, so that an ordinary user's could not write its own `uid_map` any more.
pub fn shut_others_out() -> io::Result<()> {
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

/// Gives the command's process the number of a run. Where a lower one is in force, that stays.
pub(super) fn number(command: &mut Command, number: Number, role: Role) {
    let prepare = move || {
        let _ = number.take(role);
        Ok(())
    };
    // SAFETY: one async-signal-safe call (prlimit) between fork and exec; its error is a number and is dropped
    // without freeing anything.
    unsafe { command.pre_exec(prepare) };
}

/// Ties the command's process to `parent`, the calling process: this signal when the calling *thread* ends,
/// and no signal blocked.
/// In a process namespace of its own (`parent` is `None`) nobody sees the parent, and the end of that one's `init`
/// ends the process anyway.
pub(super) fn tie(command: &mut Command, parent: Option<Pid>, last: rustix::process::Signal) {
    let prepare = move || {
        set_parent_process_death_signal(Some(last))?;
        // The parent may have died before that took effect: then nobody would send the signal.
        if getppid() != parent {
            return Err(io::Error::from_raw_os_error(libc::ESRCH));
        }
        SigSet::empty().thread_set_mask()?;
        Ok(())
    };
    // SAFETY: between fork and exec only async-signal-safe calls are made (prctl, getppid,
    // sigprocmask on a set on the stack), nothing is allocated and no lock is taken.
    unsafe { command.pre_exec(prepare) };
}

/// Moves the calling process into new namespaces.
pub(super) fn unshare(flags: UnshareFlags) -> io::Result<()> {
    // SAFETY: no table of descriptors is among what is called for here, so none is split from another thread's.
    Ok(unsafe { unshare_unsafe(flags) }?)
}

/// Makes a process that does nothing but this, and ends.
pub(super) fn fork(work: impl FnOnce() -> io::Result<()>) -> io::Result<Pid> {
    // SAFETY: the warden has one thread, so no lock is held by another one that the child lacks.
    match unsafe { nix::unistd::fork() }? {
        nix::unistd::ForkResult::Parent { child } => Pid::from_raw(child.as_raw())
            .ok_or_else(|| io::Error::other("a process id out of range")),
        nix::unistd::ForkResult::Child => {
            let code = i32::from(work().is_err());
            // SAFETY: ends the process; nothing of the parent's is run or flushed twice.
            unsafe { libc::_exit(code) }
        }
    }
}

/// Closes all streams and files of the calling process.
pub(super) fn close_streams() -> io::Result<()> {
    // SAFETY: the process only waits from now on, and uses no descriptor any more.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, 0, libc::c_uint::MAX, 0) };
    if closed == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// `struct mount_attr` of `mount_setattr(2)`.
#[repr(C)]
struct MountAttr {
    set: u64,
    clear: u64,
    propagation: u64,
    userns: u64,
}

/// Adds attributes to the mount at a path, relative to `tree`; to the whole tree of mounts that `tree` is if the path
/// is empty. What they had stays: the kernel lets nobody take anything away. Allocates nothing.
pub(super) fn restrict_mounts(
    tree: BorrowedFd<'_>,
    path: &CStr,
    flags: MountAttrFlags,
) -> io::Result<()> {
    let of_tree = libc::AT_EMPTY_PATH | libc::AT_RECURSIVE;
    let attr = MountAttr {
        set: flags.bits().into(),
        clear: 0,
        propagation: 0,
        userns: 0,
    };
    // SAFETY: the path and the structure live until the call returns, and the size is the structure's.
    let set = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            tree.as_raw_fd(),
            path.as_ptr(),
            if path.is_empty() { of_tree } else { 0 },
            &raw const attr,
            size_of::<MountAttr>(),
        )
    };
    if set == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Makes loopback usable in a new network namespace.
pub(super) fn raise_loopback() -> io::Result<()> {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0")?;
    // SAFETY: all zeroes is a valid value of this plain structure.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = from.cast_signed();
    }
    request.ifr_ifru.ifru_flags = libc::IFF_UP as libc::c_short;
    // SAFETY: the request is what this call takes, and lives until it returns.
    let set = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request) };
    if set == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Lets the command's process enter its cell: the last thing before it executes something.
pub(super) fn confine(
    command: &mut Command,
    enter: impl FnMut() -> io::Result<()> + Send + Sync + 'static,
) {
    // SAFETY: the warden has one thread, so what it allocates and frees here is locked by nobody.
    unsafe { command.pre_exec(enter) };
}
