//! A kill at a random moment.

use std::fmt;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tipstaff::process::WARDEN_ARG;

use crate::left::pids;
use crate::support::Running;

/// A session of a supervisor is killed within one of these times, in milliseconds, if it has not ended: at its
/// beginning, in the middle of a few calls, or far from where it went on.
const WITHIN: [u64; 3] = [200, 900, 3000];

/// A sequence of numbers that a seed tells (SplitMix64).
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ (word >> 31)) % limit
    }
}

/// What was killed so far.
#[derive(Default)]
pub struct Count {
    supervisors: u32,
    with_wardens: u32,
}

impl Count {
    pub fn kills(&self) -> u32 {
        self.supervisors + self.with_wardens
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (alone, both) = (self.supervisors, self.with_wardens);
        write!(
            f,
            "{alone} supervisors killed alone and {both} with their wardens"
        )
    }
}

/// Lets it work for a while and kills it; `while_it_works` is called before. Nothing is counted if it has ended.
pub fn strike(
    chance: &mut Chance,
    running: &Running,
    count: &mut Count,
    while_it_works: impl FnOnce(),
) {
    let within = WITHIN[chance.below(3) as usize];
    let moment = Duration::from_millis(chance.below(within));
    let (with_wardens, wardens_first) = (chance.below(3) == 0, chance.below(2) == 0);
    std::thread::sleep(moment);
    while_it_works();
    let supervisor = running.pid();
    let wardens = if with_wardens {
        wardens_of(supervisor)
    } else {
        Vec::new()
    };
    let struck = match wardens_first {
        true => {
            wardens.iter().for_each(|pid| {
                kill(*pid);
            });
            kill(supervisor)
        }
        false => {
            let struck = kill(supervisor);
            wardens.iter().for_each(|pid| {
                kill(*pid);
            });
            struck
        }
    };
    match (struck, with_wardens) {
        (false, _) => {}
        (true, false) => count.supervisors += 1,
        (true, true) => count.with_wardens += 1,
    }
}

/// A signal may come too late; whether it was there to be killed.
fn kill(pid: u32) -> bool {
    let pid = Pid::from_raw(pid.cast_signed()).expect("no process is 0");
    kill_process(pid, Signal::KILL).is_ok()
}

fn wardens_of(supervisor: u32) -> Vec<u32> {
    let is_warden = |pid: &u32| {
        let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        command.split(|byte| *byte == 0).nth(1) == Some(WARDEN_ARG.as_bytes())
    };
    pids()
        .filter(|pid| crate::left::parent(*pid) == Some(supervisor))
        .filter(is_warden)
        .collect()
}
