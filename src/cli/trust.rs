//! `tipstaff trust`: agreeing to the orders that a project gives; and asking for it where a run would obey them.

use std::path::Path;

use super::args::{OutputArgs, TrustArgs};
use super::ask::{agrees, is_at_a_terminal};
use super::failure::{Exit, Failure};
use super::library::{project_path, replaced};
use super::print;
use super::settings::{Settings, unreadable};
use crate::agents::LeftOut;
use crate::config::Config;
use crate::plan::Plan;
use crate::report::{counted, shell_word};
use crate::trust::{
    CONFIG, Known, OF_AGENTS, Order, PROMPTS, Register, WORKFLOWS, agent_config, names_in, orders,
    state_folder,
};

pub fn trust(settings: &Settings, args: &TrustArgs) -> Result<Exit, Failure> {
    let mut register = register(settings)?;
    if args.revoke {
        register.revoke()?;
        print::data("no order of this project is in force any more\n")?;
        return Ok(Exit::Done);
    }
    let base = settings.configuration()?.base;
    let all = find(settings, &base, &all_files(settings, args)?)?;
    let (known, open): (Vec<_>, Vec<_>) = all.iter().partition(|order| register.knows(order));
    if args.show {
        print::data(&shown("you agreed to", &known, &register))?;
        print::data(&shown("you have not agreed to", &open, &register))?;
        for order in open.iter().filter(|order| !order.text.is_empty()) {
            let lines = order.text.lines().map(|line| format!("  {line}\n"));
            print::data(&format!("\n{}\n{}", order.path, lines.collect::<String>()))?;
        }
        return Ok(Exit::Done);
    }
    if !open.is_empty() {
        confirm(&mut register, &open, args.yes, is_at_a_terminal())?;
    }
    print::data(&match all.len() {
        0 => "this project gives no orders\n".to_owned(),
        count => format!(
            "you agreed to the orders of {}; `tipstaff trust --show` lists them\n",
            counted(count as u64, "file")
        ),
    })?;
    Ok(Exit::Done)
}

/// Whether everything is agreed to that a run with this plan would obey, which was made of these files of the
/// project. The person at the terminal is asked for the rest, once for all of it.
pub fn agree(
    settings: &Settings,
    plan: &Plan,
    base: &Config,
    paths: &[String],
    output: &OutputArgs,
) -> Result<(), Failure> {
    let used = used(settings, plan, base, paths)?;
    if used.is_empty() {
        return Ok(());
    }
    let mut register = register(settings)?;
    let open: Vec<&Order> = used.iter().filter(|order| !register.knows(order)).collect();
    let may_ask = !output.json && !output.yes && is_at_a_terminal();
    match open.is_empty() {
        true => Ok(()),
        false => confirm(&mut register, &open, false, may_ask),
    }
}

/// Says which orders of the project a run with this plan would obey. Whether what the plan names may be started:
/// that all of them are agreed to.
pub fn remark(
    settings: &Settings,
    plan: &Plan,
    base: &Config,
    paths: &[String],
) -> Result<bool, Failure> {
    let used = used(settings, plan, base, paths)?;
    if used.is_empty() {
        return Ok(true);
    }
    let register = register(settings)?;
    let (known, open): (Vec<_>, Vec<_>) = used.iter().partition(|order| register.knows(order));
    let head = "note: orders of this project that you agreed to";
    let mut text = shown(head, &known, &register);
    if !open.is_empty() {
        let head = "warning: orders of this project that you have not agreed to";
        text.push_str(&shown(head, &open, &register));
        let trust = command(&open);
        text.push_str(&format!(
            "hint: `{trust}` asks whether you agree; nothing of it is started before\n"
        ));
    }
    print::note(&text);
    Ok(open.is_empty())
}

/// Whether everything is agreed to that a run with this plan would obey; nobody is asked and nothing is said.
pub fn is_agreed(
    settings: &Settings,
    plan: &Plan,
    base: &Config,
    paths: &[String],
) -> Result<bool, Failure> {
    all_known(settings, &used(settings, plan, base, paths)?)
}

/// Whether every order of the project's configuration is agreed to.
pub fn is_configuration_agreed(settings: &Settings, base: &Config) -> Result<bool, Failure> {
    all_known(settings, &find(settings, base, &[CONFIG.to_owned()])?)
}

/// Agrees to the project's configuration as it is now.
pub fn agree_to_configuration(settings: &Settings, base: &Config) -> Result<(), Failure> {
    let orders = find(settings, base, &[CONFIG.to_owned()])?;
    let orders: Vec<&Order> = orders.iter().collect();
    match orders.is_empty() {
        true => Ok(()),
        false => Ok(register(settings)?.agree(&orders)?),
    }
}

