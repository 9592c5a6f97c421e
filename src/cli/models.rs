//! `tipstaff models [WORKFLOW]`: which names stand for which models, and who says so.

use std::fmt::Write;

use serde_json::{Value, json};

use super::args::ModelsArgs;
use super::failure::{Exit, Failure};
use super::library::find_workflow;
use super::print;
use super::settings::{Configuration, Settings, mistakes_in};
use crate::config::{self, Config, catalogue};
use crate::report::{Screen, Table, clean, or_nothing, token_count};
use crate::workflow;
use crate::yaml::{Source, Spot, has_errors};

pub fn models(settings: &Settings, args: &ModelsArgs) -> Result<Exit, Failure> {
    let Configuration {
        mut config,
        mut sources,
        ..
    } = settings.configuration()?;
    // The weakest first, as they are laid over each other.
    sources.rotate_right(1);
    if let Some(wanted) = &args.workflow {
        let found = find_workflow(settings, wanted)?;
        sources.push(found.source.clone());
        let mistaken = |mistakes: Vec<_>| mistakes_in(&mistakes, &sources);
        let workflow = workflow::parse(&found.source).map_err(mistaken)?;
        let (with, mistakes) = config.with(&workflow.layer);
        if has_errors(&mistakes) {
            return Err(mistaken(mistakes));
        }
        config = with;
    }
    if args.json {
        print::json(&as_json(&config))?;
    } else {
        print::data(&as_text(&config, &sources))?;
    }
    Ok(Exit::Done)
}

/// What each source says and no stronger one replaces, the weakest first.
fn as_text(config: &Config, sources: &[Source]) -> String {
    let date = &catalogue().date;
    // Programs read whole lines.
    let width = match Screen::Stdout.is_terminal() {
        true => Screen::Stdout.columns(),
        false => usize::MAX,
    };
    let mut text = String::new();
    for source in sources {
        let is_here = |spot: Option<&Spot>| spot.is_some_and(|spot| spot.source == source.name);
        let tables = tables(config, width, is_here);
        if tables.is_empty() {
            continue;
        }
        let _ = match source.name == config::builtin().name {
            true => writeln!(text, "built-in, of {date}\n{tables}"),
            false => writeln!(text, "{}\n{tables}", clean(&source.name)),
        };
    }
    text.push_str(
        "Prices: US dollars per million tokens. Prices and windows that no file names are\n",
    );
    let _ = writeln!(text, "of {date}.");
    text
}

fn tables(config: &Config, width: usize, is_here: impl Fn(Option<&Spot>) -> bool) -> String {
    let mut agents = Table::new(2, &["agent", "kind", "command"]);
    for (name, agent) in &config.agents {
        if is_here(config.spot_of_agent(name.as_str())) {
            let command = std::iter::once(&agent.command).chain(&agent.args);
            let command: Vec<&str> = command.map(String::as_str).collect();
            agents.row([
                clean(name),
                json!(agent.kind).as_str().unwrap_or_default().to_owned(),
                clean(command.join(" ")),
            ]);
        }
    }
    let columns = ["model", "agent", "id", ">input", ">output", ">window"];
    let mut models = Table::new(2, &columns);
    for (name, model) in &config.models {
        if is_here(config.spot_of_model(name.as_str())) {
            let variant = model.variant.iter().map(|variant| format!("@{variant}"));
            let id: String = std::iter::once(model.id.clone()).chain(variant).collect();
            models.row([
                clean(name),
                clean(&model.agent),
                clean(id),
                or_nothing(model.price.map(|price| price.input.to_string())),
                or_nothing(model.price.map(|price| price.output.to_string())),
                or_nothing(model.context.map(token_count)),
            ]);
        }
    }
    let mut roles = Table::new(2, &["role", "models, the first choice first"]);
    for (name, chain) in &config.roles {
        if is_here(config.spot_of_role(name)) {
            roles.row([clean(name), clean(chain.join(", "))]);
        }
    }
    let [agents, models, roles] = [agents, models, roles].map(|table| table.within(width));
    format!("{agents}{models}{roles}")
}

fn as_json(config: &Config) -> Value {
    let from = |spot: Option<&Spot>| {
        spot.map(|spot| json!({ "source": &*spot.source, "line": spot.place.line }))
    };
    let agents = config.agents.iter().map(|(name, agent)| {
        json!({
            "name": name, "kind": agent.kind, "command": agent.command, "args": agent.args,
            "from": from(config.spot_of_agent(name.as_str())),
        })
    });
    let models = config.models.iter().map(|(name, model)| {
        let spot = config.spot_of_model(name.as_str());
        let mut value = json!({ "name": name, "from": from(spot) });
        let spec = serde_json::to_value(model).unwrap_or_default();
        if let (Value::Object(value), Value::Object(spec)) = (&mut value, spec) {
            value.extend(spec);
        }
        value
    });
    let roles = config.roles.iter().map(|(name, chain)| {
        json!({ "name": name, "models": chain, "from": from(config.spot_of_role(name)) })
    });
    json!({
        "data_of": catalogue().date,
        "agents": agents.collect::<Vec<_>>(),
        "models": models.collect::<Vec<_>>(),
        "roles": roles.collect::<Vec<_>>(),
    })
}
