//! The few calls of the system that need `unsafe`. All of it is here, none of it elsewhere.
#![expect(
    unsafe_code,
    reason = "signal dispositions, descriptors and pre_exec have no safe form"
)]

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::libc;
use nix::sys::signal::{SigHandler, SigSet, Signal, signal};
use rustix::process::{
    DumpableBehavior, Pid, getppid, set_dumpable_behavior, set_parent_process_death_signal,
};

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
pub(super) fn tie(command: &mut Command, parent: Pid, last: rustix::process::Signal) {
    let prepare = move || {
        set_parent_process_death_signal(Some(last))?;
        // The parent may have died before that took effect: then nobody would send the signal.
        if getppid() != Some(parent) {
            return Err(io::Error::from_raw_os_error(libc::ESRCH));
        }
        SigSet::empty().thread_set_mask()?;
        Ok(())
    };
    // SAFETY: between fork and exec only async-signal-safe calls are made (prctl, getppid,
    // sigprocmask on a set on the stack), nothing is allocated and no lock is taken.
    unsafe { command.pre_exec(prepare) };
}
