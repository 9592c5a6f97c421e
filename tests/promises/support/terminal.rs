//! tipstaff on a terminal, with someone who types.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::processes::{descendants, until};
use super::sandbox::{Output, Sandbox, TIPSTAFF};

/// What follows is how the program left its terminal.
const MODES: &str = "--- modes";

/// A program takes the whole terminal, and gives it back.
pub const ENTER: &str = "\x1b[?1049h";
pub const LEAVE: &str = "\x1b[?1049l";

/// A program on a pseudo-terminal. Dropped before its end, as a failing test does, its terminal is gone.
pub struct Terminal {
    child: Child,
    keys: Option<ChildStdin>,
    shown: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Terminal {
    /// Starts tipstaff in the project, on a large terminal.
    pub fn start(sandbox: &Sandbox, args: &[&str]) -> Self {
        Self::of_size(sandbox, args, (200, 40))
    }

    /// On one with so many columns and rows.
    pub fn of_size(sandbox: &Sandbox, args: &[&str], (columns, rows): (u16, u16)) -> Self {
        sandbox.agree(args);
        let words: Vec<String> = [TIPSTAFF]
            .iter()
            .chain(args)
            .map(|word| format!("'{word}'"))
            .collect();
        let shell = format!(
            "trap : INT; stty cols {columns} rows {rows}; {}; code=$?; echo {MODES}; stty -a; exit $code",
            words.join(" ")
        );
        let mut command = sandbox.program("script");
        command
            .args(["--quiet", "--return", "--command", &shell, "/dev/null"])
            .stdin(Stdio::piped());
        let started = command.spawn();
        let mut child = started.expect("`script` of util-linux is needed to have a terminal");
        let mut out = child.stdout.take().unwrap();
        let shown = Arc::new(Mutex::new(Vec::new()));
        let copy = shown.clone();
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(bytes @ 1..) = out.read(&mut buffer) {
                copy.lock().unwrap().extend_from_slice(&buffer[..bytes]);
            }
        });
        Self {
            keys: child.stdin.take(),
            child,
            shown,
            reader: Some(reader),
        }
    }

    /// Waits until this is on the terminal so many times.
    #[track_caller]
    pub fn until_shows(&self, times: usize, text: &str) -> &Self {
        until(&format!("{text:?} is shown {times} times"), || {
            self.shown().matches(text).count() >= times
        });
        self
    }

    /// The process of tipstaff on it.
    pub fn program(&self) -> u32 {
        let is_it = |pid: &u32| {
            let name = std::fs::read_to_string(format!("/proc/{pid}/comm"));
            name.is_ok_and(|name| name.trim() == "tipstaff")
        };
        let found = descendants(self.child.id()).into_iter().find(is_it);
        found.expect("tipstaff is there")
    }

    /// Makes it smaller or larger, which its program is told.
    pub fn resize(&self, (columns, rows): (u16, u16)) -> &Self {
        let terminal = format!("/proc/{}/fd/2", self.program());
        let (columns, rows) = (columns.to_string(), rows.to_string());
        let mut stty = std::process::Command::new("stty");
        stty.args(["-F", &terminal, "cols", &columns, "rows", &rows]);
        assert!(stty.status().unwrap().success());
        self
    }

    /// Types this; a line ends with a line feed.
    pub fn types(&mut self, keys: &str) -> &mut Self {
        let pipe = self.keys.as_mut().expect("the keyboard is there");
        pipe.write_all(keys.as_bytes()).unwrap();
        pipe.flush().unwrap();
        self
    }

    /// Ends the input.
    pub fn leaves(&mut self) -> &mut Self {
        self.keys = None;
        self
    }

    /// Waits for the end of the program; what was shown is on its standard output. The terminal is as it was.
    pub fn wait(mut self) -> Output {
        let status = self.child.wait().unwrap();
        let reader = self.reader.take().expect("it is waited for once");
        reader.join().unwrap();
        let shown = self.shown();
        let (shown, modes) = shown.rsplit_once(MODES).expect("modes are shown");
        let is_restored = modes.contains(" icanon ") && modes.contains(" echo ");
        assert!(is_restored, "{shown}\n{modes}");
        let count = |order: &str| shown.matches(order).count();
        assert_eq!(
            count(ENTER),
            count(LEAVE),
            "the whole terminal is given back"
        );
        assert_eq!(count("\x1b[?25l"), count("\x1b[?25h"), "the cursor is back");
        Output {
            code: status.code(),
            stdout: shown.to_owned(),
            stderr: String::new(),
        }
    }

    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().unwrap()).into_owned()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // With its terminal, the program is hung up.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
