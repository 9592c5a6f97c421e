//! One trivial call of each other agent through tipstaff, against the program as it comes.

use std::path::Path;

use tipstaff::model::Endpoint;
use tipstaff::process::ExitRecord;
use tipstaff::rehearsal::{Scenario, Server};

use crate::figure::{Figure, median};
use crate::ground::{Ground, TIPSTAFF};
use crate::measure::measure;
use crate::opencode::{REQUEST, ROUNDS, SCENARIO};
use crate::page::Measured;
use crate::plain::endpoint;

const NOTE: &str = "\
Both sides ask the same scripted model, in turns, each time in a new home; the whole run counts as ours: snapshot,
scripted models, summary. The other side is the program with a prompt on standard input and nothing else
configured but where its model is, kept off the network.
";

/// An agent as people start it: its name here and in configurations, the model, and the command.
struct Plain {
    agent: &'static str,
    figures: [&'static str; 4],
    id: &'static str,
    /// Variables and arguments for `env`.
    command: fn(&Endpoint) -> Vec<String>,
    /// A file of its home.
    file: Option<(&'static str, &'static str)>,
}

const AGENTS: [Plain; 4] = [
    Plain {
        agent: "claude",
        figures: [
            "time of one Claude Code call to a plain one",
            "processor time of one Claude Code call to a plain one",
            "peak memory of one Claude Code call to a plain one",
            "time of three Claude Code calls at once to three plain ones",
        ],
        id: "claude-sonnet-5",
        command: |endpoint| {
            words(&[
                &format!("ANTHROPIC_BASE_URL={}", endpoint.root()),
                &format!("ANTHROPIC_API_KEY={}", endpoint.key),
                "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1",
                "DISABLE_AUTOUPDATER=1",
                "claude",
                "-p",
                "--model",
                "claude-sonnet-5",
                "--output-format",
                "stream-json",
                "--verbose",
            ])
        },
        file: None,
    },
    Plain {
        agent: "codex",
        figures: [
            "time of one Codex call to a plain one",
            "processor time of one Codex call to a plain one",
            "peak memory of one Codex call to a plain one",
            "time of three Codex calls at once to three plain ones",
        ],
        id: "gpt-5.5",
        command: |endpoint| {
            let provider = format!(
                "model_providers.x={{name=\"x\",base_url=\"{}\",wire_api=\"responses\",env_key=\"X_KEY\"}}",
                endpoint.base_url
            );
            words(&[
                &format!("X_KEY={}", endpoint.key),
                "codex",
                "exec",
                "--json",
                "--skip-git-repo-check",
                "-m",
                "gpt-5.5",
                "-c",
                "model_provider=\"x\"",
                "-c",
                &provider,
                "-c",
                "analytics.enabled=false",
                "--disable",
                "plugins",
                "--disable",
                "apps",
                "-",
            ])
        },
        file: None,
    },
    Plain {
        agent: "gemini",
        figures: [
            "time of one Gemini CLI call to a plain one",
            "processor time of one Gemini CLI call to a plain one",
            "peak memory of one Gemini CLI call to a plain one",
            "time of three Gemini CLI calls at once to three plain ones",
        ],
        id: "gemini-2.5-pro",
        command: |endpoint| {
            words(&[
                &format!("GOOGLE_GEMINI_BASE_URL={}", endpoint.root()),
                &format!("GEMINI_API_KEY={}", endpoint.key),
                "GEMINI_CLI_TRUST_WORKSPACE=true",
                "gemini",
                "-m",
                "gemini-2.5-pro",
                "-o",
                "stream-json",
            ])
        },
        file: Some((
            ".gemini/settings.json",
            r#"{"security":{"auth":{"selectedType":"gemini-api-key"}},"telemetry":{"enabled":false},"privacy":{"usageStatisticsEnabled":false},"general":{"enableAutoUpdate":false,"enableAutoUpdateNotification":false}}"#,
        )),
    },
    Plain {
        agent: "qwen",
        figures: [
            "time of one Qwen Code call to a plain one",
            "processor time of one Qwen Code call to a plain one",
            "peak memory of one Qwen Code call to a plain one",
            "time of three Qwen Code calls at once to three plain ones",
        ],
        id: "qwen3-coder-plus",
        command: |endpoint| {
            words(&[
                &format!("OPENAI_BASE_URL={}", endpoint.base_url),
                &format!("OPENAI_API_KEY={}", endpoint.key),
                "qwen",
                "--auth-type",
                "openai",
                "-m",
                "qwen3-coder-plus",
                "-o",
                "stream-json",
            ])
        },
        file: Some((
            ".qwen/settings.json",
            r#"{"privacy":{"usageStatisticsEnabled":false},"general":{"enableAutoUpdate":false},"memory":{"enableManagedAutoMemory":false}}"#,
        )),
    },
];

pub fn figures() -> Measured {
    let figures: Vec<Figure> = AGENTS.iter().flat_map(of).collect();
    Measured {
        notes: NOTE.to_owned(),
        ..figures.into()
    }
}

fn of(plain: &Plain) -> Vec<Figure> {
    let ground = Ground::new();
    let name = plain.agent;
    let config = format!(
        "agents:\n  {name}: {{}}\nmodels:\n  it: {{ agent: {name}, id: {} }}\n",
        plain.id
    );
    ground.put("home/.config/tipstaff/config.yaml", &config);
    let workflow = |phase: &str| format!("name: trivial\nphases:\n  - {phase}\n");
    let single = workflow("{ name: hello, model: it, prompt: general }");
    ground.put("project/.tipstaff/workflows/trivial.yaml", &single);
    let scenario = ground.put("trivial.yaml", SCENARIO);
    let prompt = ground.put("prompt.md", REQUEST);
    let through = [
        "run",
        "trivial",
        REQUEST,
        "--rehearse",
        &scenario.to_string_lossy(),
    ];
    let through = through.map(str::to_owned);
    let (mut direct, mut ours) = (Vec::new(), Vec::new());
    let (mut three_direct, mut three_ours) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let parsed = Scenario::parse(SCENARIO, "trivial").expect("the scenario is valid");
        let server = Server::start(parsed).expect("a server can be started");
        let home = format!("plain-{round}");
        ground.put(&format!("{home}/.keep"), "");
        if let Some((path, text)) = plain.file {
            ground.put(&format!("{home}/{path}"), text);
        }
        let command = (plain.command)(&endpoint(&server, &home));
        let env = Path::new("/usr/bin/env");
        direct.push(measure(&ground, &home, env, &command, &prompt));
        let nothing = Path::new("/dev/null");
        let tipstaff = Path::new(TIPSTAFF);
        ours.push(measure(&ground, "home", tipstaff, &through, nothing));
        let shell = Path::new("/bin/sh");
        let three = three(env, &command, &prompt);
        three_direct.push(measure(&ground, &home, shell, &three, nothing));
        let three = self::three(tipstaff, &through, nothing);
        three_ours.push(measure(&ground, "home", shell, &three, nothing));
    }
    let [time, processor, memory, at_once] = plain.figures;
    vec![
        ratio(time, Some(1.05), "ms", (&ours, &direct), |exit| {
            exit.wall_ms.0 as f64
        }),
        ratio(processor, None, "ms", (&ours, &direct), |exit| {
            exit.cpu_ms as f64
        }),
        ratio(memory, None, "MB", (&ours, &direct), |exit| {
            exit.max_rss_kib as f64 * 1024.0 / 1e6
        }),
        ratio(at_once, None, "ms", (&three_ours, &three_direct), |exit| {
            exit.wall_ms.0 as f64
        }),
    ]
}

/// Arguments of a shell that runs a command three times at once, each with this standard input.
fn three(program: &Path, command: &[String], input: &Path) -> Vec<String> {
    let script = "for one in 1 2 3; do \"$@\" < \"$0\" & done; wait";
    let places = [input, program].map(|path| path.to_string_lossy().into_owned());
    let words = ["-c".to_owned(), script.to_owned()].into_iter();
    words.chain(places).chain(command.iter().cloned()).collect()
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn ratio(
    what: &'static str,
    target: Option<f64>,
    unit: &str,
    (ours, direct): (&[ExitRecord], &[ExitRecord]),
    of: impl Fn(&ExitRecord) -> f64,
) -> Figure {
    let ours = median(ours.iter().map(&of).collect());
    let direct = median(direct.iter().map(&of).collect());
    Figure {
        what,
        value: ours / direct,
        unit: "",
        target,
        from: format!("{ours:.0} {unit} to {direct:.0} {unit}; medians of {ROUNDS}"),
    }
}
