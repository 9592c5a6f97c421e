//! A provider that has nothing left from the fifth request on is not asked again; another one is.

use std::collections::BTreeSet;

use crate::stand::Stand;

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
