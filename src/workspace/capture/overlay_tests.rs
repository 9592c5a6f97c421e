//! What is captured from the upper folder of an overlay is what is captured from a copy after the same edits.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use proptest::prelude::{Just, ProptestConfig, Strategy, prop, proptest};

use super::super::testing::{Repo, in_overlay};
use super::super::{
    ControlFiles, Files, Layers, Progress, Project, ProjectCache, Snapshot, Workspace,
};
use super::*;
use crate::model::Bytes;

/// A project with layers. A run before it was about another tree, so there is a delta, too.
struct Bench {
    repo: Repo,
    base: TreeId,
    layers: Layers,
}

impl Bench {
    fn new(files: &[(&str, &str)]) -> Self {
        let repo = Repo::plain();
        for number in 0..60 {
            repo.write(&format!("many/{number}"), number.to_string());
        }
        for name in ["earlier", "deep/earlier/a", "deep/file"] {
            repo.write(name, "of an earlier run");
        }
        let project = Project::discover(&repo.root).unwrap();
        let cache = ProjectCache::open(&repo.cache, &project).unwrap();
        let scratch = repo.base.with_file_name("scratch");
        let take = || {
            let tree = Snapshot::take(&project, &repo.store, Some(&cache), &Progress::default())
                .unwrap()
                .tree;
            let layers = Layers::new(Some(&cache), &repo.store, &scratch, Default::default());
            layers.of(&tree, ControlFiles::Drop).unwrap();
            (tree, layers)
        };
        drop(take());
        fs::remove_file(repo.root.join("earlier")).unwrap();
        fs::remove_dir_all(repo.root.join("deep")).unwrap();
        for (path, text) in files {
            match text.strip_prefix("-> ") {
                Some(target) => {
                    fs::create_dir_all(repo.root.join(path).parent().unwrap()).unwrap();
                    symlink(target, repo.root.join(path)).unwrap();
                }
                None => repo.write(path, text),
            }
        }
        let (base, layers) = take();
        Self { base, layers, repo }
    }

    /// Runs a script in a copy and in an overlay, and compares what is captured.
    fn same(
        &self,
        script: &str,
        visible: &[&str],
        allowed: &Allowed,
        limits: &ChangeLimits,
    ) -> Captured {
        let place = tempfile::tempdir().unwrap();
        let stack = self.layers.of(&self.base, ControlFiles::Drop).unwrap();
        let mut mount: Vec<&Path> = stack.folders().collect();
        let names: Vec<String> = visible.iter().map(|name| (*name).to_owned()).collect();
        let files = Files {
            store: &self.repo.store,
            tree: &self.base,
            wanted: (!names.is_empty()).then_some(&names),
            control: ControlFiles::Drop,
        };
        let [scope, upper] = ["scope", "upper"].map(|name| place.path().join(name));
        let (_, shown) = Workspace::create_above(&files, &scope, &upper).unwrap();
        let visible = match names.is_empty() {
            true => Visible::All,
            false => Visible::Only(shown),
        };
        if !names.is_empty() {
            mount = vec![&scope];
        }
        let capture = |edited: Edited<'_>| {
            let mut captured = capture(
                &self.repo.store,
                &self.base,
                &edited,
                &visible,
                allowed,
                limits,
            )
            .unwrap();
            captured.left_out.sort();
            // The trees say it already, and shorter.
            captured.patch.clear();
            captured
        };
        let copy = Workspace::create_copy(&files, &[], &place.path().join("copy")).unwrap();
        let at = place.path().join("script");
        fs::write(&at, script).unwrap();
        duct::cmd!("timeout", "30", "sh", "-e", at)
            .dir(copy.root())
            .stderr_null()
            .run()
            .unwrap();
        let overlay = in_overlay(&mount, script);
        let upper = overlay.path().join("upper");
        let from_upper = capture(Edited {
            at: &upper,
            layers: &stack.tree,
        });
        let from_copy = capture(Edited::copy(copy.root()));
        assert_eq!(from_upper, from_copy, "{script}");
        from_upper
    }

    fn same_anywhere(&self, script: &str) -> Captured {
        self.same(script, &[], &Allowed::Anywhere, &ChangeLimits::default())
    }
}

fn only(names: &[&str]) -> Allowed {
    Allowed::Only(names.iter().map(|name| (*name).to_owned()).collect())
}

/// Something of every kind that is treated in its own way.
fn project() -> Bench {
    Bench::new(&[
        (".gitignore", "*.log\nout/\n"),
        ("a", "a\n"),
        ("d/.gitignore", "!kept.log\n"),
        ("d/a", "a in d\n"),
        ("d/e/a", "a in e\n"),
        ("d/e/b", "b in e\n"),
        ("link", "-> d/e"),
        ("d/up", "-> ../a"),
        ("outward", "-> ../../x"),
        (".claude/settings.json", "{}"),
        ("d/.env", "KEY=1"),
        ("deep/er/still", "deep"),
    ])
}

