//! Slurm, by its commands: `sbatch`, `squeue`, `scancel`. Their text formats are read and not their JSON, whose fields
//! have changed with nearly each release.

use std::io::ErrorKind;
use std::process::Output;
use std::time::Duration;

use super::{Job, JobEnd, JobState, Jobs, Scheduler, Seen};
use crate::model::{Failure, FailureKind, Millis};
use crate::plan::ExecutorSpec;
use crate::process::run_helper;

pub const SCHEDULER: Scheduler = Scheduler {
    submit,
    poll,
    cancel,
};

/// Where a job finds its node's name.
pub const NODE_VARIABLE: &str = "SLURMD_NODENAME";

/// All that Slurm's commands see of the environment. More would change what they do, and travel with jobs.
const ENVIRONMENT: [&str; 6] = ["PATH", "HOME", "USER", "LOGNAME", "SLURM_CONF", "SLURM_JWT"];
/// A controller that is busy answers late.
const PATIENCE: Duration = Duration::from_secs(60);
/// Of one job: number, name, state, reason, nodes.
const FORMAT: &str = "%i|%j|%T|%r|%N";
/// So many jobs are named or ended by one command.
const AT_ONCE: usize = 500;
/// Reasons for which a job waits until somebody changes something.
const NEVER: &[&str] = &[
    "AccountNotAllowed",
    "BadConstraints",
    "DependencyNeverSatisfied",
    "InvalidAccount",
    "InvalidQOS",
    "JobHeldAdmin",
    "PartitionConfig",
    "PartitionNodeLimit",
    "PartitionTimeLimit",
    "QOSNotAllowed",
    "launch failed requeued held",
    "launch_failed_requeued_held",
];

/// When a controller that did not answer is asked again.
const AGAIN: Millis = Millis(5_000);
/// Parts of what commands say when the controller did not answer.
const UNANSWERED: &[&str] = &["contact slurm controller", "timed out"];

/// Options with which a job could not be handed in at once, or not be found again.
const REFUSED: &[&str] = &["--wait", "-W", "--clusters", "-M", "--test-only"];

fn submit(executor: &ExecutorSpec, job: &Job) -> Result<String, Failure> {
    let is_refused = |option: &&String| REFUSED.iter().any(|start| option.starts_with(start));
    if let Some(option) = executor
        .options
        .iter()
        .find(|option| is_refused(option) && !option.starts_with("--wait-"))
    {
        let message = format!("no job can be followed with the option `{option}`");
        let hint = "remove it from the executor's `options`";
        return Err(Failure::new(FailureKind::JobRefused, message).hint(hint));
    }
    let minutes = job.time.0.div_ceil(60_000).max(1);
    let mut args = vec![
        "--parsable".to_owned(),
        "--export=NONE".to_owned(),
        // A lost job is a lost attempt: whether there is another one is not for the scheduler to say.
        "--no-requeue".to_owned(),
        // The supervisor's own limits are not the node's.
        "--propagate=NONE".to_owned(),
        format!("--chdir={}", executor.shared),
        format!("--time={minutes}"),
    ];
    let named = [
        ("partition", &executor.partition),
        ("constraint", &executor.constraint),
        ("account", &executor.account),
    ];
    for (option, value) in named {
        args.extend(value.iter().map(|value| format!("--{option}={value}")));
    }
    args.extend(executor.options.iter().cloned());
    // After the user's own. The script says where output goes: Slurm takes `%` and `\` in a path for something else.
    args.push("--output=/dev/null".to_owned());
    // By this, the job is found.
    args.push(format!("--job-name={}", job.name));
    let command: Vec<String> = job.command.iter().map(|word| quoted(word)).collect();
    let output = quoted(&job.output.to_string_lossy());
    let script = format!("#!/bin/sh\nexec {} >{output} 2>&1\n", command.join(" "));
    let said = run("sbatch", args, Some(script))?;
    // Of several clusters it says which one took it, too.
    let id = said.trim().split(';').next().unwrap_or_default();
    let is_number = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    match is_number {
        true => Ok(id.to_owned()),
        false => Err(machine(format!(
            "`sbatch` said no job number but: {}",
            said.trim()
        ))),
    }
}

fn poll(names: &[String]) -> Result<Jobs, Failure> {
    let mut seen = Jobs::new();
    for names in names.chunks(AT_ONCE) {
        let args = vec![
            "--noheader".to_owned(),
            "--me".to_owned(),
            "--states=all".to_owned(),
            format!("--format={FORMAT}"),
            format!("--name={}", names.join(",")),
        ];
        let said = run("squeue", args, None)?;
        for (name, job) in said.lines().filter_map(read) {
            // A supervisor that died may have handed in what the next one did again: one of both is carried out.
            let is_over = matches!(job.state, JobState::Ended(_));
            if !(is_over && seen.contains_key(&name)) {
                seen.insert(name, job);
            }
        }
    }
    Ok(seen)
}

