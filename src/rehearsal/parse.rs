//! Reads a scenario's YAML.
//!
//! Two levels: what was written and what is meant ([`Scenario`]). What the types cannot refuse,
//! such as two endings of one answer, is found on the way from one to the other, with its place.

use super::raw::{
    WrittenAct, WrittenError, WrittenRule, WrittenScenario, WrittenTurn, WrittenWrite,
};
use super::raw::{WrittenBash, WrittenEdit, WrittenRead, WrittenTool};
use super::scenario::Content;
use super::{
    Act, Ending, Pattern, Refusal, RehearsalError, Rule, Scenario, Turn, UsageOverride, When,
};
use crate::model::Millis;
use crate::yaml::{Diagnostic, Place, Placed, Source, deserialize, parse_duration};

impl Scenario {
    /// Reads a scenario's YAML. `path` names it in errors.
    ///
    /// # Errors
    /// [`RehearsalError::Invalid`], with line and column.
    pub fn parse(text: &str, path: &str) -> Result<Self, RehearsalError> {
        let written: WrittenScenario = deserialize(&Source::new(path, text))
            .map_err(|error| unreadable(*error, text, path))?;
        let rules = written.rules.unwrap_or_default();
        let rules: Result<Vec<Rule>, Mistake> = rules.into_iter().map(rule).collect();
        Ok(Self {
            name: written.name,
            description: written.description.unwrap_or_default(),
            seed: written.seed.unwrap_or_default(),
            rules: rules.map_err(|mistake| mistake.into_error(text, path))?,
        })
    }
}

/// Something the types cannot refuse, with its place.
struct Mistake {
    at: Option<Place>,
    message: String,
}

impl Mistake {
    fn new(at: Option<Place>, message: impl Into<String>) -> Self {
        Self {
            at,
            message: message.into(),
        }
    }

    fn into_error(self, text: &str, path: &str) -> RehearsalError {
        invalid(self.at, self.message, text, path)
    }
}

fn rule(written: Placed<WrittenRule>) -> Result<Rule, Mistake> {
    let WrittenRule {
        when,
        times,
        delay,
        then,
        after,
    } = written.value;
    let when = when.unwrap_or_default();
    let turn = counted(when.turn)?;
    let then = match then {
        None => None,
        Some(turns) => Some(
            turns
                .into_iter()
                .map(answer)
                .collect::<Result<Vec<_>, _>>()?,
        ),
    };
    if let (Some(turn), Some(then)) = (turn, &then)
        && then.len() > 1
    {
        let message = format!("a rule for turn {turn} alone has one answer in `then`, not several");
        return Err(Mistake::new(written.place, message));
    }
    if let Some(after) = &after
        && then.as_ref().is_none_or(Vec::is_empty)
    {
        let message = "`after` needs answers in `then` to come after";
        return Err(Mistake::new(after.place, message));
    }
    Ok(Rule {
        when: When {
            phase: when.phase.as_deref().map(Pattern::from),
            call: when.call.as_deref().map(Pattern::from),
            purpose: when.purpose,
            model: when.model.as_deref().map(Pattern::from),
            slot: counted(when.slot)?,
            task: when.task.as_deref().map(Pattern::from),
            round: counted(when.round)?,
            attempt: counted(when.attempt)?,
            turn,
        },
        times: counted(times)?,
        delay: time(delay)?,
        then,
        after: after.map(|after| after.value.into()).unwrap_or_default(),
    })
}

fn answer(written: Placed<WrittenTurn>) -> Result<Turn, Mistake> {
    let at = written.place;
    let written = written.value;
    let mut acts = Vec::new();
    if let Some(write) = written.write {
        acts.push(act(write.place, WrittenAct::Write(write.value))?);
    }
    let single = [
        written.edit.map(WrittenAct::Edit),
        written.read.map(WrittenAct::Read),
        written.bash.map(WrittenAct::Bash),
        written.tool.map(WrittenAct::Tool),
    ];
    for written in single.into_iter().flatten() {
        acts.push(act(at, written)?);
    }
    for written in written.acts.into_iter().flatten() {
        acts.push(act(written.place, written.value)?);
    }
    let endings = [
        written.error.map(refusal).transpose()?.map(Ending::Error),
        written.drop.map(|moment| Ending::Drop(moment.into())),
        written.stall.map(|moment| Ending::Stall(moment.into())),
        written.finish.map(|finish| Ending::Odd(finish.into())),
        written
            .malformed
            .unwrap_or(false)
            .then_some(Ending::Malformed),
    ];
    let mut endings = endings.into_iter().flatten();
    let ending = endings.next();
    if endings.next().is_some() {
        let message = "one answer has one of `error`, `drop`, `stall`, `finish`, `malformed`";
        return Err(Mistake::new(at, message));
    }
    let text = words(
        at,
        written.reply,
        written.say,
        !acts.is_empty() || ending.is_some(),
    )?;
    if text.is_none() && acts.is_empty() && ending.is_none() {
        let message = "this answer neither says nor does anything; an empty one is `reply: \"\"`";
        return Err(Mistake::new(at, message));
    }
    let usage = written.usage.map(|usage| UsageOverride {
        input: usage.input,
        output: usage.output,
        reasoning: usage.reasoning,
        cache_read: usage.cache_read,
    });
    Ok(Turn {
        text: text.unwrap_or_default(),
        acts,
        ending: ending.unwrap_or_default(),
        usage: usage.unwrap_or_default(),
        delay: time(written.delay)?,
    })
}

