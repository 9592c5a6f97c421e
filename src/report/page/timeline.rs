//! The calls of a run along time: what waited and what worked.

use maud::{Markup, html};

use super::Page;
use super::chart::{Bar, legend, percent, row};
use crate::model::{Millis, PhaseName, Timestamp};
use crate::report::view::{PhaseView, RunView, short_name};
use crate::report::words::{attempt_word, call_word, clean, title};
use crate::report::words_work::{proved, verify_words};
use crate::run::{Attempt, AttemptEnd, CallState, Verified};

const LEGEND: [(&str, &str); 6] = [
    ("queue", "waits for its turn"),
    ("backoff", "waits after a failure"),
    ("start", "workspace, prompt, start of the agent"),
    ("work", "agent and model at work"),
    ("failed", "at work, without a result"),
    ("verify", "a command verifies"),
];

/// A line of the chart in time.
struct Line {
    name: String,
    words: String,
    bars: Vec<Bar>,
}

pub(super) fn timeline(page: &Page<'_>) -> Option<Markup> {
    let now = page.shown.until();
    let phases: Vec<(&PhaseName, Vec<Line>)> = page
        .shown
        .view
        .phases()
        .map(|phase| (phase.name(), lines(page.shown.view, phase, now)))
        .filter(|(_, lines)| !lines.is_empty())
        .collect();
    let all = phases
        .iter()
        .flat_map(|(_, lines)| lines)
        .flat_map(|line| &line.bars);
    let axis = Axis::of(all)?;
    let bars = |line: &Line| -> Vec<Bar> {
        let place = |bar: &Bar| Bar {
            class: bar.class,
            from: axis.place(bar.from),
            to: axis.place(bar.to),
            title: bar.title.clone(),
        };
        line.bars.iter().map(place).collect()
    };
    Some(html! {
        p.lead {
            "From the first call to the last end. What is thin waits, what is thick works."
            @if axis.is_broken() { " Long times in which nothing was done are cut out, at the dashed lines." }
        }
        (legend(&LEGEND))
        table.chart {
            caption.sr { "Each call: its name, its bars along time, its model, result and time at work" }
            thead { tr { th scope="col" { "call" } td.bar { (axis.ruler()) } th scope="col" { "result" } } }
            @for (phase, lines) in &phases {
                tbody {
                    tr.group { th scope="rowgroup" colspan="3" { (clean(phase)) } }
                    @for line in lines {
                        tr {
                            th scope="row" { (line.name) }
                            td.bar { (row(&bars(line), axis.length, axis.breaks())) }
                            td.words { (line.words) }
                        }
                    }
                }
            }
        }
    })
}

fn lines(view: &RunView, phase: PhaseView<'_>, now: Timestamp) -> Vec<Line> {
    let calls = view
        .calls_of(phase.name())
        .map(|call| of_call(view, call, now));
    let commands: Vec<&Verified> = view.verified(phase).collect();
    let commands = (!commands.is_empty()).then(|| of_commands(&commands));
    calls.chain(commands).collect()
}

fn of_call(view: &RunView, call: &CallState, now: Timestamp) -> Line {
    let model = view.model_words(&call.spec.id);
    let took: u64 = call.attempts.iter().map(|one| one.time(now).0).sum();
    let words = match &call.reused {
        Some(from) => format!("{model}, taken from {}", clean(from)),
        None => format!("{model}, {}, {}", call_word(call), Millis(took)),
    };
    Line {
        name: title(&short_name(call)),
        words,
        bars: bars_of(call, now),
    }
}

fn bars_of(call: &CallState, now: Timestamp) -> Vec<Bar> {
    let mut bars = Vec::new();
    let mut free = call.created;
    for (number, attempt) in (1_u32..).zip(&call.attempts) {
        let resumed = attempt.put_off.unwrap_or(free).min(attempt.started);
        bars.push(bar("backoff", free, resumed, "waits after a failure"));
        bars.push(bar(
            "queue",
            resumed.max(free),
            attempt.started,
            "waits for its turn",
        ));
        // Where its supervisor was gone, nothing was under way.
        free = attempt.started.after(attempt.time(now));
        let spawned = attempt.spawned.unwrap_or(free).min(free);
        let start = match &attempt.placed {
            Some(on) => format!("waits for {}, {}", clean(&on.executor), on.waited_ms),
            None => "start".to_owned(),
        };
        bars.push(bar("start", attempt.started, spawned, &start));
        let says = format!(
            "attempt {number}, {}: {}",
            clean(&attempt.model),
            attempt_word(attempt)
        );
        bars.push(bar(looks(attempt), spawned, free, &says));
    }
    bars.retain(|bar| bar.to > bar.from);
    bars
}