fn all_known(settings: &Settings, orders: &[Order]) -> Result<bool, Failure> {
    if orders.is_empty() {
        return Ok(true);
    }
    let register = register(settings)?;
    Ok(orders.iter().all(|order| register.knows(order)))
}

/// Which configuration of agent CLIs in the project is trusted as a whole, by path and text.
pub fn trusted_agent_config(settings: &Settings) -> impl Fn(&Path, &str) -> bool {
    // Without a place to keep it, nothing was ever agreed to.
    let register = register(settings).ok();
    let root = settings.project.root.clone();
    move |path, text| {
        let path = path.strip_prefix(&root).ok().and_then(Path::to_str);
        let order = path.map(|path| agent_config(path, text));
        register
            .as_ref()
            .zip(order)
            .is_some_and(|(register, order)| register.knows(&order))
    }
}

/// Says what an agent CLI is not told, since the project is not trusted with it.
pub fn remark_left_out(settings: &Settings, left_out: &[LeftOut]) {
    for LeftOut { file, keys } in left_out {
        let path = file.strip_prefix(&settings.project.root).unwrap_or(file);
        let (keys, path) = (keys.join("`, `"), path.display().to_string());
        let hint = match OF_AGENTS.contains(&&*path) {
            true => "\nhint: `tipstaff trust` shows the file and asks whether you agree to it",
            false => "",
        };
        print::note(&format!(
            "warning: `{path}` is not in force with `{keys}`: what the project says there may send your keys \
             elsewhere or start programs{hint}"
        ));
    }
}

fn confirm(
    register: &mut Register,
    open: &[&Order],
    agreed: bool,
    may_ask: bool,
) -> Result<(), Failure> {
    if !agreed && !may_ask {
        let head = "nothing was started: the project gives orders that you have not agreed to";
        let trust = command(open);
        let hint = format!("`{trust} --show` shows all of it, `{trust} --yes` agrees to it");
        let message = shown(head, open, register);
        return Err(Failure::said(Exit::Usage, message.trim_end(), Some(&hint)));
    }
    if !agreed {
        print::note(&shown("the project gives orders", open, register));
        if !agrees("agree to all of them? [y/N] ")? {
            let message = "nothing was started: you did not agree";
            return Err(Failure::said(Exit::Usage, message, None));
        }
    }
    Ok(register.agree(open)?)
}

/// The command that agrees to these: it looks at workflows outside of `.tipstaff` where it is told of them.
fn command(open: &[&Order]) -> String {
    let is_elsewhere = |path: &&str| path.ends_with(".yaml") && !path.starts_with(".tipstaff/");
    let elsewhere = open.iter().map(|order| &*order.path).find(is_elsewhere);
    let of = elsewhere.map(|path| format!(" {}", shell_word(path)));
    format!("tipstaff trust{}", of.unwrap_or_default())
}

fn all_files(settings: &Settings, args: &TrustArgs) -> Result<Vec<String>, Failure> {
    let below = |folder: &'static str, ending: &'static str| {
        let names = names_in(&settings.project.root.join(folder), ending).into_iter();
        names.map(move |name| format!("{folder}/{name}{ending}"))
    };
    let mut paths = vec![CONFIG.to_owned()];
    paths.extend(below(WORKFLOWS, ".yaml").chain(below(PROMPTS, ".md")));
    paths.extend(OF_AGENTS.iter().map(|path| (*path).to_owned()));
    if let Some(path) = &args.workflow {
        paths.push(project_path(settings, path.as_ref()).ok_or_else(|| {
            let message = format!("`{path}` is no file of this project");
            Failure::said(Exit::Usage, &message, Some("your own files need no trust"))
        })?);
    }
    Ok(paths)
}

fn find(settings: &Settings, base: &Config, paths: &[String]) -> Result<Vec<Order>, Failure> {
    let known = Known {
        config: base,
        replaced: &|path| replaced(settings, path),
    };
    orders(&settings.files, &known, paths)
        .map_err(|(path, error)| unreadable(&settings.project.root.join(path), &error))
}

/// The orders of these files that a run with this plan would obey.
fn used(
    settings: &Settings,
    plan: &Plan,
    base: &Config,
    paths: &[String],
) -> Result<Vec<Order>, Failure> {
    let mut all = find(settings, base, paths)?;
    all.retain(|order| order.is_used(plan));
    Ok(all)
}

fn register(settings: &Settings) -> Result<Register, Failure> {
    let folder = state_folder(&settings.environment)?;
    Ok(Register::open(&folder, &settings.project.root)?)
}

fn shown(head: &str, orders: &[&Order], register: &Register) -> String {
    if orders.is_empty() {
        return String::new();
    }
    let lines = orders.iter().map(|order| {
        let before = register.before(order).filter(|_| !register.knows(order));
        order.render(before)
    });
    format!("{head}:\n{}", lines.collect::<String>())
}
