//! The lines of the live frame, for the width there is.

use console::{Alignment, Style, measure_text_width, pad_str, truncate_str};

use crate::model::{MicroUsd, Timestamp};
use crate::run::CallState;

use super::focus::{Focus, doing_words};
use super::live_work::{checking, task_count};
use super::paint::Colors;
use super::view::{
    CallProgress, PhaseStatus, PhaseView, RunView, model, progress, short_name, usage,
};
use super::words::{call_word, clean, cost, counted, parked, token_count, whole};

/// From this width on, agents are shown beside their models.
const WIDE: usize = 110;
/// Up to this width, what a call does is more than its model and cost.
const NARROW: usize = 70;
const BAR: usize = 12;
/// So much of what a call did is shown below it.
const TAIL: usize = 8;

pub(super) struct Lines<'a> {
    pub view: &'a RunView,
    pub now: Timestamp,
    pub width: usize,
    pub colors: Colors,
}

impl Lines<'_> {
    fn dim(&self, text: &str) -> String {
        self.colors.paint(text, Style::new().dim())
    }

    /// All phases with their states; what is over gives way where there is no room.
    pub fn phases(&self) -> String {
        let phases: Vec<PhaseView<'_>> = self.view.phases().collect();
        let words = |phase: &PhaseView<'_>| {
            let (sign, style) = phase_sign(phase.status());
            let name = clean(phase.name());
            self.colors.paint(&format!("{sign} {name}"), style)
        };
        let line = |skipped: usize| {
            let over = match skipped {
                0 => String::new(),
                _ => self.dim(&format!("✓ {skipped} done  ")),
            };
            let words: Vec<String> = phases.iter().skip(skipped).map(words).collect();
            format!("{over}{}", words.join("  "))
        };
        let over = |phase: &&PhaseView<'_>| {
            matches!(
                phase.status(),
                PhaseStatus::Closed(_) | PhaseStatus::Skipped(_)
            )
        };
        let most = phases.iter().take_while(over).count();
        let mut all = (0..=most).map(line);
        let fits = all.find(|line| measure_text_width(line) <= self.width);
        fits.unwrap_or_else(|| line(most))
    }

    pub fn calls(&self, open: &[&CallState], selected: Option<&CallState>) -> Vec<String> {
        let wide = self.width >= WIDE;
        let widest = |texts: &[String], most: usize| {
            let widths = texts.iter().map(|text| measure_text_width(text).min(most));
            widths.max().unwrap_or_default()
        };
        let names: Vec<String> = open.iter().map(|call| clean(short_name(call))).collect();
        let models: Vec<String> = open.iter().map(|call| who(call, wide)).collect();
        // An agent in brackets takes some more.
        let models_most = match self.width {
            ..NARROW => 0,
            _ if wide => self.width / 4,
            _ => self.width / 5,
        };
        let widths = (
            widest(&names, self.width / 4),
            widest(&models, models_most.min(32)),
        );
        let rows = open.iter().zip(names.iter().zip(&models));
        rows.map(|(call, (name, model))| {
            let is_selected = selected.is_some_and(|one| one.spec.id == call.spec.id);
            self.call(call, (name, model), widths, is_selected)
        })
        .collect()
    }

    fn call(
        &self,
        call: &CallState,
        (name, model): (&str, &str),
        (names, models): (usize, usize),
        is_selected: bool,
    ) -> String {
        let attempt = call.attempts.last().filter(|one| one.end.is_none());
        let doing = self.doing(call);
        let used = usage(call);
        let time = attempt.map_or_else(String::new, |attempt| whole(attempt.time(self.now)));
        let tokens = match used.tokens() {
            0 => String::new(),
            tokens => token_count(tokens),
        };
        let mut right = format!("{time:>6} {tokens:>6}");
        let mut left = column(name, names) + "  ";
        if self.width >= NARROW {
            let cost = cost(used.cost).unwrap_or_default();
            right += &format!(" {cost:>6}");
            left = left + &column(model, models) + "  ";
        }
        let taken = 4 + measure_text_width(&left) + 1 + measure_text_width(&right);
        let doing = column(&doing, self.width.saturating_sub(taken));
        let cursor = if is_selected { "›" } else { " " };
        let (sign, style) = call_sign(call);
        let sign = self.colors.paint(sign, style);
        format!("{cursor} {sign} {left}{} {right}", self.dim(&doing))
            .trim_end()
            .to_owned()
    }

    /// What a call does now, else how far it is.
    pub fn doing(&self, call: &CallState) -> String {
        let attempt = call.attempts.last().filter(|one| one.end.is_none());
        match (progress(call), attempt) {
            (CallProgress::Running, Some(_)) if call.ended_by_person => "is ended".to_owned(),
            (CallProgress::Running, Some(attempt)) => match attempt.prompt_tokens {
                // Its workspace is being made, or it waits for a core to start on.
                None if attempt.doing.is_empty() => "is prepared".to_owned(),
                _ => doing_words(&attempt.doing),
            },
            (CallProgress::Retrying(until), _) => {
                format!("next attempt in {}", whole(until.since(self.now)))
            }
            (CallProgress::Waiting | CallProgress::Running, _) => "waits for its turn".to_owned(),
            _ => call_word(call).to_owned(),
        }
    }

    /// What a call did last.
    pub fn tail(&self, call: &CallState) -> Vec<String> {
        let attempt = call.attempts.last();
        let did = attempt
            .map(|attempt| attempt.did.as_slice())
            .unwrap_or_default();
        let shown = did.iter().skip(did.len().saturating_sub(TAIL));
        let lines = shown.map(|(at, doing)| {
            let ago = whole(self.now.since(*at));
            let line = format!("      {ago:>6} ago  {}", doing_words(doing));
            self.dim(&truncate_str(&line, self.width, "…"))
        });
        match did.is_empty() {
            true => vec![self.dim("      nothing yet")],
            false => lines.collect(),
        }
    }

    /// What the run waits for.
    fn waits(&self) -> Option<String> {
        if self.view.state.is_paused() {
            let text = match self.view.state.rests() {
                true => "  paused; p goes on",
                false => "  paused: what is under way ends; p goes on",
            };
            return Some(self.colors.paint(text, Style::new().yellow()));
        }
        if let Some(parked) = parked(self.view) {
            let text = truncate_str(&format!("  {parked}"), self.width, "…").into_owned();
            return Some(self.colors.paint(&text, Style::new().yellow()));
        }
        let mut phases = self.view.phases();
        let until = phases.find_map(|phase| phase.state.straggler_limit())?;
        let left = whole(until.since(self.now));
        Some(format!(
            "  the quorum is in; stragglers have {left}; g: go on now"
        ))
    }

    /// How much of the limits is used, by the one that is nearest to its end.
    fn budget(&self) -> Option<String> {
        let limits = self.view.state.limits(self.view.plan.limits);
        let spent = self.view.state.spent();
        let share = |used: u64, most: Option<u64>| Some(used.saturating_mul(100) / most?.max(1));
        let shares = [
            share(spent.usage.tokens(), limits.tokens),
            share(spent.usage.cost.0, limits.cost.map(|cost| cost.0)),
            share(spent.attempts, limits.calls),
        ];
        let used = shares.into_iter().flatten().max()?.min(100);
        let full = usize::try_from(used).unwrap_or(BAR) * BAR / 100;
        let bar = "█".repeat(full) + &"░".repeat(BAR - full);
        let tokens = limits.tokens.map(|most| {
            let tokens = token_count(spent.usage.tokens());
            format!("{tokens} of {} tokens", token_count(most))
        });
        let none = spent.usage.cost == MicroUsd::default();
        let cost = limits.cost.filter(|_| !none);
        let cost = cost.map(|most| format!("{} of {most}", spent.usage.cost));
        let calls = limits
            .calls
            .map(|most| format!("{} of {most} calls", spent.attempts));
        let mut line = format!("  budget {bar} {used}%");
        for part in [cost, tokens, calls].into_iter().flatten() {
            if measure_text_width(&line) + 3 + measure_text_width(&part) <= self.width {
                line = line + " · " + &part;
            }
        }
        Some(line)
    }

    /// What the run waits for and is at, its budget, its totals, and what came of the last key.
    pub fn below(&self, focus: &Focus, keys: &str) -> Vec<String> {
        let notice = Some(&focus.notice).filter(|notice| !notice.is_empty());
        let lines = [
            self.waits(),
            checking(self.view, self.now),
            self.budget(),
            Some(self.footer(keys)),
            notice.map(|notice| format!("  {}", clean(notice))),
        ];
        lines.into_iter().flatten().collect()
    }

    fn footer(&self, keys: &str) -> String {
        let totals = self.view.totals(self.now);
        let calls = self.view.state.calls();
        let running = calls.filter(|call| progress(call) == CallProgress::Running);
        let running = running.count();
        let mut parts = vec![
            whole(totals.wall),
            format!("{running} running"),
            counted(totals.attempts, "attempt"),
            format!("{} tokens", token_count(totals.usage.tokens())),
        ];
        parts.extend(cost(totals.usage.cost));
        parts.extend(task_count(self.view));
        parts.push(keys.to_owned());
        let is_wide = |parts: &[String]| measure_text_width(&parts.join(" · ")) > self.width;
        // Its name gives way first, then what is last; how the keys are found stays.
        parts.insert(0, clean(self.view.run()));
        if is_wide(&parts) {
            parts.remove(0);
        }
        while is_wide(&parts) && parts.len() > 1 {
            parts.remove(parts.len() - 2);
        }
        self.dim(&parts.join(" · "))
    }
}

