//! A provider that has nothing left from the fifth request on is not asked again, by no run; another one is.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tipstaff::model::{Contract, Purpose, Sections};
use tipstaff::rehearsal::{RehearsedCall, Scenario, Server};

use crate::stand::Stand;
use crate::support::{Run, Running, fake_agent};

const PROPOSERS: usize = 8;

/// The rehearsal of an ensemble whose proposers are of one account, two at a time. The scenario's refusal may name a time.
fn rehearse(judge: &str, headers: &str, code: i32) -> Stand {
    let refusal =
        format!("then: [{{ error: {{ status: 429, cause: quota, headers: {{ {headers} }} }} }}]");
    let stand = Stand::new();
    let models: Vec<String> = (1..=PROPOSERS).map(|number| format!("m{number}")).collect();
    let ids = models
        .iter()
        .map(|name| format!("  {name}: {{ agent: opencode, id: test/{name} }}\n"));
    let ids: String = ids.collect();
    stand.sandbox.user_config(&format!(
        "limits: {{ concurrency: 2 }}\nmodels:\n{ids}  same: {{ agent: opencode, id: test/judge }}\n  \
         other: {{ agent: opencode, id: other/judge }}\n"
    ));
    let models = models.join(", ");
    stand.sandbox.write(
        ".tipstaff/workflows/evening.yaml",
        &format!(
            "name: evening\nphases:\n  - name: plan\n    type: ensemble\n    models: [{models}]\n    \
             judge: {judge}\n    context_strategy: fresh\n    retries: 2\n"
        ),
    );
    let serves = (1..=4).map(|number| {
        format!("  - when: {{ model: m{number} }}\n    then: [{{ reply: A plan with steps. }}]\n")
    });
    let serves: String = serves.collect();
    let scenario = stand.scenario(&format!(
        "name: evening\nrules:\n{serves}  - when: {{ model: \"m*\" }}\n    {refusal}\n  - when: {{ model: same }}\n    {refusal}\n"
    ));
    let args = [
        "run",
        "evening",
        "Add rate limiting",
        "--rehearse",
        &scenario,
    ];
    stand.sandbox.tipstaff(&args).exits_with(code);
    stand
}

/// Those that were under way at the first refusal are the last ones that asked.
fn nothing_was_sent_after_the_first_refusal(stand: &Stand) {
    let events = stand.events();
    let account = |event: &serde_json::Value| event["account"].as_str().map(str::to_owned);
    let at = events.iter().position(|(name, _)| name == "account_parked");
    let at = at.expect("the account is parked");
    assert_eq!(account(&events[at].1).as_deref(), Some("opencode/test"));
    let started = |(name, event): &&(String, serde_json::Value)| {
        name == "attempt_started" && event["model"] != "other"
    };
    assert_eq!(events[at..].iter().filter(started).count(), 0);
    let received = stand.received();
    let proposing = received
        .iter()
        .filter_map(|request| request["call"].as_str());
    let asked: BTreeSet<&str> = proposing.filter(|call| call.contains("propose")).collect();
    assert!((5..=6).contains(&asked.len()), "{asked:?}");
}

#[test]
fn account_without_quota_is_asked_no_more() {
    let stand = rehearse("same", "retry-after: \"3600\"", 5);
    nothing_was_sent_after_the_first_refusal(&stand);
    let parked = &stand.events_named("account_parked")[0];
    assert_eq!(parked["why"], "quota");
}

#[test]
fn judge_of_another_account_goes_on_without_a_time_named() {
    let stand = rehearse("other", "", 0);
    nothing_was_sent_after_the_first_refusal(&stand);
}

/// A provider of OpenCode's that a scripted server plays: the first four requests of `limited` are served.
fn provider(server: &Server, name: &str) -> (String, Value) {
    let endpoint = server.endpoint(RehearsedCall {
        ballot: None,
        call: name.into(),
        phase: "plan".into(),
        purpose: Purpose::Propose,
        model: name.into(),
        slot: 1,
        task: None,
        attempt: 1,
        contract: Contract::Document,
        sections: Sections::default(),
        builds_on_others: false,
        request: String::from("Add rate limiting"),
    });
    let model = json!({ "limit": { "context": 100_000, "output": 8_000 } });
    let provider = json!({
        "npm": "@ai-sdk/openai-compatible",
        "options": { "baseURL": endpoint.base_url, "apiKey": endpoint.key },
        "models": { "m": model },
    });
    (name.to_owned(), provider)
}

#[test]
fn two_runs_at_once_stop_at_the_first_refusal_and_another_account_goes_on() {
    let served = "then: [{ reply: A plan with steps. }]";
    let scenario = format!(
        "name: two\nrules:\n  - {{ when: {{ model: limited }}, times: 4, {served} }}\n  \
         - {{ when: {{ model: limited }}, then: [{{ error: {{ status: 429, cause: quota }} }}] }}\n  - {{ {served} }}\n"
    );
    let server = Server::start(Scenario::parse(&scenario, "two.yaml").unwrap()).unwrap();
    let stand = Stand::new();
    let providers = ["limited", "free"].map(|name| provider(&server, name));
    let providers: serde_json::Map<_, _> = providers.into_iter().collect();
    let config = stand.sandbox.home().join(".config/opencode/opencode.json");
    std::fs::create_dir_all(config.parent().unwrap()).unwrap();
    std::fs::write(config, json!({ "provider": providers }).to_string()).unwrap();
    let script = stand.sandbox.outside("judge.yaml");
    std::fs::write(&script, "- do: [done]\n").unwrap();
    stand.sandbox.user_config(&format!(
        "limits: {{ concurrency: 2 }}\nagents:\n  scripted: {{ kind: command, command: {}, args: [--script, {}] }}\n\
         models:\n  limited: {{ agent: opencode, id: limited/m }}\n  free: {{ agent: opencode, id: free/m }}\n  \
         scripted: {{ agent: scripted }}\n",
        fake_agent(),
        script.display()
    ));
    for (name, more) in [
        ("alone", "quorum: 5"),
        ("helped", "substitute: [free, free]"),
    ] {
        let models = "limited, limited, limited, limited, limited";
        stand.sandbox.write(
            &format!(".tipstaff/workflows/{name}.yaml"),
            &format!(
                "name: {name}\nphases:\n  - name: plan\n    type: ensemble\n    models: [{models}]\n    \
                 judge: scripted\n    {more}\n    context_strategy: fresh\n"
            ),
        );
    }
    let runs = ["alone", "helped"].map(|name| stand.sandbox.start(&["run", name, "Plan it"]));
    let [alone, helped] = runs.map(Running::wait);
    alone.exits_with(5).stderr_has("opencode/limited's quota");
    helped.succeeds().stderr_has("in the place of limited");
    let received = server.received();
    let asked = |name: &str| {
        received
            .iter()
            .filter(|one| one.call.as_str() == name)
            .count()
    };
    // Four were served, and no more than four were under way then.
    assert!((5..=8).contains(&asked("limited")), "{received:?}");
    assert!((1..=2).contains(&asked("free")), "{received:?}");
    let folders = std::fs::read_dir(stand.sandbox.project().join(".tipstaff/runs")).unwrap();
    let starts = folders
        .flatten()
        .filter(|folder| folder.path().is_dir())
        .flat_map(|folder| Run::at(folder.path()).all("attempt_started"));
    let starts = starts.filter(|start| start["model"] == "limited").count();
    assert!((5..=8).contains(&starts), "{starts}");
}
