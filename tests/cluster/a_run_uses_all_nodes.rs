//! The calls of a run go wherever there is room, at the same time.

use std::path::Path;

use crate::cluster::Cluster;
use crate::site::{RUN, Site};

/// So many processors of the eight that each node has, that no two jobs fit on one.
const HALF: &str = "    options: [--export=ALL, --cpus-per-task=5]\n";

#[test]
fn proposals_run_beside_each_other() {
    // Each of them ends when it has seen the two others work.
    let all = (1..=3).map(|slot| format!("{{ wait_for_file: OUTSIDE/{slot} }}"));
    let all = all.collect::<Vec<_>>().join(", ");
    let slots = (1..=3).map(|slot| {
        format!("- when: {{ purpose: propose, slot: '{slot}' }}\n  do: [{{ touch: OUTSIDE/{slot} }}, {all}, done]\n")
    });
    let script = slots
        .chain(["- do: [done]\n".to_owned()])
        .collect::<String>();
    let workflow = "name: work\nphases:\n  - { name: plan, type: ensemble, models: [m1, m2, m3], judge: judge, \
                    output: docs/plan.md, retries: 0 }\n";
    let site = Site::new(Cluster::shared(), workflow, &script);
    site.sandbox.tipstaff(&RUN).succeeds();
    assert_eq!(site.nodes().len(), 4);
    site.is_clean();
}

#[test]
fn a_feature_is_built_by_the_real_opencode_on_both_nodes() {
    let mut site = Site::new(Cluster::shared(), "name: work\nphases: []\n", "");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let bin = root.join("agents/node_modules/.bin");
    assert!(
        bin.join("opencode").exists(),
        "`scripts/agents opencode` installs OpenCode"
    );
    site.sandbox.env(
        "PATH",
        &format!("{}:{}", bin.display(), std::env::var("PATH").unwrap()),
    );
    let copied = site
        .sandbox
        .program("cp")
        .arg("-a")
        .arg(root.join("sample-service/."))
        .arg(".")
        .status();
    assert!(copied.unwrap().success());
    std::fs::remove_dir_all(site.sandbox.project().join(".tipstaff")).unwrap();
    site.sandbox.git(&["add", "--all"]);
    site.sandbox
        .git(&["commit", "--quiet", "--message=service"]);
    site.without_agents().executor(HALF);
    let built = [
        "run",
        "feature-build",
        "Add rate limiting",
        "--rehearse",
        "--publish",
    ];
    site.sandbox.tipstaff(&built).succeeds();
    let mut nodes = site.nodes();
    nodes.sort();
    nodes.dedup();
    assert_eq!(nodes, ["n1", "n2"]);
    assert!(!site.sandbox.git(&["status", "--porcelain"]).is_empty());
    site.is_clean();
}