/// The model, and its agent where there is room.
pub(super) fn who(call: &CallState, wide: bool) -> String {
    let model = model(call).map_or_else(String::new, clean);
    match call.attempts.last().filter(|_| wide) {
        Some(attempt) if !attempt.agent.as_str().is_empty() => {
            format!("{model} ({})", clean(&attempt.agent))
        }
        Some(_) | None => model,
    }
}

pub(super) fn call_sign(call: &CallState) -> (&'static str, Style) {
    let style = Style::new();
    match progress(call) {
        CallProgress::Running if call.ended_by_person => ("✗", style.cyan()),
        CallProgress::Running => ("●", style.cyan()),
        CallProgress::Retrying(_) => ("↻", style.cyan()),
        CallProgress::Waiting => ("·", style.cyan()),
        CallProgress::Done | CallProgress::Reused(_) | CallProgress::Stopped => {
            ("✓", style.green())
        }
        CallProgress::Failed(_) => ("✗", style.red()),
        CallProgress::Cancelled(_) => ("–", style.dim()),
    }
}

pub(super) fn phase_sign(status: PhaseStatus<'_>) -> (&'static str, Style) {
    let style = Style::new();
    match status {
        PhaseStatus::Waiting => ("○", style.dim()),
        PhaseStatus::Running => ("●", style.bold()),
        PhaseStatus::Asking(_) => ("?", style.yellow()),
        PhaseStatus::Closed(_) => ("✓", style.green()),
        PhaseStatus::Failed(_) => ("✗", style.red()),
        PhaseStatus::Skipped(_) => ("–", style.dim()),
    }
}

pub(super) fn column(name: &str, width: usize) -> String {
    let cut = truncate_str(name, width, "…");
    pad_str(&cut, width, Alignment::Left, None).into_owned()
}
