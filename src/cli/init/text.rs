//! The configuration as YAML, with remarks.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::Project;
use super::names::Names;
use crate::config::catalogue;
use crate::model::ModelName;
use crate::plan::ModelSpec;

pub fn render(names: &Names, project: &Project) -> String {
    let mut text = "# How tipstaff works in this project; `tipstaff schema config` prints every key. What is yours\n\
                    # alone belongs into ~/.config/tipstaff/config.yaml, which has the same form.\n"
        .to_owned();
    models(&mut text, names);
    roles(&mut text, names);
    verify(&mut text, project);
    setup(&mut text, project);
    text
}

fn models(text: &mut String, names: &Names) {
    text.push_str(
        "\n# What the names in workflows stand for; `tipstaff models` lists all of them.\n",
    );
    if names.reached() == 0 {
        text.push_str(
            "# No model can be used on this machine yet: `tipstaff doctor` says why. Then, for example:\n\
             # models:\n#   claude-opus: { agent: opencode, id: anthropic/claude-opus-5-5 }\n",
        );
        return;
    }
    if names.elsewhere.is_empty() && names.instead.is_empty() {
        text.push_str(
            "# All of them can be used on this machine as they are built in.\n# models:\n",
        );
        return;
    }
    text.push_str("models:\n");
    let mut group = |remark: &str, models: &BTreeMap<ModelName, ModelSpec>| {
        if !models.is_empty() {
            let _ = writeln!(text, "  # {remark}");
        }
        for (name, spec) in models {
            let _ = writeln!(text, "  {}: {}", quoted(name.as_str()), entry(spec));
        }
    };
    group(
        "By an agent or provider that is signed in here:",
        &names.elsewhere,
    );
    let remark = match names.reached() {
        1 => {
            "One model stands for all others. Several proposals of it differ less than those of several models."
        }
        _ => "Not to be reached here; these stand in. Take a line away once its model can be used.",
    };
    group(remark, &names.instead);
}

fn entry(spec: &ModelSpec) -> String {
    let mut parts = vec![format!("agent: {}", quoted(spec.agent.as_str()))];
    let known = catalogue().model(&spec.id);
    let texts = [
        ("id", Some(&spec.id).filter(|id| !id.is_empty())),
        ("variant", spec.variant.as_ref()),
        (
            "family",
            spec.family.as_ref().filter(|_| known.family.is_none()),
        ),
    ];
    for (key, value) in texts {
        parts.extend(value.map(|value| format!("{key}: {}", quoted(value))));
    }
    if let Some(price) = spec.price.filter(|_| known.price.is_none()) {
        parts.push(format!(
            "price: {{ input: {}, output: {} }}",
            price.input, price.output
        ));
    }
    let context = spec.context.filter(|_| known.context.is_none());
    parts.extend(context.map(|context| format!("context: {context}")));
    format!("{{ {} }}", parts.join(", "))
}

fn roles(text: &mut String, names: &Names) {
    text.push_str("\n# Who does what: the first choice, then fallbacks.\nroles:\n");
    for (role, chain) in &names.roles {
        let chain: Vec<String> = chain.iter().map(|name| quoted(name)).collect();
        let _ = writeln!(text, "  {}: [{}]", quoted(role), chain.join(", "));
    }
}

fn verify(text: &mut String, project: &Project) {
    text.push_str(
        "\n# What tipstaff runs itself on each phase's changes: no model says how it went.\n",
    );
    let _ = match &project.verify {
        Some(command) => writeln!(text, "verify: {}", quoted(command)),
        None => writeln!(text, "# verify: make test"),
    };
}

fn setup(text: &mut String, project: &Project) {
    text.push_str(
        "\n# What agents and these commands need, installed once for each state of the files of `when`.\n",
    );
    if project.setup.is_empty() {
        text.push_str("# setup:\n#   - { run: npm ci, when: [package-lock.json] }\n");
        return;
    }
    text.push_str("setup:\n");
    for (run, when) in &project.setup {
        let when: Vec<String> = when.iter().map(|file| quoted(file)).collect();
        let _ = writeln!(
            text,
            "  - {{ run: {}, when: [{}] }}",
            quoted(run),
            when.join(", ")
        );
    }
}

/// As YAML takes it for a text, whatever it holds.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let is_word =
        ["true", "false", "null", "yes", "no", "on", "off"].contains(&&*text.to_lowercase());
    match begins && !is_word && text.chars().all(is_plain) {
        true => text.to_owned(),
        false => serde_json::Value::from(text).to_string(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::load;
    use crate::model::AgentName;
    use crate::plan::Price;
    use crate::yaml::Source;

    proptest! {
        #[test]
        fn what_is_written_is_what_is_read(
            id in "[ -~]{1,20}/[!-~]{1,20}", command in "[ -~]{1,40}", file in "[a-z.]{1,9}", price in 0_u32..500,
        ) {
            let command = format!("x{command}x");
            let id = format!("a{}z", id.trim());
            let spec = ModelSpec {
                agent: AgentName::new("opencode"),
                id: id.clone(),
                variant: None,
                family: Some("acme: inc".to_owned()),
                price: Some(Price { input: f64::from(price) / 8.0, output: 3.0, cache_read: None, cache_write: None }),
                context: Some(1000),
            };
            let one = BTreeMap::from([(ModelName::new("gpt-4o"), spec.clone())]);
            let names = Names {
                elsewhere: one.clone(),
                roles: BTreeMap::from([("planner".to_owned(), vec!["gpt-4o".to_owned(), "gpt".to_owned()])]),
                ..Names::default()
            };
            let file = format!("x{file}");
            let project = Project { verify: Some(command.clone()), setup: vec![(command.clone(), vec![file.clone()])] };
            let text = render(&names, &project);
            let config = load(&[Source::new("x", &*text)]).unwrap();
            prop_assert_eq!(&config.models[&ModelName::new("gpt-4o")], &spec);
            prop_assert_eq!(&config.roles["planner"], &["gpt-4o", "gpt"]);
            prop_assert_eq!(&config.verify_with, std::slice::from_ref(&command));
            let steps = config.setup.unwrap();
            prop_assert_eq!((&steps[0].run, &steps[0].when), (&command, &vec![file]));
        }
    }

    #[test]
    fn without_anything_it_is_still_a_configuration() {
        let project = Project {
            verify: None,
            setup: Vec::new(),
        };
        let names = Names {
            roles: BTreeMap::from([("planner".to_owned(), vec!["gpt".to_owned()])]),
            ..Names::default()
        };
        let text = render(&names, &project);
        load(&[Source::new("x", &*text)]).unwrap();
        assert!(text.lines().all(|line| line.len() <= 100), "{text}");
    }
}
