//! The left of the full screen: the run, its phases, their calls, a line each.

use console::measure_text_width;

use crate::model::{MicroUsd, Millis};
use crate::run::CallState;

use super::focus::Item;
use super::live_lines::{Lines, call_sign, column, phase_sign};
use super::view::{RunView, short_name, usage};
use super::words::{clean, cost, whole};

/// From this width on there is a column for costs.
const WITH_COST: usize = 28;

/// All that can be selected, in the order in which it is shown.
pub(super) fn items(view: &RunView) -> Vec<Item> {
    let mut items = vec![Item::Run];
    for phase in view.phases() {
        items.push(Item::Phase(phase.name().clone()));
        let calls = view.calls_of(phase.name());
        items.extend(calls.map(|call| Item::Call(call.spec.id.clone())));
    }
    items
}

/// A line as wide as the list: state and name at the left, seconds and cost at the right.
pub(super) fn line(item: &Item, lines: &Lines<'_>, is_selected: bool) -> String {
    let view = lines.view;
    let (indent, sign, name, time, spent) = match item {
        Item::Run => {
            let totals = view.totals(lines.now);
            (
                0,
                String::new(),
                "run".to_owned(),
                Some(totals.wall),
                totals.usage.cost,
            )
        }
        Item::Phase(name) => {
            let Some(phase) = view.phase(name) else {
                return String::new();
            };
            let (sign, style) = phase_sign(phase.status());
            let sign = lines.colors.paint(sign, style) + " ";
            let time = phase.state.time(view.state.worked(lines.now));
            let spent = view.state.spent_by(name).usage.cost;
            (0, sign, clean(name), time, spent)
        }
        Item::Call(id) => match view.call(id) {
            Some(call) => of_call(call, lines),
            None => return String::new(),
        },
    };
    let time = time.map_or_else(String::new, whole);
    let mut right = format!("{time:>7}");
    if lines.width >= WITH_COST {
        right += &format!(" {:>6}", cost(spent).unwrap_or_default());
    }
    let cursor = if is_selected { "› " } else { "  " };
    let left = format!("{cursor}{}{sign}", " ".repeat(indent));
    let taken = measure_text_width(&left) + measure_text_width(&right);
    let name = column(&name, lines.width.saturating_sub(taken));
    match is_selected {
        true => format!(
            "{left}{}{right}",
            lines.colors.paint(&name, console::Style::new().bold())
        ),
        false => format!("{left}{name}{right}"),
    }
}

fn of_call(
    call: &CallState,
    lines: &Lines<'_>,
) -> (usize, String, String, Option<Millis>, MicroUsd) {
    let (sign, style) = call_sign(call);
    let sign = lines.colors.paint(sign, style) + " ";
    let attempt = call.attempts.last();
    let time = attempt.map(|attempt| attempt.time(lines.now));
    (2, sign, clean(short_name(call)), time, usage(call).cost)
}
