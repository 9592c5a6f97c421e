//! A node whose shared folder has no room left: nothing hangs, it is said which folder is full, and what an agent has done
//! comes as soon as there is room.

use crate::support::{Output, Sandbox, TIPSTAFF, has_all};

/// Three programs in the place of Slurm's.
const SLURM: [(&str, &str); 3] = [
    (
        "sbatch",
        "for arg; do case $arg in --job-name=*) name=${arg#*=} ;; --output=*) output=${arg#*=} ;; esac; done\n\
         number=$(($(ls | wc -l) + 1)); mkdir $number\n\
         cat >$number/script; echo $name >$number/name; echo \"$output\" >$number/output; echo PENDING >$number/state\n\
         echo $number; echo $number >../queue",
    ),
    (
        "squeue",
        "for arg; do case $arg in --name=*) names=,${arg#*=}, ;; esac; done\n\
         for number in *; do case $names in *,$(cat $number/name),*) \
         echo \"$number|$(cat $number/name)|$(cat $number/state)|None|n1\" ;; esac; done",
    ),
    (
        "scancel",
        "for number; do [ -e $number/pid ] && kill $(cat $number/pid); done",
    ),
];

/// Makes a small disk at `$1`, starts what jobs run on, runs, makes room, and goes on if there is something to go on with.
const SCRIPT: &str = r#"
shared=$1
mkdir "$shared" && mount -t tmpfs -o size=2m,mode=700 tmpfs "$shared" || exit 9
cd ..
fill() { dd if=/dev/zero of="$shared/filler" bs=4k 2>/dev/null; touch full; }
before() { :; }
meanwhile() { :; }
CASE
node() {
  while read -r number; do
    before
    cd jobs/$number
    echo RUNNING >state
    SLURMD_NODENAME=n1 sh -c 'echo $$ >pid; exec sh script' >"$(cat output)" 2>&1 </dev/null 3>&-
    echo COMPLETED >state
    cd ../..
  done
}
mkfifo queue && exec 3<>queue
node <&3 &
node=$!
meanwhile &
(cd project && "$0" run work 'Plan it' 3>&- 2>../run.log)
echo "run $?"
rm -f "$shared/filler"
(cd project && "$0" resume 3>&- 2>../resume.log)
echo "resume $?"
kill $node
ls -A "$shared/jobs"/*/* 2>/dev/null
"#;

/// What a run and its resuming said and came to, on a disk that this `case` fills, with this script of its agent.
fn run(
    case: &str,
    kind: for<'a> fn(&'a Sandbox, &str) -> &'a Sandbox,
    agent: &str,
) -> (Sandbox, String) {
    let mut sandbox = Sandbox::new();
    sandbox
        .write(
            ".tipstaff/workflows/work.yaml",
            "name: work\nphases:\n  - { name: plan, model: m1, output: docs/plan.md, retries: 0 }\n",
        )
        .write(".gitignore", ".tipstaff/\n")
        .write("a.txt", "a\n")
        .git_init();
    let outside = sandbox.outside("").display().to_string();
    kind(&sandbox, &agent.replace("OUTSIDE/", &outside));
    let [bin, jobs, shared] = ["bin", "jobs", "shared"].map(|name| sandbox.outside(name));
    std::fs::create_dir(&jobs).unwrap();
    for (name, script) in SLURM {
        let script = format!("cd {}\n{script}", jobs.display());
        sandbox.program_at(&bin.join(name), &script);
    }
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    sandbox.env("PATH", &path);
    let config = sandbox.home().join(".config/tipstaff/config.yaml");
    let agents = std::fs::read_to_string(config).unwrap();
    sandbox.user_config(&format!(
        "{agents}executor: cluster\nexecutors:\n  cluster:\n    kind: slurm\n    shared: {}\n    program: {TIPSTAFF}\n",
        shared.display(),
    ));
    sandbox.agree(&["run", "work", "Plan it"]);
    let mut command = sandbox.program("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c"]);
    command.arg(SCRIPT.replace("CASE", case));
    let output = Output::of(command.arg(TIPSTAFF).arg(&shared).spawn().unwrap());
    let said = ["run.log", "resume.log"]
        .map(|name| std::fs::read_to_string(sandbox.outside(name)).unwrap_or_default());
    let all = format!("{}\n{}\n{}", output, said[0], said[1]);
    assert!(!all.contains("panicked"), "{all}");
    (sandbox, all)
}

fn starts(sandbox: &Sandbox) -> usize {
    std::fs::read(sandbox.outside("starts")).map_or(0, |text| text.len())
}

const COUNTS: &str = "{ append: { path: OUTSIDE/starts, text: x } }";

#[test]
fn before_a_call_begins() {
    let case = "before() { [ -e full ] || fill; }";
    let agent = format!("- do: [{COUNTS}, done]\n");
    let (sandbox, said) = run(case, Sandbox::fake_agent, &agent);
    let shared = format!("failed to write {}", sandbox.outside("shared").display());
    has_all(
        &said,
        &[
            "run 1\n",
            "1 attempt\n",
            "No space left",
            &shared,
            "resume 0\n",
        ],
    );
    assert_eq!(starts(&sandbox), 1, "{said}");
}

#[test]
fn while_an_agent_works() {
    // It cannot be said that it does this, and then what came of it finds no room.
    let tools = "{ tool: { kind: read, path: a.txt } }, { tool: { kind: read, path: b.txt } }";
    let agent = format!(
        "- do: [{COUNTS}, {{ touch: OUTSIDE/works }}, {{ wait_for_file: OUTSIDE/full }}, {tools}, \
         {{ write_size: {{ path: .tipstaff/out/deliverable.md, bytes: 50000 }} }}, {{ touch: OUTSIDE/done }}]\n"
    );
    let case = "until_there() { until [ -e $1 ]; do sleep 0.1; done; }\n\
                meanwhile() { until_there works; fill; until_there done; until_gone; rm \"$shared/filler\"; }\n\
                until_gone() { while [ -e \"$shared\"/jobs/*/*/*/events.jsonl ]; do sleep 0.1; done; }";
    let (sandbox, said) = run(case, Sandbox::acp_agent, &agent);
    has_all(&said, &["run 0\n"]);
    assert_eq!(starts(&sandbox), 1, "{said}");
}

#[test]
fn by_what_an_agent_printed() {
    let agent = format!("- do: [{COUNTS}, {{ print_bytes: 3000000 }}, done]\n");
    let (sandbox, said) = run(":", Sandbox::fake_agent, &agent);
    has_all(&said, &["run 0\n"]);
    assert_eq!(starts(&sandbox), 1, "{said}");
}
