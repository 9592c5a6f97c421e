//! Keys that are handed over are in a file that is gone when the agent works, and nowhere else.

use crate::cluster::Cluster;
use crate::site::{ONE, Site, files};
use crate::support::until;

const KEY: &str = "sk-cluster-0123456789abcdef";
const AGENT: &str = "cat >/dev/null; echo with $WORK_API_KEY; echo ${#WORK_API_KEY} >OUTSIDE/length.new; \
                     mv OUTSIDE/length.new OUTSIDE/length; until [ -e OUTSIDE/go ]; do sleep 0.05; done; \
                     mkdir -p .tipstaff/out; echo \"# Plan $WORK_API_KEY\" >.tipstaff/out/deliverable.md";

#[test]
fn a_key_that_is_handed_over_is_seen_by_the_agent_alone() {
    let mut site = Site::new(Cluster::shared(), ONE, "");
    site.sandbox.env("WORK_API_KEY", KEY);
    let outside = site.sandbox.outside("");
    let agent = AGENT.replace("OUTSIDE/", outside.to_str().unwrap());
    site.agent("/bin/sh", &["-c", &agent], "pass_env: [WORK_API_KEY]");
    site.executor("    sign_in: handed\n");
    let running = site.start();
    site.until_there("length");
    let read = |name: &str| std::fs::read_to_string(site.sandbox.outside(name)).unwrap();
    assert_eq!(read("length").trim(), KEY.len().to_string());
    let keys = site.job_folder().join("keys");
    assert!(!keys.exists(), "it is gone when the agent works");
    let job = site.job();
    let mut seen = site.cluster.says("scontrol", &["show", "job", &job]);
    seen += &site
        .cluster
        .says("scontrol", &["write", "batch_script", &job, "-"]);
    assert!(!seen.contains(KEY), "{seen}");
    assert_eq!(without_agents(&site), Vec::<String>::new());
    until("what it prints is shown", || {
        let printed = std::fs::read_to_string(site.job_folder().join("events.jsonl"));
        printed.is_ok_and(|printed| printed.contains("with "))
    });
    is_nowhere(&site);
    site.make("go");
    running.wait().succeeds();
    is_nowhere(&site);
    site.is_clean();
}

#[track_caller]
fn is_nowhere(site: &Site) {
    for file in files(&site.shared())
        .into_iter()
        .chain(files(&site.cluster.folder))
    {
        let bytes = std::fs::read(&file).unwrap_or_default();
        let has = bytes.windows(KEY.len()).any(|part| part == KEY.as_bytes());
        assert!(!has, "{}", file.display());
    }
}

/// Other processes than the supervisor and the agent's own with the key in their environment.
fn without_agents(site: &Site) -> Vec<String> {
    let mine = site.processes();
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let told = pids.filter(|pid| !mine.contains(pid)).filter_map(|pid| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).ok()?;
        let has = environment
            .windows(KEY.len())
            .any(|part| part == KEY.as_bytes());
        let command = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        (has && (command.contains("slurm") || command.contains("__node"))).then_some(command)
    });
    told.collect()
}
