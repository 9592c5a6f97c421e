//! A call lives in a cell: it sees and changes what it was given, and nothing of it is left.

use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use tipstaff::model::{ExitStatus, Rung};
use tipstaff::process::{
    Access, CellLimits, CellSpec, ChildSpec, Exceeded, ExitRecord, Mount, Network, WardenFate,
    start,
};

use rustix::process::Signal;

use crate::support::{Stage, TIPSTAFF, alive, descendants, kill, until};

/// What shells need.
fn system() -> Vec<Mount> {
    let folders = ["/usr", "/etc"].map(|folder| Mount::Bind {
        from: folder.into(),
        at: folder.into(),
        access: Access::Read,
    });
    let links = ["bin", "sbin", "lib", "lib64"].map(|name| Mount::Link {
        at: Path::new("/").join(name),
        target: Path::new("usr").join(name),
    });
    folders.into_iter().chain(links).collect()
}

/// A stage with a base layer, whose script runs in a cell.
fn cell(script: &str, network: Network) -> (Stage, ChildSpec) {
    let stage = Stage::new("- do: []");
    for folder in ["base/src", "upper", "work", "root", "private"] {
        std::fs::create_dir_all(stage.path(folder)).unwrap();
    }
    std::fs::write(stage.path("base/src/a.txt"), "old\n").unwrap();
    std::fs::write(stage.path("base/b.txt"), "b\n").unwrap();
    std::fs::write(stage.path("secret"), "key").unwrap();
    let mut mounts = system();
    mounts.push(Mount::Bind {
        from: stage.path("private"),
        at: "/private".into(),
        access: Access::Write,
    });
    mounts.push(Mount::Overlay {
        layers: vec![stage.path("base")],
        upper: stage.path("upper"),
        work: stage.path("work"),
        at: "/workspace".into(),
    });
    let spec = ChildSpec {
        program: PathBuf::from("sh"),
        args: vec!["-c".into(), script.into()],
        env: [("PATH".into(), "/usr/bin:/bin".into())].into(),
        cwd: "/workspace".into(),
        cell: Some(CellSpec {
            rung: Rung::Namespaces,
            root: stage.path("root"),
            mounts,
            network,
            limits: CellLimits::default(),
            written: vec![stage.path("upper"), stage.path("private")],
        }),
        ..stage.spec()
    };
    (stage, spec)
}

async fn run(spec: ChildSpec) -> ExitRecord {
    let mut child = start(spec, Path::new(TIPSTAFF)).await.unwrap();
    child.wait().await.unwrap()
}

#[tokio::test]
async fn what_a_call_writes_is_in_its_upper_folder_alone() {
    let script = "cat src/a.txt; echo new > src/a.txt; rm b.txt; echo x > /private/y; ls";
    let (stage, spec) = cell(script, Network::Host);
    assert_eq!(run(spec).await.status, ExitStatus::Exited(0));
    let text = |name: &str| std::fs::read_to_string(stage.path(name)).unwrap();
    assert_eq!(text("out"), "old\nsrc\n");
    assert_eq!(
        (text("base/src/a.txt"), text("base/b.txt")),
        ("old\n".into(), "b\n".into())
    );
    assert_eq!(text("upper/src/a.txt"), "new\n");
    assert_eq!(text("private/y"), "x\n");
    // As the overlay says that a file is gone.
    let gone = std::fs::symlink_metadata(stage.path("upper/b.txt")).unwrap();
    assert!(gone.file_type().is_char_device() && gone.rdev() == 0);
    assert_eq!(std::fs::read_dir(stage.path("root")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_call_has_no_rights_and_sees_what_it_was_given_alone() {
    let script = "ls /; set -- /proc/[0-9]*; echo $#; grep CapBnd /proc/self/status; touch /usr/x || \
                  unshare -m true || mknod /workspace/d b 8 0 || kill -9 1 || touch /x || touch /dev/x || echo refused";
    let (stage, spec) = cell(script, Network::Host);
    assert_eq!(run(spec).await.status, ExitStatus::Exited(0));
    let printed = std::fs::read_to_string(stage.path("out")).unwrap();
    let printed: Vec<&str> = printed.split_ascii_whitespace().collect();
    let seen = [
        "bin",
        "dev",
        "etc",
        "lib",
        "lib64",
        "private",
        "proc",
        "sbin",
        "usr",
        "workspace",
    ];
    let (folders, rest) = printed.split_at(seen.len());
    assert_eq!(folders, seen);
    // Its own shell, and the process that ends all.
    assert_eq!(rest, ["2", "CapBnd:", "0000000000000000", "refused"]);
}

#[tokio::test]
async fn a_call_without_network_has_its_own_loopback() {
    let script = "grep -c : /proc/net/dev; grep ' lo' /proc/net/dev | wc -l";
    let (stage, spec) = cell(script, Network::Own);
    assert_eq!(run(spec).await.status, ExitStatus::Exited(0));
    let printed = std::fs::read_to_string(stage.path("out")).unwrap();
    assert_eq!(printed, "1\n1\n");
}

#[tokio::test]
async fn nothing_of_a_call_survives_its_warden_whatever_it_did() {
    let script = "trap '' INT TERM HUP; (env -i setsid sh -c 'trap \"\" INT TERM HUP; sleep 997 & sleep 997') & \
                  while [ \"$(pgrep -c sleep)\" -lt 2 ]; do :; done; echo > up; sleep 997";
    let (stage, spec) = cell(script, Network::Host);
    let mut child = start(spec, Path::new(TIPSTAFF)).await.unwrap();
    let up = stage.path("upper/up");
    until("the processes are there", || up.exists());
    let below = descendants(child.warden_pid());
    assert!(below.len() >= 4, "{below:?}");
    kill(child.warden_pid(), Signal::KILL);
    assert_eq!(child.wait().await.unwrap().warden, WardenFate::Lost);
    until("all are gone", || below.iter().all(|pid| !alive(*pid)));
}

#[tokio::test]
async fn a_call_that_uses_too_much_is_ended_and_said_for_what() {
    let cases = [
        (
            Exceeded::Disk,
            "head -c 40000000 /dev/zero > big; sleep 600",
            CellLimits {
                disk: Some(20_000_000),
                ..CellLimits::default()
            },
        ),
        (
            Exceeded::Memory,
            "x=$(head -c 60000000 /dev/zero | tr '\\0' x); sleep 600",
            CellLimits {
                memory: Some(30_000_000),
                ..CellLimits::default()
            },
        ),
        (
            Exceeded::Processes,
            "for i in $(seq 100); do sleep 600 & done; wait",
            CellLimits {
                processes: Some(50),
                ..CellLimits::default()
            },
        ),
    ];
    for (limit, script, limits) in cases {
        let (_stage, mut spec) = cell(script, Network::Host);
        if let Some(cell) = &mut spec.cell {
            cell.limits = limits;
        }
        assert_eq!(run(spec).await.exceeded, Some(limit));
    }
}

#[test]
fn all_of_the_machine_is_no_place_that_a_cell_may_use() {
    let sandbox = crate::support::Sandbox::new();
    sandbox.user_config("sandbox: { write: [\"/\", here], read: [\"~\"] }\n");
    sandbox
        .tipstaff(&["check", "plan"])
        .exits_with(2)
        .stderr_has("`/` is all of this machine")
        .stderr_has("`here` is no absolute path")
        .has_no("`~`");
}
