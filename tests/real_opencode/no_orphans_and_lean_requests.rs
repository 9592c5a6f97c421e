//! One OpenCode under its warden, without a workflow: what its tools start ends with it, and what it
//! adds to each request stays small.

use std::collections::BTreeMap;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use tipstaff::agents::{self, Assignment, Carried, Launch, Seed};
use tipstaff::model::{AgentEnv, Contract, ExitStatus, Profile, Purpose, Sections};
use tipstaff::plan::{AgentKind, AgentSpec, ModelSpec};
use tipstaff::process::{ChildSpec, ExitRecord, start};
use tipstaff::rehearsal::{Received, RehearsedCall, Scenario, Server};

use crate::stand::Stand;
use crate::support::{TIPSTAFF, alive};

const DETACHES: &str = "
name: detaches
rules:
  - then:
      - bash: { command: 'setsid nohup sleep 3600 >/dev/null 2>&1 & echo $! > started.pid' }
      - reply: It runs.
";
const TALKS: &str = "{ name: talks, rules: [{ then: [{ reply: I have nothing to add. }] }] }";
const PROMPT: &str = "Do as you were told.";
/// What OpenCode may add to a prompt by itself, in bytes.
const OWN_PART: u64 = 13_000;

#[test]
fn a_workers_detached_process_ends_with_its_call() {
    let stand = Stand::new();
    let Done { exit, received } = run_once(&stand, Profile::Worker, DETACHES);
    assert_eq!(exit.status, ExitStatus::Exited(0), "{exit:?}");
    let pid = stand.sandbox.read("started.pid").trim().parse().unwrap();
    assert!(!alive(pid), "the detached process {pid} lives on");
    assert!(
        exit.leaked.iter().any(|it| it.command.contains("sleep")),
        "it is told of: {exit:?}"
    );
    assert!(exit.survivors.is_empty(), "{exit:?}");
    is_lean(&received);
}

#[test]
fn a_scribes_requests_are_lean() {
    let stand = Stand::new();
    let Done { exit, received } = run_once(&stand, Profile::Writer, TALKS);
    assert_eq!(exit.status, ExitStatus::Exited(0), "{exit:?}");
    is_lean(&received);
}

#[track_caller]
fn is_lean(received: &[Received]) {
    let first = received.iter().find(|request| request.turn == 1).unwrap();
    let own = first.bytes - PROMPT.len() as u64;
    assert!(own <= OWN_PART, "{own} bytes of its own: {first:?}");
    assert!(received.iter().all(|request| !request.aside), "no title");
}

struct Done {
    exit: ExitRecord,
    received: Vec<Received>,
}

/// One OpenCode with this profile in the project itself, to its end.
fn run_once(stand: &Stand, profile: Profile, scenario: &str) -> Done {
    let server = Server::start(Scenario::parse(scenario, "test").unwrap()).unwrap();
    let private = stand.temporary().with_file_name("private");
    std::fs::create_dir(&private).unwrap();
    let launch = describe(stand, profile, &server, &private);
    lay_out(&launch);
    let prompt = private.join("prompt.md");
    std::fs::write(&prompt, PROMPT).unwrap();
    let spec = ChildSpec {
        program: launch.program,
        args: launch.args,
        env: launch.env,
        cwd: launch.cwd,
        stdin: prompt,
        stdout: private.join("events.jsonl"),
        stderr: private.join("stderr.log"),
        record: private.join("exit.json"),
        marker: format!("alone-{}/note.work-1/1", std::process::id()),
        grace: Duration::from_secs(10),
        timeout: None,
        max_output_bytes: None,
        cell: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let exit = runtime.block_on(async {
        let mut child = start(spec, Path::new(TIPSTAFF)).await.unwrap();
        child.wait().await.unwrap()
    });
    Done {
        exit,
        received: server.received(),
    }
}

fn describe(stand: &Stand, profile: Profile, server: &Server, private: &Path) -> Launch {
    let endpoint = server.endpoint(RehearsedCall {
        ballot: None,
        call: "note.work-1".into(),
        phase: "note".into(),
        purpose: Purpose::Work,
        model: "m".into(),
        slot: 1,
        task: None,
        attempt: 1,
        contract: Contract::Document,
        sections: Sections::default(),
        builds_on_others: false,
        request: String::from("a request"),
    });
    let agent = AgentSpec {
        kind: AgentKind::Opencode,
        command: String::from("opencode"),
        args: Vec::new(),
        env: AgentEnv::default(),
        pass_env: Vec::new(),
        sandbox: Default::default(),
        wrapper: Default::default(),
    };
    let model = ModelSpec {
        agent: "opencode".into(),
        id: String::from("test/m"),
        variant: None,
        family: None,
        price: None,
        context: None,
    };
    let project = stand.sandbox.project();
    (agents::of(AgentKind::Opencode).launch)(&Assignment {
        agent: &agent,
        model: &model,
        profile,
        workspace: &project,
        is_closed: false,
        private,
        prompt: "",
        title: "note",
        vars: &BTreeMap::new(),
        endpoint: Some(&endpoint),
        carried: &Carried::nothing(&project),
        environment: &BTreeMap::from([("PATH".into(), crate::stand::path().into())]),
    })
    .unwrap()
}

fn lay_out(launch: &Launch) {
    use std::io::Write;
    for file in &launch.files {
        std::fs::create_dir_all(file.path.parent().unwrap()).unwrap();
        match &file.seed {
            Seed::Folder => std::fs::create_dir_all(&file.path).unwrap(),
            Seed::Link { target } => std::os::unix::fs::symlink(target, &file.path).unwrap(),
            Seed::Secret { content } => std::fs::write(&file.path, content).unwrap(),
            Seed::File { content, mode } => {
                let mut options = std::fs::OpenOptions::new();
                let file = options
                    .write(true)
                    .create_new(true)
                    .mode(*mode)
                    .open(&file.path);
                file.unwrap().write_all(content.as_bytes()).unwrap();
            }
        }
    }
}