/// The answer's text: `reply` closes a conversation, `say` is beside something else.
fn words(
    at: Option<Place>,
    reply: Option<String>,
    say: Option<String>,
    something_else: bool,
) -> Result<Option<String>, Mistake> {
    let message = match (reply, say, something_else) {
        (Some(_), Some(_), _) => "`reply` and `say` are both the answer's text; keep one",
        (Some(_), None, true) => {
            "`reply` is a whole answer; beside a tool or another ending the text is `say`"
        }
        (None, Some(_), false) => "`say` is beside a tool or an ending; alone it is `reply`",
        (Some(text), None, false) | (None, Some(text), true) => return Ok(Some(text)),
        (None, None, _) => return Ok(None),
    };
    Err(Mistake::new(at, message))
}

fn act(at: Option<Place>, written: WrittenAct) -> Result<Act, Mistake> {
    Ok(match written {
        WrittenAct::Write(WrittenWrite { path, text, json }) => {
            let content = match (text, json) {
                (Some(text), None) => Content::Text(text),
                (None, Some(json)) => Content::Json(json),
                (Some(_), Some(_)) | (None, None) => {
                    return Err(Mistake::new(at, "`write` has one of `text` and `json`"));
                }
            };
            Act::Write { path, content }
        }
        WrittenAct::Edit(WrittenEdit { path, old, new }) => Act::Edit { path, old, new },
        WrittenAct::Read(WrittenRead { path }) => Act::Read { path },
        WrittenAct::Bash(WrittenBash { command }) => Act::Bash { command },
        WrittenAct::Tool(WrittenTool { name, arguments }) => Act::Tool { name, arguments },
    })
}

fn refusal(written: WrittenError) -> Result<Refusal, Mistake> {
    let status = written.status;
    if !(400..600).contains(&status.value) {
        let message = format!(
            "`{}` is not an error status; they are 400 to 599",
            status.value
        );
        return Err(Mistake::new(status.place, message));
    }
    for (name, value) in &written.headers {
        let named = hyper::header::HeaderName::from_bytes(name.as_bytes()).is_ok();
        if !named || hyper::header::HeaderValue::from_str(value).is_err() {
            let message = format!("`{name}: {value}` is not an HTTP header");
            return Err(Mistake::new(status.place, message));
        }
    }
    Ok(Refusal {
        status: status.value,
        body: written.body,
        headers: written.headers,
        cause: written.cause,
    })
}

fn counted(number: Option<Placed<u32>>) -> Result<Option<u32>, Mistake> {
    match number {
        Some(number) if number.value == 0 => {
            Err(Mistake::new(number.place, "this is counted from 1"))
        }
        Some(number) => Ok(Some(number.value)),
        None => Ok(None),
    }
}

fn time(written: Option<Placed<String>>) -> Result<Millis, Mistake> {
    match written {
        Some(text) => parse_duration(&text.value).ok_or_else(|| {
            let message = format!(
                "`{}` is not a time; write for example `500ms`, `2s`, `1m30s`",
                text.value
            );
            Mistake::new(text.place, message)
        }),
        None => Ok(Millis(0)),
    }
}

fn unreadable(found: Diagnostic, text: &str, path: &str) -> RehearsalError {
    invalid(found.place, found.message, text, path)
}

fn invalid(at: Option<Place>, message: String, text: &str, path: &str) -> RehearsalError {
    let (line, column) = at.map_or((0, 0), |at| (at.line, at.column));
    let source_line = line
        .checked_sub(1)
        .and_then(|before| text.lines().nth(before))
        .unwrap_or_default()
        .trim_end()
        .to_owned();
    RehearsalError::Invalid {
        path: path.to_owned(),
        line,
        column,
        message,
        source_line,
    }
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
