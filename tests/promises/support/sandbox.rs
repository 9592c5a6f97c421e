//! The real binary in a project of its own, with a home of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::Signal;

use super::processes::kill;

/// The binary under test.
pub const TIPSTAFF: &str = env!("CARGO_BIN_EXE_tipstaff");
/// The scripted stand-in for an agent.
pub const FAKE_AGENT: &str = env!("CARGO_BIN_EXE_fake-agent");

/// The roles that the built-in configuration and the bundled workflows name.
const ROLES: [&str; 8] = [
    "orchestrator",
    "planner",
    "frontend",
    "backend",
    "debugger",
    "reviewer",
    "quick",
    "judge",
];

/// A temporary project and a temporary home; gone when dropped.
pub struct Sandbox {
    root: tempfile::TempDir,
    env: Vec<(String, String)>,
}

impl Sandbox {
    /// An empty project that is no repository.
    pub fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["project", "home/.config", "tmp"] {
            std::fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        Self {
            root,
            env: Vec::new(),
        }
    }

    /// The project's folder.
    pub fn project(&self) -> PathBuf {
        self.root.path().join("project")
    }

    /// The home folder.
    pub fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// Writes a file of the project; folders are created.
    pub fn write(&self, path: &str, text: &str) -> &Self {
        put(&self.project().join(path), text);
        self
    }

    /// Reads a file of the project.
    #[track_caller]
    pub fn read(&self, path: &str) -> String {
        let path = self.project().join(path);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Whether something is there in the project.
    pub fn exists(&self, path: &str) -> bool {
        self.project().join(path).exists()
    }

    /// Writes the user's configuration.
    pub fn user_config(&self, yaml: &str) -> &Self {
        put(&self.home().join(".config/tipstaff/config.yaml"), yaml);
        self
    }

    /// Makes the project a repository with everything committed that is there.
    pub fn git_init(&self) -> &Self {
        self.git(&["init", "--quiet", "--initial-branch=main"]);
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message=start"]);
        self
    }

    /// Runs git in the project and returns what it printed.
    #[track_caller]
    pub fn git(&self, args: &[&str]) -> String {
        let mut command = Command::new("git");
        command
            .args(["-c", "user.name=T", "-c", "user.email=t@example.org"])
            .args(args);
        let output = Output::of(self.prepare(&mut command).spawn().unwrap());
        output.succeeds().stdout.clone()
    }

    /// Configures the models `m1` to `m4` and all roles to use the fake agent with this script.
    pub fn fake_agent(&self, script_yaml: &str) -> &Self {
        let script = self.root.path().join("script.yaml");
        put(&script, script_yaml);
        let mut yaml = format!(
            "agents:\n  fake:\n    kind: command\n    command: {}\n    args: [--script, {}]\nmodels:\n",
            quoted(FAKE_AGENT),
            quoted(&script.to_string_lossy()),
        );
        for model in ["m1", "m2", "m3", "m4"] {
            yaml.push_str(&format!("  {model}: {{ agent: fake, id: {model} }}\n"));
        }
        yaml.push_str("roles:\n");
        for role in ROLES {
            let model = if role == "judge" { "m4" } else { "m1" };
            yaml.push_str(&format!("  {role}: {model}\n"));
        }
        self.user_config(&yaml)
    }

    /// Sets a variable for what is run from now on.
    pub fn env(&mut self, name: &str, value: &str) -> &mut Self {
        self.env.push((String::from(name), String::from(value)));
        self
    }

    /// Runs tipstaff in the project to its end.
    pub fn tipstaff<S: AsRef<str>>(&self, args: &[S]) -> Output {
        self.start(args).wait()
    }

    /// Starts tipstaff in the project.
    pub fn start<S: AsRef<str>>(&self, args: &[S]) -> Running {
        self.start_program(TIPSTAFF, args)
    }

    /// Starts any program in the project.
    pub fn start_program<S: AsRef<str>>(&self, program: &str, args: &[S]) -> Running {
        let mut command = Command::new(program);
        command.args(args.iter().map(AsRef::as_ref));
        let started = self.prepare(&mut command).spawn();
        Running(started.unwrap_or_else(|error| panic!("{program}: {error}")))
    }

    /// Nothing of the tester's own environment gets in but PATH.
    fn prepare<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        let home = self.home();
        command
            .current_dir(self.project())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &home)
            .env("XDG_CONFIG_HOME", home.join(".config"))
            .env("XDG_DATA_HOME", home.join(".local/share"))
            .env("XDG_STATE_HOME", home.join(".local/state"))
            .env("XDG_CACHE_HOME", home.join(".cache"))
            .env("TMPDIR", self.root.path().join("tmp"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("LANG", "C.UTF-8")
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
    }
}

/// A process under way.
pub struct Running(Child);

impl Running {
    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) -> &Self {
        kill(self.pid(), signal);
        self
    }

    /// Waits for its end.
    pub fn wait(self) -> Output {
        Output::of(self.0)
    }
}

/// How a process ended and what it printed.
#[derive(Debug)]
pub struct Output {
    /// The exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Standard output, lossy.
    pub stdout: String,
    /// Standard error, lossy.
    pub stderr: String,
}

impl Output {
    fn of(child: Child) -> Self {
        let output = child.wait_with_output().unwrap();
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// It exited with 0.
    #[track_caller]
    pub fn succeeds(&self) -> &Self {
        self.exits_with(0)
    }

    /// It exited with this code.
    #[track_caller]
    pub fn exits_with(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// This stands on standard output.
    #[track_caller]
    pub fn stdout_has(&self, text: &str) -> &Self {
        assert!(
            self.stdout.contains(text),
            "no {text:?} on standard output\n{self}"
        );
        self
    }

    /// This stands on standard error.
    #[track_caller]
    pub fn stderr_has(&self, text: &str) -> &Self {
        assert!(
            self.stderr.contains(text),
            "no {text:?} on standard error\n{self}"
        );
        self
    }
}

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            code,
            stdout,
            stderr,
        } = self;
        write!(
            f,
            "code {code:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}"
        )
    }
}

fn put(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// As a YAML string: JSON's are.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}
