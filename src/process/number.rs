//! The number by which the kernel knows a run's processes, whatever they do.
//!
//! A process can leave its session, its folder and its parent, clear its environment and close its files. Its
//! hard resource limits it hands on to all that it starts, and without privileges it can only lower them. The
//! limit on file locks has meant nothing since Linux 2.4.25, so its value is free to say whose a process is.

use rustix::process::{RawPid, Resource, Rlimit, setrlimit};

use super::proctree::most_file_locks;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number(u64);

/// What a process with a run's number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It keeps a child of the run.
    Warden,
    /// It is such a child, or descends from one.
    Child,
}

impl Number {
    /// Of the run that a mark begins with: all up to the first `/`.
    pub(super) fn of(marker: &str) -> Self {
        let run = marker.split('/').next().unwrap_or_default();
        let hash = blake3::hash(run.as_bytes());
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&hash.as_bytes()[..8]);
        // Even, so that the number of a warden is larger and can be lowered; and far from "unlimited".
        Self(u64::from_le_bytes(bytes) >> 1 & !1)
    }

    fn limit(self, role: Role) -> u64 {
        match role {
            Role::Warden => self.0 | 1,
            Role::Child => self.0,
        }
    }

    /// Gives it to the calling process. Fails where a lower one is in force, as below another run's agent.
    /// Allocates nothing, so that it can be called between fork and exec.
    pub(super) fn take(self, role: Role) -> std::io::Result<()> {
        let limit = Some(self.limit(role));
        let both = Rlimit {
            current: limit,
            maximum: limit,
        };
        Ok(setrlimit(Resource::Locks, both)?)
    }

    /// What a process is to the run. Anybody may look, also at a process that is not dumpable.
    pub(super) fn role_of(self, pid: RawPid) -> Option<Role> {
        let found = most_file_locks(pid)?;
        let roles = [Role::Warden, Role::Child];
        roles.into_iter().find(|role| self.limit(*role) == found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_is_of_the_run_alone_and_below_no_limit() {
        let number = Number::of("run-1/plan.propose-1/1");
        assert_eq!(number, Number::of("run-1/verify/2"));
        assert_ne!(number, Number::of("run-10/plan.propose-1/1"));
        assert!(number.limit(Role::Child) < number.limit(Role::Warden));
        assert!(number.limit(Role::Warden) < u64::MAX / 2);
    }
}
