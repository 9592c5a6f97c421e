//! Both flows, for real: OpenCode as it comes in one continued session, and tipstaff with the bundled
//! workflow. What counts is what the model's server received.

use std::fmt;

use tipstaff::rehearsal::{Scenario, Server};

use super::script::{exchanges, of_session, of_workflow};
use super::work::{Work, repository};
use crate::ground::Ground;
use crate::plain::Plain;

/// The requests of a flow, in the order in which they came.
pub struct Flow {
    pub requests: Vec<Request>,
}

/// One request.
pub struct Request {
    /// The call it belongs to.
    pub call: String,
    pub size: Size,
}

/// How much a model is given to read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Size {
    pub bytes: u64,
    /// By the project's own estimate, `context::tokens`.
    pub tokens: u64,
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let thousands = |number: u64| number as f64 / 1000.0;
        let (bytes, tokens) = (thousands(self.bytes), thousands(self.tokens));
        write!(f, "{bytes:.0} KB, {tokens:.1}k tokens")
    }
}

impl Flow {
    /// The largest request of the calls of this name, or of all, if it is empty.
    pub fn peak(&self, call: &str) -> &Request {
        let fitting = self
            .requests
            .iter()
            .filter(|request| call.is_empty() || request.call == call);
        fitting
            .max_by_key(|request| request.size.tokens)
            .expect("there are requests of such a call")
    }

    /// All requests together.
    pub fn total(&self) -> Size {
        let sizes = self.requests.iter().map(|request| request.size);
        sizes.fold(Size::default(), |sum, size| Size {
            bytes: sum.bytes + size.bytes,
            tokens: sum.tokens + size.tokens,
        })
    }
}

/// One session, continued from the plan through each task to the audit.
pub fn session(work: Work) -> Flow {
    let ground = Ground::holding(repository());
    let exchanges = exchanges(work);
    let scenario = of_session(&exchanges).to_string();
    let scenario = Scenario::parse(&scenario, "session").expect("the scenario is valid");
    let server = Server::start(scenario).expect("a server can be started");
    let opencode = Plain::new(&ground, "session", &server);
    let mut session: Option<String> = None;
    for exchange in &exchanges {
        let more = match &session {
            // With a title of its own it asks the model for none.
            None => vec!["--title", "records"],
            Some(id) => vec!["--session", id],
        };
        opencode.run(&exchange.prompt, &more);
        session = session.or_else(|| Some(session_id(&ground)));
    }
    is_done(&ground, work);
    let requests = server.received().into_iter().map(|received| Request {
        call: received.call.to_string(),
        size: Size {
            bytes: received.bytes,
            tokens: received.prompt_tokens,
        },
    });
    Flow {
        requests: requests.collect(),
    }
}

/// The bundled workflow, as it is.
pub fn workflow(work: Work) -> Flow {
    let ground = Ground::holding(repository());
    let scenario = ground.put("scenario.yaml", &of_workflow(work).to_string());
    let scenario = scenario.to_string_lossy();
    let args = [
        "run",
        "feature-build",
        &work.request(),
        "--rehearse",
        &scenario,
    ];
    ground.tipstaff(&args.map(str::to_owned));
    is_done(&ground, work);
    let log = std::fs::read_to_string(ground.run_folder().join("rehearsal.jsonl"));
    let requests = log.expect("a rehearsed run has a log of requests");
    Flow {
        requests: requests.lines().map(request).collect(),
    }
}

/// One line of the log.
fn request(line: &str) -> Request {
    let line: serde_json::Value = serde_json::from_str(line).expect("the log is JSON");
    let number = |key: &str| line[key].as_u64().expect("the log has numbers");
    Request {
        call: line["call"]
            .as_str()
            .expect("the log names calls")
            .to_owned(),
        size: Size {
            bytes: number("bytes"),
            tokens: number("prompt_tokens"),
        },
    }
}

/// The session's name, from the first line that OpenCode printed.
fn session_id(ground: &Ground) -> String {
    let printed = std::fs::read_to_string(ground.path("stdout")).expect("it printed something");
    let first = printed.lines().next().expect("it printed an event");
    let event: serde_json::Value = serde_json::from_str(first).expect("events are JSON");
    let id = event["sessionID"].as_str();
    id.expect("events name their session").to_owned()
}

/// The files are as the tasks want them, in either flow.
fn is_done(ground: &Ground, work: Work) {
    for task in work.tasks() {
        let path = ground.path(&format!("project/{}", task.source));
        let text = std::fs::read_to_string(path).expect("the module is there");
        assert!(text.contains(&task.new), "{} was not done", task.id);
    }
}
