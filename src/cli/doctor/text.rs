//! One screen.

use std::fmt::Write;

use super::examination::{Agent, Examination, Model};
use super::executors::Executor;
use super::live::Reply;
use crate::cli::probes::Machine;
use crate::model::Rung;
use crate::report::{Table, clean, counted, or_nothing, token_count, wrap};

/// Lines are no longer than this, however wide the terminal is.
const WIDEST: usize = 80;

/// A text of so many columns.
struct Page {
    text: String,
    width: usize,
}

impl Page {
    /// A head and a text beside it, wrapped.
    fn entry(&mut self, head: &str, said: &str) {
        let margin = 2 + head.chars().count() + 1;
        for (at, line) in wrap(said, self.width.saturating_sub(margin))
            .into_iter()
            .enumerate()
        {
            let head = if at == 0 { head } else { "" };
            let line = format!("  {head:<width$} {line}", width = margin - 3);
            let _ = writeln!(self.text, "{}", line.trim_end());
        }
    }
}

pub fn render(found: &Examination, columns: usize) -> String {
    let width = columns.min(WIDEST);
    let machine = machine(&found.machine).within(width);
    let mut page = Page {
        text: format!("machine\n{machine}\nagents\n"),
        width,
    };
    for agent in &found.agents {
        self::agent(&mut page, agent);
    }
    let _ = write!(
        page.text,
        "\nmodels\n{}",
        models(&found.models).within(width)
    );
    let _ = write!(page.text, "\nroles\n");
    for role in &found.roles {
        let chain = role.models.join(", ");
        let state = match &role.used {
            Some(used) if role.models.first() == Some(used) => String::new(),
            Some(used) => format!(" (takes {used})"),
            None => " (none can be used)".to_owned(),
        };
        page.entry(
            &format!("{:<14}", clean(&role.name)),
            &format!("{chain}{state}"),
        );
    }
    executors(&mut page, &found.executors);
    let named = |can_run: bool| {
        let names = found
            .workflows
            .iter()
            .filter(|workflow| workflow.can_run == can_run);
        names
            .map(|workflow| workflow.name)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let _ = write!(page.text, "\nbundled workflows\n");
    for (head, names) in [("can run", named(true)), ("cannot run", named(false))] {
        if !names.is_empty() {
            page.entry(&format!("{head:<14}"), &names);
        }
    }
    replies(&mut page, &found.replies);
    problems(&mut page, found);
    let runs = found.workflows.iter().all(|workflow| workflow.can_run);
    if !runs && found.models.iter().any(|model| model.can_be_used) {
        page.text.push_str(
            "\nnext: `tipstaff init` has the models that can be used stand in for the others\n",
        );
    }
    page.text
}

fn machine(machine: &Machine) -> Table {
    let mut table = Table::bare(2);
    let asked = match (machine.sandbox, &machine.sandbox_why) {
        (Rung::Landlock | Rung::None, None) => ", as configured",
        (_, _) => "",
    };
    table.row(["sandbox", &format!("{}{asked}", machine.sandbox)]);
    for (name, tool) in [("git", &machine.git), ("ripgrep", &machine.ripgrep)] {
        let version = tool.version.as_deref().unwrap_or("not found");
        table.row([name.to_owned(), clean(version)]);
    }
    for disk in &machine.disks {
        let free = or_nothing(disk.free.map(|free| free.to_string()));
        let free = format!("{free} free in {}", disk.path.display());
        table.row([disk.of.to_owned(), clean(free)]);
    }
    table
}

fn agent(page: &mut Page, agent: &Agent) {
    let mut said = Vec::new();
    said.extend(agent.version.clone());
    said.push(agent.state.to_owned());
    if let (None, Some(install)) = (&agent.path, agent.install) {
        said.push(format!("`{install}`"));
    }
    said.extend(agent.path.as_ref().map(|path| path.display().to_string()));
    let others = agent.others.iter();
    said.extend(others.map(|path| format!("not taken: {}", path.display())));
    let head = format!("{:<10}", clean(&agent.name));
    page.entry(&head, &said.join(", "));
    if !agent.sign_ins.is_empty() {
        let ways = agent
            .sign_ins
            .iter()
            .map(|(provider, way)| format!("{provider}: {way}"));
        page.entry(
            &" ".repeat(head.len()),
            &ways.collect::<Vec<_>>().join("; "),
        );
    }
}

fn executors(page: &mut Page, executors: &[Executor]) {
    if !executors.is_empty() {
        page.text.push_str("\nexecutors\n");
    }
    for executor in executors {
        let said = match &executor.node {
            Some(node) => {
                let took = or_nothing(executor.took_ms.map(|took| took.to_string()));
                let agents = node.agents.iter();
                let agents = agents.map(|(name, state)| format!("{name} {state}"));
                let agents = agents.collect::<Vec<_>>().join("; ");
                format!(
                    "works: {} answered in {took}, sandbox {}; {agents}",
                    node.name, node.sandbox
                )
            }
            None => "does not work".to_owned(),
        };
        page.entry(&format!("{:<14}", clean(&executor.name)), &clean(said));
    }
}

fn models(models: &[Model]) -> Table {
    let mut table = Table::new(2, &["name", "runs as", "price", ""]);
    for Model {
        name,
        spec,
        can_be_used,
    } in models
    {
        let variant = spec.variant.as_ref().map(|variant| format!("@{variant}"));
        let price = spec
            .price
            .map(|price| format!("${}/{}", price.input, price.output));
        table.row([
            clean(name),
            clean(format!(
                "{}:{}{}",
                spec.agent,
                spec.id,
                variant.unwrap_or_default()
            )),
            or_nothing(price),
            if *can_be_used { "ready" } else { "not ready" }.to_owned(),
        ]);
    }
    table
}

fn replies(page: &mut Page, replies: &[Reply]) {
    if !replies.is_empty() {
        page.text.push_str("\nasked for one word\n");
    }
    for reply in replies {
        let said = match &reply.failure {
            None => format!(
                "answered in {}, {} tokens, {}",
                reply.wall_ms,
                token_count(reply.tokens),
                reply.cost_micro_usd
            ),
            Some(failure) => failure.clone(),
        };
        page.entry("-", &format!("{}: {said}", reply.models.join(", ")));
    }
}

fn problems(page: &mut Page, found: &Examination) {
    if !found.has_agent() {
        page.text.push_str(
            "\nno agent is installed\n  the first one: `npm install -g opencode-ai`, then `opencode auth login`\n",
        );
    }
    if found.problems.is_empty() {
        if found.can_run() {
            page.text.push_str("\nall is well\n");
        }
        return;
    }
    let _ = write!(
        page.text,
        "\n{} to mend\n",
        counted(found.problems.len() as u64, "problem")
    );
    for problem in &found.problems {
        let models = match problem.models.is_empty() {
            true => String::new(),
            false => format!("{}: ", problem.models.join(", ")),
        };
        page.entry("-", &format!("{models}{}", problem.problem));
        page.entry(" ", &problem.remedy);
    }
}
