//! `--limit KEY=VALUE` and `--limit PHASE.KEY=VALUE`.

use std::fmt;

use super::args::LimitArgs;
use super::failure::{Exit, Failure};
use crate::model::{
    Budget, Bytes, ChangeLimits, ChangedLimits, MicroUsd, Millis, PhaseName, RunLimits,
};
use crate::plan::Plan;
use crate::yaml::{did_you_mean, parse_duration, parse_size};

/// The limits of a plan, or those that are in force, with the user's changes.
pub fn change(
    plan: &Plan,
    mut limits: ChangedLimits,
    args: &LimitArgs,
) -> Result<ChangedLimits, Failure> {
    for (key, value) in &args.limits {
        let given = Given { key, value };
        match key.split_once('.') {
            Some((name, key)) => {
                let phase = PhaseName::from(name);
                let planned = plan
                    .phase(&phase)
                    .ok_or_else(|| unknown_phase(&given, plan))?;
                let budget = limits.budgets.entry(phase).or_insert(planned.budget);
                change_budget(budget, key, &given)?;
            }
            None if key.starts_with("changed_") => change_changes(&mut limits.changes, &given)?,
            None => change_run(&mut limits.run, &given)?,
        }
    }
    Ok(limits)
}

/// One `--limit` as typed.
struct Given<'a> {
    key: &'a str,
    value: &'a str,
}

impl fmt::Display for Given<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--limit {}={}", self.key, self.value)
    }
}

impl Given<'_> {
    fn wrong(&self, what: &str) -> Failure {
        Failure::said(
            Exit::Usage,
            &format!("{self}: {what}"),
            Some("`none` lifts a limit"),
        )
    }

    /// The value as `read` takes it; `none` is no limit.
    fn value<T>(
        &self,
        expected: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Failure> {
        if self.value == "none" {
            return Ok(None);
        }
        let value = read(self.value).ok_or_else(|| self.wrong(&format!("expected {expected}")))?;
        Ok(Some(value))
    }

    fn count(&self) -> Result<Option<u64>, Failure> {
        self.value("a whole number", |value| value.parse().ok())
    }

    fn cost(&self) -> Result<Option<MicroUsd>, Failure> {
        self.value("US dollars", |value| {
            let usd = value.parse::<f64>().ok()?;
            (usd.is_finite() && usd >= 0.0).then(|| MicroUsd::from_usd(usd))
        })
    }

    fn size(&self) -> Result<Option<Bytes>, Failure> {
        self.value("a size such as 64MiB or 2GB", parse_size)
    }

    fn wall(&self) -> Result<Option<Millis>, Failure> {
        self.value("a time such as 30m or 2h", parse_duration)
    }
}

fn change_run(limits: &mut RunLimits, given: &Given<'_>) -> Result<(), Failure> {
    match given.key {
        "calls" => limits.calls = given.count()?,
        "tokens" => limits.tokens = given.count()?,
        "cost" => limits.cost = given.cost()?,
        "wall" => limits.wall = given.wall()?,
        "day" => limits.day = given.cost()?,
        "processes" => limits.processes = given.count()?.map(|count| count.max(1)),
        "concurrency" => {
            let number = given.value.parse::<u32>().ok().filter(|number| *number > 0);
            limits.concurrency = number.ok_or_else(|| given.wrong("expected a number from 1"))?;
        }
        _ => return Err(given.wrong(LIMITS)),
    }
    Ok(())
}

const LIMITS: &str = "the limits are calls, tokens, cost, day, wall, concurrency, processes, changed_files, changed_size \
                      and changed_file_size, and of a phase PHASE.calls, PHASE.tokens and PHASE.cost";

fn change_changes(limits: &mut ChangeLimits, given: &Given<'_>) -> Result<(), Failure> {
    match given.key {
        "changed_files" => limits.files = given.count()?,
        "changed_size" => limits.size = given.size()?,
        "changed_file_size" => limits.file_size = given.size()?,
        _ => return Err(given.wrong(LIMITS)),
    }
    Ok(())
}

fn change_budget(budget: &mut Budget, key: &str, given: &Given<'_>) -> Result<(), Failure> {
    match key {
        "calls" => budget.calls = given.count()?,
        "tokens" => budget.tokens = given.count()?,
        "cost" => budget.cost = given.cost()?,
        _ => return Err(given.wrong("the limits of a phase are calls, tokens and cost")),
    }
    Ok(())
}

fn unknown_phase(given: &Given<'_>, plan: &Plan) -> Failure {
    let name = given.key.split('.').next().unwrap_or_default();
    let message = format!("{given}: there is no phase `{name}`");
    let hint = did_you_mean(name, plan.phases.iter().map(|phase| phase.name.as_str()));
    Failure::said(Exit::Usage, &message, hint.as_deref())
}
