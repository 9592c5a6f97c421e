//! `tipstaff trust`: agreeing to the orders that a project gives; and asking for it where a run would obey them.

use super::args::{OutputArgs, TrustArgs};
use super::ask::{agrees, is_at_a_terminal};
use super::failure::{Exit, Failure};
use super::library::{self, project_path};
use super::print;
use super::settings::{Configuration, Settings, unreadable};
use crate::config::Config;
use crate::plan::Plan;
use crate::trust::{Known, Order, PROMPTS, Register, WORKFLOWS, orders, state_folder};

pub fn trust(settings: &Settings, args: &TrustArgs) -> Result<Exit, Failure> {
    let mut register = register(settings)?;
    if args.revoke {
        let text = match register.revoke()? {
            0 => "this project was not trusted with anything\n".to_owned(),
            count => format!(
                "{} no longer in force\n",
                counted(count, "order is", "orders are")
            ),
        };
        print::data(&text);
        return Ok(Exit::Done);
    }
    let Configuration { base, .. } = settings.configuration()?;
    let mut workflows = settings.files.names(WORKFLOWS, ".yaml");
    for name in &mut workflows {
        *name = format!("{WORKFLOWS}/{name}.yaml");
    }
    if let Some(path) = &args.workflow {
        workflows.push(project_path(settings, path.as_ref()).ok_or_else(|| {
            let message = format!("`{path}` is no file of this project");
            Failure::said(Exit::Usage, &message, Some("your own files need no trust"))
        })?);
    }
    let templates = settings.files.names(PROMPTS, ".md");
    let all = find(settings, &base, &workflows, &templates)?;
    let (known, open): (Vec<&Order>, Vec<&Order>) =
        all.iter().partition(|order| register.knows(order));
    if args.show {
        print::data(&shown("you agreed to", &known, &register));
        print::data(&shown("you have not agreed to", &open, &register));
        for order in &open {
            let text = order.shown.text.lines().map(|line| format!("  {line}\n"));
            let text: String = text.collect();
            if !text.is_empty() {
                print::data(&format!("\n{}\n{text}", order.shown.name));
            }
        }
        return Ok(Exit::Done);
    }
    if open.is_empty() {
        print::data(match known.len() {
            0 => "this project gives no orders: there is nothing to trust\n",
            _ => "you have agreed to all orders of this project already\n",
        });
        return Ok(Exit::Done);
    }
    if !args.yes {
        if !is_at_a_terminal() {
            return Err(refusal(&open, &register));
        }
        print::note(&shown("this project gives orders", &open, &register));
        if !agrees("agree to all of them? [y/N] ")? {
            return Err(nothing_agreed());
        }
    }
    register.agree(&open)?;
    let count = counted(open.len(), "order", "orders");
    print::data(&format!(
        "you agreed to {count} of {}\n",
        settings.project.root.display()
    ));
    Ok(Exit::Done)
}

/// What a run would obey.
pub struct Obeys<'a> {
    pub plan: &'a Plan,
    /// The configuration without the project's.
    pub base: &'a Config,
    /// The workflow, if it lies in the project.
    pub workflow: Option<&'a str>,
    /// The templates of the project that went into its prompts.
    pub templates: Vec<String>,
}

/// Whether everything is agreed to that a run with this plan would obey of the project. The person at the
/// terminal is asked for the rest, once for all of it.
pub fn agree(settings: &Settings, of: &Obeys<'_>, output: &OutputArgs) -> Result<(), Failure> {
    let used = used(settings, of)?;
    if used.is_empty() {
        return Ok(());
    }
    let mut register = register(settings)?;
    let open: Vec<&Order> = used.iter().filter(|order| !register.knows(order)).collect();
    if open.is_empty() {
        return Ok(());
    }
    if output.json || output.yes || !is_at_a_terminal() {
        return Err(refusal(&open, &register));
    }
    print::note(&shown(
        "this run would obey orders of the project",
        &open,
        &register,
    ));
    if !agrees("agree to them? [y/N] ")? {
        return Err(nothing_agreed());
    }
    Ok(register.agree(&open)?)
}

/// Says which orders of the project a run with this plan would obey. Whether it may start anything of what
/// the plan names: that all of them are agreed to.
pub fn remark(settings: &Settings, of: &Obeys<'_>) -> Result<bool, Failure> {
    let used = used(settings, of)?;
    if used.is_empty() {
        return Ok(true);
    }
    let register = register(settings)?;
    let (known, open): (Vec<&Order>, Vec<&Order>) =
        used.iter().partition(|order| register.knows(order));
    let mut text = shown(
        "note: orders of this project that you agreed to",
        &known,
        &register,
    );
    let warning = "warning: orders of this project that you have not agreed to";
    text.push_str(&shown(warning, &open, &register));
    if !open.is_empty() {
        text.push_str(
            "hint: `tipstaff trust` asks whether you agree; until then nothing of the project is started",
        );
    }
    print::note(&text);
    Ok(open.is_empty())
}

fn used(settings: &Settings, of: &Obeys<'_>) -> Result<Vec<Order>, Failure> {
    let workflow: Vec<String> = of.workflow.map(str::to_owned).into_iter().collect();
    let mut all = find(settings, of.base, &workflow, &of.templates)?;
    all.retain(|order| order.is_used(of.plan));
    Ok(all)
}

fn find(
    settings: &Settings,
    base: &Config,
    workflows: &[String],
    templates: &[String],
) -> Result<Vec<Order>, Failure> {
    let known = Known {
        config: base,
        workflow: &|name| library::whose_workflow(settings, name),
        template: &|name| library::whose_template(settings, name),
    };
    orders(&settings.files, &known, workflows, templates)
        .map_err(|(path, error)| unreadable(&settings.project.root.join(path), &error))
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
        let before = register.before(order);
        match before.filter(|before| before.digest != order.shown.digest) {
            Some(before) => order.shown.render_change(before),
            None => order.shown.render(),
        }
    });
    format!("{head}:\n{}", lines.collect::<String>())
}

fn refusal(open: &[&Order], register: &Register) -> Failure {
    let message = shown(
        "nothing was started: the project gives orders that you have not agreed to",
        open,
        register,
    );
    let hint = "`tipstaff trust --show` shows all of it, `tipstaff trust --yes` agrees to it";
    Failure::said(Exit::Usage, message.trim_end(), Some(hint))
}

fn nothing_agreed() -> Failure {
    Failure::said(Exit::Usage, "nothing was started: you did not agree", None)
}

fn counted(count: usize, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    }
}