#[test]
fn each_kind_of_edit_is_captured_as_from_a_copy() {
    let bench = project();
    let scripts = [
        "",
        "echo more >> a; cp d/e/a d/e/a.2; chmod +x d/e/b",
        "cat a > x; cat x > a; rm x; touch d/a; chmod 600 d/e/a; chmod 700 d",
        "rm -rf d",
        "rm -rf d; mkdir d; printf 'a in d\\n' > d/a",
        "rm -rf d; echo file > d",
        "rm -rf d; mkfifo d",
        "rm a; mkfifo a",
        "rm a; mkdir a; echo b > a/b; mkfifo a/c",
        "rm -rf d/e; ln -s ../a d/e",
        "mv d moved; mv deep/er deep/est; rm -r many",
        "mkdir -p d/.claude .claude; echo x > d/.claude/x; echo y > .claude/settings.json; echo z > .mcp.json",
        "echo {} > .claude.json; mkdir -p .claude; printf {} > .claude/settings.json",
        "echo file > outward; echo file > d/.env",
        "mkdir outward; echo x > outward/x",
        "ln -s outward/y through; ln -s link/a fine; ln -s d/up also; ln -s /etc/passwd abs; ln -s deep/../../x up",
        "rm d/up; ln -s ../../../x d/up",
        "rm link; mkdir -p link; echo x > link/a; ln -s link/../../y sly",
        "rm -rf d/e; ln -s ../../etc d/e; ln -s link/x y",
        "echo x > x.log; mkdir out; echo x > out/x; echo x > d/kept.log; echo x > d/e/y.log; echo x > d/e/kept.log",
        "rm .gitignore; echo x > x.log; echo x > d/kept.log",
        "echo '!x.log' > .gitignore; echo x > x.log; echo '*' > d/e/.gitignore; echo x > d/e/new; echo y >> d/e/a",
        "mkdir -p n/.git d/n/.git d/.git; echo x > n/.git/HEAD; echo x > n/f; echo x > d/n/f; echo x > d/.tipstaff",
        "mkdir s; cd s; mkdir t; ln -s t u; echo x > t/v; ln t/v w; cd ..; ln a hard; rm a",
        "for n in 1 2 3 4 5; do mkdir -p new/$n; echo $n > new/$n/f; done; rm -rf new/2; mkdir new/2",
        "mkdir -p deep/earlier earlier; echo x > deep/earlier/b; echo y > earlier/a; echo z > deep/file",
        "mv d d.2; mv d.2 d",
        "rm -rf d && mkdir d && ln -s . d/.gitignore; ln -s x .gitmodules",
    ];
    for script in scripts {
        bench.same_anywhere(script);
        for allowed in [
            only(&["d", "a", "link/a"]),
            only(&["**/a", "x.log", "out/x", "new/1"]),
        ] {
            bench.same(script, &[], &allowed, &ChangeLimits::default());
        }
        let tight = ChangeLimits {
            files: Some(2),
            size: Some(Bytes(100)),
            file_size: Some(Bytes(9)),
        };
        bench.same(script, &[], &Allowed::Anywhere, &tight);
    }
}

#[test]
fn a_scoped_overlay_is_captured_as_a_scoped_copy() {
    let bench = project();
    let script = "echo b > a; echo c > d/a; rm -f d/e/a; mkdir -p d/e many; echo x > d/e/b; echo y > many/1; \
        echo z > new; mkdir deep; echo file > deep/er; echo x > x.log";
    let visible = ["a", "d/e/a", "d/.gitignore"];
    let captured = bench.same(
        script,
        &visible,
        &Allowed::Anywhere,
        &ChangeLimits::default(),
    );
    assert_eq!(captured.files.len(), 3, "{:?}", captured.files);
    bench.same(
        script,
        &visible,
        &only(&["a", "d"]),
        &ChangeLimits::default(),
    );
}

fn edit() -> impl Strategy<Value = String> {
    let path = || {
        prop::sample::select(vec![
            "a",
            "b",
            "d",
            "d/a",
            "d/e",
            "d/e/a",
            "d/e/f/g",
            "deep",
            "deep/er/still",
            "link",
            "link/a",
            "d/up",
            "x.log",
            "d/kept.log",
            "out",
            "out/x",
            ".gitignore",
            "d/e/.gitignore",
            "many",
            "many/7",
            ".claude",
            ".claude/x",
            "outward",
            "earlier",
            "d/n/.git",
        ])
    };
    let make_way = |path: &str| match path.rsplit_once('/') {
        Some((above, _)) => format!("mkdir -p {above} && "),
        None => String::new(),
    };
    let text = prop::sample::select(vec!["one", "*.log", "!x.log", "a", ""]);
    prop::strategy::Union::new([
        (path(), text)
            .prop_map(move |(path, text)| {
                format!(
                    "{}test ! -p {path} && echo '{text}' > {path}",
                    make_way(path)
                )
            })
            .boxed(),
        path().prop_map(|path| format!("rm -rf {path}")).boxed(),
        path()
            .prop_map(move |path| format!("mkdir -p {path}"))
            .boxed(),
        (path(), path())
            .prop_map(|(from, to)| format!("mv {from} {to}"))
            .boxed(),
        (path(), path())
            .prop_map(|(from, to)| format!("test -f {from} && cp --remove-destination {from} {to}"))
            .boxed(),
        (path(), path())
            .prop_map(|(to, at)| format!("ln -sn {to} {at}"))
            .boxed(),
        path().prop_map(|path| format!("chmod +x {path}")).boxed(),
        path().prop_map(|path| format!("mkfifo {path}")).boxed(),
        Just("rm -rf d && mkdir d && echo a > d/a".to_owned()).boxed(),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_edits_are_captured_as_from_a_copy(scripts in prop::collection::vec(prop::collection::vec(edit(), 1..8), 40)) {
        let bench = project();
        for edits in scripts {
            let lines: Vec<String> = edits.iter().map(|edit| format!("{{ {edit}; }} 2>/dev/null || true")).collect();
            bench.same_anywhere(&lines.join("\n"));
        }
    }
}