fn cancel(ids: &[String]) -> Result<(), Failure> {
    for ids in ids.chunks(AT_ONCE) {
        run("scancel", [&["--quiet".to_owned()], ids].concat(), None)?;
    }
    Ok(())
}

/// A line of `squeue`.
fn read(line: &str) -> Option<(String, Seen)> {
    let fields: Vec<&str> = line.split('|').map(str::trim).collect();
    let [id, name, state, reason, node] = fields[..] else {
        return None;
    };
    let reason = if reason == "None" { "" } else { reason };
    let state = match state {
        "FAILED" if NEVER.contains(&reason) => JobState::NeverRuns(reason.to_owned()),
        "COMPLETED" | "FAILED" => JobState::Ended(JobEnd::Done),
        "NODE_FAIL" | "BOOT_FAIL" => JobState::Ended(JobEnd::NodeFailed),
        "PREEMPTED" | "REVOKED" | "REQUEUED" => JobState::Ended(JobEnd::Preempted),
        "OUT_OF_MEMORY" => JobState::Ended(JobEnd::OutOfMemory),
        "TIMEOUT" | "DEADLINE" => JobState::Ended(JobEnd::TookTooLong),
        "CANCELLED" => JobState::Ended(JobEnd::Cancelled),
        "PENDING" | "CONFIGURING" | "REQUEUE_HOLD" | "REQUEUE_FED" | "SPECIAL_EXIT"
        | "RESV_DEL_HOLD" => match NEVER.contains(&reason) {
            true => JobState::NeverRuns(reason.to_owned()),
            false => JobState::Waits(reason.to_owned()),
        },
        // Running, or on the way to its end, whose kind is not known yet.
        _ => JobState::Runs,
    };
    let (id, node) = (id.to_owned(), node.to_owned());
    Some((name.to_owned(), Seen { id, state, node }))
}

fn run(program: &str, args: Vec<String>, input: Option<String>) -> Result<String, Failure> {
    let environment = ENVIRONMENT.map(|name| Some((name, std::env::var_os(name)?)));
    let mut command = duct::cmd(program, args)
        .full_env(environment.into_iter().flatten())
        .stdout_capture()
        .stderr_capture();
    command = match input {
        Some(input) => command.stdin_bytes(input),
        None => command.stdin_null(),
    };
    let output = run_helper(&command, Some(PATIENCE)).map_err(|error| {
        let message = format!("failed to run `{program}`: {error}");
        match error.kind() {
            ErrorKind::NotFound => machine(message)
                .hint("an executor needs Slurm's commands on PATH (Debian: `slurm-client`)"),
            ErrorKind::TimedOut => unanswered(message),
            _ => machine(message),
        }
    })?;
    said(program, &output)
}

fn said(program: &str, output: &Output) -> Result<String, Failure> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    let error = text(&output.stderr);
    let last = error.trim().lines().last().unwrap_or_default();
    let message = format!("`{program}` failed: {last}");
    if UNANSWERED.iter().any(|part| last.contains(part)) {
        return Err(unanswered(message));
    }
    let kind = match program {
        "sbatch" => FailureKind::JobRefused,
        _ => FailureKind::Machine,
    };
    Err(Failure::new(kind, message))
}

fn unanswered(message: String) -> Failure {
    Failure {
        retry_after: Some(AGAIN),
        ..machine(message)
    }
}

fn machine(message: String) -> Failure {
    Failure::new(FailureKind::Machine, message)
}

/// A word for a shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_squeue_are_read() {
        let state = |line: &str| read(line).map(|(_, seen)| seen.state);
        let seen = read("12|tipstaff.r1.plan.propose-1.1|RUNNING|None|n[1]");
        assert_eq!(
            seen,
            Some((
                "tipstaff.r1.plan.propose-1.1".to_owned(),
                Seen {
                    id: "12".to_owned(),
                    state: JobState::Runs,
                    node: "n[1]".to_owned()
                }
            ))
        );
        assert_eq!(
            state("1|a|PENDING|Resources|"),
            Some(JobState::Waits("Resources".to_owned()))
        );
        assert_eq!(
            state("1|a|PENDING|BadConstraints|"),
            Some(JobState::NeverRuns("BadConstraints".to_owned()))
        );
        let ended = |word: &str| state(&format!("1|a|{word}|None|n1"));
        assert_eq!(
            ended("NODE_FAIL"),
            Some(JobState::Ended(JobEnd::NodeFailed))
        );
        assert_eq!(
            ended("OUT_OF_MEMORY"),
            Some(JobState::Ended(JobEnd::OutOfMemory))
        );
        assert_eq!(state("no line"), None);
    }

    #[test]
    fn words_of_a_script_are_words() {
        assert_eq!(quoted("/a b/it's"), r"'/a b/it'\''s'");
    }
}
