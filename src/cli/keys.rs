//! The keys of a person who watches a run.
//!
//! The terminal gives them one by one and does not show them; Ctrl-C and Ctrl-Z stay what they are. It is as it
//! was before as soon as nobody reads keys any more, also after a panic. Who is in the background reads nothing
//! and changes nothing; a shell that brings the program back may have changed the terminal meanwhile.

use std::io::stdin;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rustix::process::getpgrp;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};

use tokio::sync::{mpsc, oneshot};

use super::ask::is_at_a_terminal;
use crate::report::{Display, Key};
use crate::run::Via;
use crate::runtime::Request;

/// How often the reading thread looks whether it is still to read, in milliseconds.
const LOOK: u16 = 50;

#[derive(Debug)]
pub struct Keys {
    pressed: Receiver<Key>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    before: Termios,
}

impl Keys {
    /// Begins to read them, if somebody is at a terminal who can press them.
    pub fn read() -> Option<Self> {
        if !is_at_a_terminal() || !is_in_foreground() {
            return None;
        }
        let before = tcgetattr(stdin()).ok()?;
        let (tell, pressed) = channel();
        let over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&over);
        set(&one_by_one(before.clone()));
        Some(Self {
            pressed,
            over,
            thread: Some(spawn(move || read(&told, &tell))),
            before,
        })
    }

    /// What was pressed since it was asked last.
    pub fn pressed(&self) -> impl Iterator<Item = Key> {
        self.pressed.try_iter()
    }

    /// The same; where nothing was, waits so long for a key.
    pub fn wait(&self, most: Duration) -> Vec<Key> {
        let first = match self.pressed.recv_timeout(most) {
            Err(RecvTimeoutError::Disconnected) => {
                sleep(most);
                None
            }
            first => first.ok(),
        };
        first.into_iter().chain(self.pressed()).collect()
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        if is_in_foreground() {
            set(&self.before);
        }
    }
}

/// From the keys at the terminal of a run to its supervisor.
#[derive(Debug)]
pub struct Steering {
    keys: Option<Keys>,
    requests: mpsc::UnboundedSender<Request>,
    /// Says why the last key did nothing.
    reply: Option<oneshot::Receiver<Option<String>>>,
}

impl Steering {
    pub fn new(requests: mpsc::UnboundedSender<Request>) -> Self {
        Self {
            keys: None,
            requests,
            reply: None,
        }
    }

    /// Takes what was pressed since, if keys mean something to the display.
    pub fn take(&mut self, display: &mut Display) {
        let Display::Live(live) = display else {
            return;
        };
        if self.keys.is_none() {
            self.keys = Keys::read();
        }
        for control in self
            .keys
            .iter()
            .flat_map(Keys::pressed)
            .filter_map(|key| live.press(key))
        {
            let (reply, told) = oneshot::channel();
            self.reply = Some(told);
            let (reply, via) = (Some(reply), Via::Keys);
            let _ = self.requests.send(Request {
                control,
                via,
                reply,
            });
        }
        if let Some(Ok(refused)) = self.reply.as_mut().map(oneshot::Receiver::try_recv) {
            self.reply = None;
            live.tell(refused.unwrap_or_default());
        }
    }

    /// Leaves the terminal to others until it is taken again.
    pub fn rest(&mut self) {
        self.keys = None;
    }
}

pub fn is_in_foreground() -> bool {
    tcgetpgrp(stdin()).is_ok_and(|group| group == getpgrp())
}

fn one_by_one(mut modes: Termios) -> Termios {
    modes.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
    modes
}

fn set(modes: &Termios) {
    // A terminal that is gone has no modes.
    let _ = tcsetattr(stdin(), OptionalActions::Now, modes);
}

fn read(over: &AtomicBool, tell: &Sender<Key>) {
    let stdin = stdin();
    while !over.load(Ordering::Relaxed) {
        if !is_in_foreground() {
            sleep(Duration::from_millis(LOOK.into()));
            continue;
        }
        if let Ok(modes) = tcgetattr(&stdin)
            && modes.local_modes.contains(LocalModes::ICANON)
        {
            set(&one_by_one(modes));
        }
        let mut fds = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
        if poll(&mut fds, PollTimeout::from(LOOK)) == Ok(0) {
            continue;
        }
        let mut bytes = [0; 64];
        match rustix::io::read(&stdin, &mut bytes) {
            // The terminal is gone.
            Ok(0) | Err(_) => return,
            Ok(count) => {
                for key in keys(&bytes[..count]) {
                    let _ = tell.send(key);
                }
            }
        }
    }
}

/// What the bytes mean that a terminal sends.
fn keys(mut bytes: &[u8]) -> Vec<Key> {
    const SEQUENCES: [(&[u8], Key); 16] = [
        (b"\x1b[A", Key::Up),
        (b"\x1b[B", Key::Down),
        (b"\x1bOA", Key::Up),
        (b"\x1bOB", Key::Down),
        (b"\x1b[C", Key::Right),
        (b"\x1bOC", Key::Right),
        (b"\x1b[D", Key::Left),
        (b"\x1bOD", Key::Left),
        (b"\x1b[5~", Key::PageUp),
        (b"\x1b[6~", Key::PageDown),
        (b"\x1b[H", Key::Home),
        (b"\x1bOH", Key::Home),
        (b"\x1b[1~", Key::Home),
        (b"\x1b[F", Key::End),
        (b"\x1bOF", Key::End),
        (b"\x1b[4~", Key::End),
    ];
    let mut keys = Vec::new();
    while let [first, rest @ ..] = bytes {
        let found = SEQUENCES.iter().find(|(known, _)| bytes.starts_with(known));
        let key = match (found, first) {
            (Some((_, key)), _) => Some(*key),
            (None, b'?') => Some(Key::Help),
            (None, b'\r' | b'\n') => Some(Key::Open),
            (None, b'\t') => Some(Key::Switch),
            (None, b'p') => Some(Key::Pause),
            (None, b's') => Some(Key::Stop),
            (None, b'k') => Some(Key::EndCall),
            (None, b'g') => Some(Key::GoOn),
            (None, b'q') => Some(Key::Quit),
            (None, _) => None,
        };
        keys.extend(key);
        bytes = match found {
            Some((known, _)) => &bytes[known.len()..],
            None => rest,
        };
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_from_each_other_and_from_noise() {
        let pressed = keys(b"x\x1b[A\x1bOB?p\r\x1b[6~\x1b[15~\x1b[D\x1bOCq");
        let expected = [
            Key::Up,
            Key::Down,
            Key::Help,
            Key::Pause,
            Key::Open,
            Key::PageDown,
            Key::Left,
            Key::Right,
            Key::Quit,
        ];
        assert_eq!(pressed, expected);
    }
}