fn looks(attempt: &Attempt) -> &'static str {
    match attempt.end() {
        Some(AttemptEnd::Failed(_) | AttemptEnd::Lost) => "failed",
        Some(AttemptEnd::Succeeded | AttemptEnd::Stopped(_)) | None => "work",
    }
}

fn of_commands(commands: &[&Verified]) -> Line {
    let one = |one: &&Verified| {
        let begun = Timestamp(one.at.0.saturating_sub(one.verification.wall.0));
        let says = format!(
            "{}: {}",
            title(&one.verification.command),
            verify_words(&one.verification)
        );
        bar("verify", begun, one.at, &says)
    };
    let took: u64 = commands.iter().map(|one| one.verification.wall.0).sum();
    Line {
        name: "verify".to_owned(),
        words: format!("{}, {}", proved(commands.iter().copied()), Millis(took)),
        bars: commands.iter().map(one).collect(),
    }
}

fn bar(class: &'static str, from: Timestamp, to: Timestamp, what: &str) -> Bar {
    let title = format!("{what} ({})", to.since(from));
    let (from, to) = (from.0, to.0);
    Bar {
        class,
        from,
        to,
        title,
    }
}

/// Time along the chart, without the long times in which nothing was done.
struct Axis {
    /// Where something was done, in time, and where that begins on the axis.
    stretches: Vec<(u64, u64, u64)>,
    length: u64,
}

impl Axis {
    fn of<'a>(bars: impl Iterator<Item = &'a Bar>) -> Option<Self> {
        let worked = bars.filter(|bar| bar.class != "queue");
        let mut worked: Vec<(u64, u64)> = worked.map(|bar| (bar.from, bar.to)).collect();
        worked.sort_unstable();
        let all: u64 = worked.iter().map(|(from, to)| to - from).sum();
        let (bearable, drawn) = ((all / 4).max(30_000), all / 40);
        let mut axis = Self {
            stretches: Vec::new(),
            length: 0,
        };
        for (from, to) in worked {
            match axis.stretches.last_mut() {
                Some((_, end, _)) if from <= end.saturating_add(bearable) => *end = to.max(*end),
                _ => axis.stretches.push((from, to, 0)),
            }
        }
        for (from, to, begins) in &mut axis.stretches {
            *begins = axis.length + if axis.length > 0 { drawn } else { 0 };
            axis.length = *begins + (*to - *from);
        }
        (axis.length > 0).then_some(axis)
    }

    fn place(&self, time: u64) -> u64 {
        let found = self.stretches.iter().find(|(_, to, _)| time <= *to);
        found.map_or(self.length, |(from, _, begins)| {
            begins + time.saturating_sub(*from)
        })
    }

    fn is_broken(&self) -> bool {
        self.stretches.len() > 1
    }

    fn breaks(&self) -> Markup {
        html! {
            @for (_, _, begins) in self.stretches.iter().skip(1) {
                @let at = percent(*begins, self.length);
                line.break x1=(at) x2=(at) y1="0" y2="22" {}
            }
        }
    }

    /// Times at work, about six.
    fn ruler(&self) -> Markup {
        const STEPS: [u64; 14] = [
            100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000,
            1_800_000, 3_600_000,
        ];
        let step = STEPS.into_iter().find(|step| self.length / step <= 7);
        let step = step.unwrap_or(self.length / 6).max(1);
        html! {
            svg.ruler width="100%" height="16" aria-hidden="true" {
                @for at in (0..).map(|tick| tick * step).take_while(|at| *at < self.length - self.length / 20) {
                    text x=(percent(at, self.length)) y="12" { @if at == 0 { "0" } @else { (Millis(at)) } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_in_which_nothing_was_done_takes_no_room() {
        let night = 8 * 3_600_000;
        let of = |from: u64, to: u64| bar("work", Timestamp(from), Timestamp(to), "");
        let bars = [of(0, 1_000), of(night, night + 1_000)];
        let axis = Axis::of(bars.iter()).expect("something was done");
        assert!(axis.is_broken());
        assert_eq!(axis.length, 2_050);
        let places = [0, 1_000, night / 2, night, night + 1_000].map(|time| axis.place(time));
        assert_eq!(places, [0, 1_000, 1_050, 1_050, 2_050]);
        assert!(Axis::of([].iter()).is_none());
    }
}
