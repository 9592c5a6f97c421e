//! The real binary in a project of its own, with a home of its own.

use std::collections::BTreeMap;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::Signal;

use super::fake_agent::fake_agent;
use super::processes::{kill, until};
use super::run::Run;

/// The binary under test.
pub const TIPSTAFF: &str = env!("CARGO_BIN_EXE_tipstaff");

/// A user without privileges.
const NOBODY: u32 = 65534;

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
    /// Whether the user agrees to what the project says before each run.
    trusts: bool,
    /// Whether calls live in no cells.
    open: bool,
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
            trusts: true,
            open: false,
        }
    }

    /// The same, cloned an hour ago: the user has agreed to nothing of it.
    pub fn cloned() -> Self {
        Self {
            trusts: false,
            ..Self::new()
        }
    }

    /// The same without cells: agents see the machine's processes and all of its files.
    pub fn open() -> Self {
        let open = Self {
            open: true,
            ..Self::new()
        };
        open.user_config("");
        open
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

    /// Writes the user's configuration. If it says nothing of the sandbox, agents may use all of this folder, where
    /// their scripts keep count.
    pub fn user_config(&self, yaml: &str) -> &Self {
        let root = quoted(&self.root.path().to_string_lossy());
        let more = match yaml.lines().any(|line| line.starts_with("sandbox:")) {
            true => String::new(),
            false if self.open => "sandbox: off".to_owned(),
            false => format!(
                "sandbox: {{ write: [{root}], read: [{}] }}\n",
                quoted(fake_agent())
            ),
        };
        put(
            &self.home().join(".config/tipstaff/config.yaml"),
            &format!("{yaml}\n{more}"),
        );
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

    /// What the repository consists of, apart from the objects: index, refs, stash, hooks, configuration …
    pub fn repository(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let root = self.project().join(".git");
        let mut found = BTreeMap::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    if path != root.join("objects") {
                        folders.push(path);
                    }
                } else {
                    let bytes = std::fs::read(&path).unwrap();
                    found.insert(path.strip_prefix(&root).unwrap().to_owned(), bytes);
                }
            }
        }
        assert!(found.contains_key(Path::new("index")));
        found
    }

    /// Configures the models `m1` to `m4` and all roles to use the fake agent with this script.
    pub fn fake_agent(&self, script_yaml: &str) -> &Self {
        self.fake_agent_of("command", "", script_yaml)
    }

    /// The same, spoken with by the Agent Client Protocol.
    pub fn acp_agent(&self, script_yaml: &str) -> &Self {
        self.fake_agent_of("acp", "--acp, ", script_yaml)
    }

    fn fake_agent_of(&self, kind: &str, first: &str, script_yaml: &str) -> &Self {
        let script = self.root.path().join("script.yaml");
        put(&script, script_yaml);
        let mut yaml = format!(
            "agents:\n  fake:\n    kind: {kind}\n    command: {}\n    args: [{first}--script, {}]\nmodels:\n",
            quoted(fake_agent()),
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
        yaml.push_str("verify_allow: [sh prove.sh*, grep*]\n");
        self.user_config(&yaml)
    }

    /// A path beside the project and the workspaces, where a script may keep count.
    pub fn outside(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Writes the project's workflow `trio`: `m1`, `m2`, `m3` propose and `m4` judges. More keys of
    /// the phase may be given, a line each.
    pub fn trio(&self, more: &[&str]) -> &Self {
        let unless = |key: &str, line: &'static str| {
            let given = more.iter().any(|line| line.starts_with(key));
            if given { "" } else { line }
        };
        let models = unless("models:", "    models: [m1, m2, m3]\n");
        let judge = unless("judge:", "    judge: judge\n");
        let retries = unless("retries:", "    retries: 0\n");
        let mut yaml = format!(
            "name: trio\nphases:\n  - name: plan\n    type: ensemble\n{models}{judge}    \
             context_strategy: distilled\n    output: docs/plan.md\n{retries}"
        );
        for line in more {
            yaml.push_str(&format!("    {line}\n"));
        }
        self.write(".tipstaff/workflows/trio.yaml", &yaml)
    }

    /// Runs `trio` with these further arguments.
    pub fn run_trio(&self, args: &[&str]) -> Output {
        self.start_trio(args).wait()
    }

    /// Starts `trio` with these further arguments.
    pub fn start_trio(&self, args: &[&str]) -> Running {
        self.start(&[&["run", "trio", "Plan it"], args].concat())
    }

    /// Puts a shell script where a program is looked for.
    pub fn program_at(&self, path: &Path, script: &str) {
        put(path, &format!("#!/bin/sh\n{script}\n"));
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(path, executable).unwrap();
    }

    /// The one run of the project.
    #[track_caller]
    pub fn run(&self) -> Run {
        let runs = self.project().join(".tipstaff/runs");
        let entries = std::fs::read_dir(&runs).unwrap().flatten();
        let mut folders: Vec<_> = entries
            .map(|entry| entry.path())
            .filter(|path| path.is_dir())
            .collect();
        let folder = folders.pop().expect("there is a run");
        assert_eq!(folders, Vec::<PathBuf>::new(), "there is one run only");
        Run::at(folder)
    }

    /// A run's journal and what the user's state folder knows of it: what a crash leaves as it was.
    pub fn written(&self, run: &Run) -> [(PathBuf, Vec<u8>); 2] {
        let head = format!(".local/state/tipstaff/runs/{}.head", run.id());
        [run.path("journal.jsonl"), self.home().join(head)].map(|path| {
            let bytes = std::fs::read(&path).unwrap();
            (path, bytes)
        })
    }

    /// As if the process had died right before it wrote more.
    pub fn write_back(&self, written: &[(PathBuf, Vec<u8>); 2]) {
        for (path, bytes) in written {
            std::fs::write(path, bytes).unwrap();
        }
    }

    /// What is in the temporary folder of the project's runs.
    pub fn left_in_tmp(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.root.path().join("tmp")).unwrap();
        entries
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect()
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
        Running::of(self.command(args))
    }

    /// Runs tipstaff in the project with this on its standard input.
    pub fn tipstaff_reading(&self, args: &[&str], input: &[u8]) -> Output {
        let path = self.outside("standard-input");
        std::fs::write(&path, input).unwrap();
        let mut command = self.command(args);
        command.stdin(std::fs::File::open(path).unwrap());
        Output::of(command.spawn().unwrap())
    }

    /// Ends a run under way by a signal, and waits until its agents have ended as well.
    pub fn end(&self, running: Running, signal: Signal) -> Run {
        running.signal(signal);
        running.wait();
        let run = self.run();
        until("its agents ended with it", || run.processes().is_empty());
        run
    }

    /// The command that runs tipstaff in the project, to be changed before it is started.
    pub fn command<S: AsRef<str>>(&self, args: &[S]) -> Command {
        self.agree(args);
        let mut command = self.program(TIPSTAFF);
        command.args(args.iter().map(AsRef::as_ref));
        command
    }

    /// The same as somebody without privileges runs it: root may read and end everything.
    pub fn as_ordinary_user(&self, args: &[&str]) -> Command {
        if !rustix::process::geteuid().is_root() {
            return self.command(args);
        }
        self.agree(args);
        hand_over(self.root.path());
        let mut command = self.program("setpriv");
        let (user, group) = (format!("--reuid={NOBODY}"), format!("--regid={NOBODY}"));
        command.args([&user, &group, "--clear-groups", TIPSTAFF]);
        command.args(args);
        command
    }

    /// Agrees to what the project says, as its user has done who wrote it.
    pub fn agree<S: AsRef<str>>(&self, args: &[S]) {
        let word = |at: usize| args.get(at).map(AsRef::as_ref);
        if !self.trusts || !matches!(word(0), Some("run" | "check")) {
            return;
        }
        let mut trust = vec!["trust", "--yes"];
        let is_file = |path: &&str| path.ends_with(".yaml") && self.exists(path);
        trust.extend(word(1).filter(is_file));
        let child = self.program(TIPSTAFF).args(trust).spawn();
        // What is wrong with its files is said by the run.
        Output::of(child.unwrap());
    }

    /// The same for any program.
    pub fn program(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        self.prepare(&mut command);
        command
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

/// A process under way. Dropped before its end, as a failing test does, it is killed.
pub struct Running(Option<Child>);

impl Running {
    /// Of a command that is started now.
    pub fn of(mut command: Command) -> Self {
        Self(Some(command.spawn().unwrap()))
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.0.as_ref().expect("it was not waited for").id()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) -> &Self {
        kill(self.pid(), signal);
        self
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        let child = self.0.as_mut().expect("it was not waited for");
        child.try_wait().unwrap().is_some()
    }

    /// Waits for its end.
    pub fn wait(mut self) -> Output {
        Output::of(self.0.take().expect("it was not waited for"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            // Its agents end with it, whether or not it was there to be killed.
            let _ = child.kill();
            let _ = child.wait();
        }
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
    /// Of a process that is waited for.
    pub fn of(child: Child) -> Self {
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

    /// This is on standard output.
    #[track_caller]
    pub fn stdout_has(&self, text: &str) -> &Self {
        assert!(
            self.stdout.contains(text),
            "no {text:?} on standard output\n{self}"
        );
        self
    }

    /// This is nowhere.
    #[track_caller]
    pub fn has_no(&self, text: &str) -> &Self {
        let anywhere = self.stdout.contains(text) || self.stderr.contains(text);
        assert!(!anywhere, "{text:?} is there\n{self}");
        self
    }

    /// This is on standard error.
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

fn hand_over(path: &Path) {
    chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap().flatten() {
            hand_over(&entry.path());
        }
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
