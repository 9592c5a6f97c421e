//! A machine whose kernel refuses what cells are made of, simulated by a filter of the kernel's calls.
#![expect(unsafe_code, reason = "the filter is set between fork and exec")]

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::libc::{self, sock_filter, sock_fprog};
use rustix::thread::set_no_new_privs;

/// What is not to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lacks {
    Namespaces,
    NamespacesAndLandlock,
}

impl Lacks {
    /// Has the command, and all that comes of it, run on such a machine.
    pub fn around(self, mut command: Command) -> Command {
        let filter = self.filter();
        let draw = move || {
            set_no_new_privs(true)?;
            let program = sock_fprog {
                len: filter.len().try_into().map_err(io::Error::other)?,
                filter: filter.as_ptr().cast_mut(),
            };
            // SAFETY: the kernel copies the filter, which lives as long as the command.
            let set = unsafe {
                libc::prctl(
                    libc::PR_SET_SECCOMP,
                    libc::SECCOMP_MODE_FILTER,
                    &raw const program,
                )
            };
            if set == 0 {
                Ok(())
            } else {
                Err(io::Error::last_os_error())
            }
        };
        // SAFETY: two calls of the system between fork and exec; nothing is allocated.
        unsafe { command.pre_exec(draw) };
        command
    }

    fn filter(self) -> Vec<sock_filter> {
        let refused = |error: i32| libc::SECCOMP_RET_ERRNO | error.cast_unsigned();
        let new_user = [
            statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, FIRST_ARGUMENT),
            jump(libc::BPF_JSET, libc::CLONE_NEWUSER.cast_unsigned(), 0, 1),
            answer(refused(libc::EPERM)),
            answer(libc::SECCOMP_RET_ALLOW),
        ];
        let mut filter = vec![statement(
            libc::BPF_LD | libc::BPF_W | libc::BPF_ABS,
            NUMBER,
        )];
        for call in [libc::SYS_unshare, libc::SYS_clone] {
            filter.push(is_not(call, new_user.len()));
            filter.extend(new_user);
        }
        // Its flags lie in memory, where no filter looks; without it libraries use the older call.
        let mut missing = vec![libc::SYS_clone3];
        if self == Self::NamespacesAndLandlock {
            missing.push(libc::SYS_landlock_create_ruleset);
        }
        for call in missing {
            filter.extend([is_not(call, 1), answer(refused(libc::ENOSYS))]);
        }
        filter.push(answer(libc::SECCOMP_RET_ALLOW));
        filter
    }
}

/// Where a call's number and the lower half of its first argument are told.
const NUMBER: u32 = std::mem::offset_of!(libc::seccomp_data, nr) as u32;
const FIRST_ARGUMENT: u32 = (std::mem::offset_of!(libc::seccomp_data, args)
    + if cfg!(target_endian = "big") { 4 } else { 0 }) as u32;

fn statement(code: u32, k: u32) -> sock_filter {
    jump_of(code, k, 0, 0)
}

fn answer(what: u32) -> sock_filter {
    statement(libc::BPF_RET | libc::BPF_K, what)
}

fn jump(test: u32, k: u32, yes: u8, no: u8) -> sock_filter {
    jump_of(libc::BPF_JMP | libc::BPF_K | test, k, yes, no)
}

/// Passes over what follows for all other calls.
fn is_not(call: libc::c_long, following: usize) -> sock_filter {
    let call = u32::try_from(call).expect("numbers of calls are small");
    let following = u8::try_from(following).expect("few statements follow");
    jump(libc::BPF_JEQ, call, 0, following)
}

fn jump_of(code: u32, k: u32, jt: u8, jf: u8) -> sock_filter {
    let code = u16::try_from(code).expect("codes have 16 bits");
    sock_filter { code, jt, jf, k }
}
