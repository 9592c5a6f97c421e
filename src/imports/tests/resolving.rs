//! Where imports lead.

use super::super::Language;
use super::{leads, plain, tree};

#[test]
fn a_relative_module_is_found_without_its_ending() {
    let tree = plain(&[
        "src/store.js",
        "src/view/index.tsx",
        "src/types.d.ts",
        "src/esm.ts",
        "src/data.json",
        "src/Part.vue",
        "src/both.ts",
        "src/both/index.ts",
        "index.mjs",
        "src/logo.svg",
        "public/app.js",
    ]);
    let from = |import| leads(&tree, "src/app.ts", import);
    for (import, expected) in [
        ("./store", "src/store.js"),
        ("./store.js", "src/store.js"),
        ("./view", "src/view/index.tsx"),
        ("./view/", "src/view/index.tsx"),
        ("./types", "src/types.d.ts"),
        ("./esm.js", "src/esm.ts"),
        ("./data", "src/data.json"),
        ("./Part", "src/Part.vue"),
        ("./both", "src/both.ts"),
        ("..", "index.mjs"),
        ("./logo.svg?raw", "src/logo.svg"),
        ("/src/store", "src/store.js"),
        ("@/view", "src/view/index.tsx"),
    ] {
        assert_eq!(from(import).as_deref(), Some(expected), "{import}");
    }
    let page = leads(&tree, "public/index.html", "/app.js");
    assert_eq!(page.as_deref(), Some("public/app.js"));
    for import in [
        "../../store",
        "./none",
        "react",
        "node:fs",
        "store",
        "@scope/store",
        "",
        "#x",
    ] {
        assert_eq!(from(import), None, "{import}");
    }
}

#[test]
fn aliases_of_tsconfig_lead_on() {
    let tree = tree(&[
        (
            "tsconfig.base.json",
            r#"{"compilerOptions": {"paths": {"@libs/*": ["libs/*/src"]}}}"#,
        ),
        (
            "web/tsconfig.json",
            r#"{ // comments are usual
                "extends": "../tsconfig.base.json",
                "compilerOptions": {"baseUrl": "./src", "paths": {"~ui": ["ui/index"], "$*": ["gone/*", "lib/*"],},},}"#,
        ),
        ("web/src/ui/index.tsx", ""),
        ("web/src/lib/a.ts", ""),
        ("web/src/deep/b.ts", ""),
        ("libs/log/src/index.ts", ""),
        ("other/tsconfig.json", "no json"),
    ]);
    let from = |import| leads(&tree, "web/src/deep/x.ts", import);
    assert_eq!(from("~ui").as_deref(), Some("web/src/ui/index.tsx"));
    assert_eq!(from("$a").as_deref(), Some("web/src/lib/a.ts"));
    assert_eq!(from("deep/b").as_deref(), Some("web/src/deep/b.ts"));
    assert_eq!(from("@libs/log").as_deref(), Some("libs/log/src/index.ts"));
    assert_eq!(leads(&tree, "other/x.ts", "~ui"), None);
}

#[test]
fn packages_of_the_project_and_their_own_imports_lead_on() {
    let tree = tree(&[
        (
            "api/package.json",
            r##"{"name": "@a/api", "imports": {"#db": {"node": "./src/db.js", "default": "./no.js"}, "#lib/*": ["./src/lib/*.js"]}}"##,
        ),
        ("api/src/db.js", ""),
        ("api/src/lib/x.js", ""),
        (
            "ui/package.json",
            r#"{"name": "@a/ui", "main": "./dist/index.js", "exports": {".": "./dist/index.js", "./icons/*": {"import": "./art/*.js"}}}"#,
        ),
        ("ui/src/index.ts", ""),
        ("ui/src/button.tsx", ""),
        ("ui/art/cross.js", ""),
        (
            "plain/package.json",
            r#"{"name": "plain", "main": "lib/start.js"}"#,
        ),
        ("plain/lib/start.js", ""),
    ]);
    let from = |import| leads(&tree, "api/src/x.js", import);
    for (import, expected) in [
        ("#db", "api/src/db.js"),
        ("#lib/x", "api/src/lib/x.js"),
        ("@a/ui", "ui/src/index.ts"),
        ("@a/ui/button", "ui/src/button.tsx"),
        ("@a/ui/icons/cross", "ui/art/cross.js"),
        ("plain", "plain/lib/start.js"),
    ] {
        assert_eq!(from(import).as_deref(), Some(expected), "{import}");
    }
    assert_eq!(from("@a/none"), None);
    assert_eq!(from("@a"), None);
}

#[test]
fn modules_of_python() {
    let tree = plain(&[
        "src/app/__init__.py",
        "src/app/db.py",
        "src/app/web/__init__.py",
        "src/app/web/views.py",
        "src/app/typed.pyi",
        "tests/test_db.py",
        "tests/helpers.py",
        "tools/make.py",
        "tools/common/parts.py",
    ]);
    for (from, import, expected) in [
        ("src/app/web/views.py", ".", Some("src/app/web/__init__.py")),
        (
            "src/app/web/views.py",
            "..db.connect",
            Some("src/app/db.py"),
        ),
        ("src/app/web/views.py", "app.db", Some("src/app/db.py")),
        (
            "src/app/web/views.py",
            "app.web.views.Page",
            Some("src/app/web/views.py"),
        ),
        (
            "src/app/web/views.py",
            "app.anything",
            Some("src/app/__init__.py"),
        ),
        ("src/app/web/views.py", "db", None),
        ("src/app/web/views.py", "....x", None),
        ("tests/test_db.py", "app.db.connect", Some("src/app/db.py")),
        ("tests/test_db.py", "app.typed", Some("src/app/typed.pyi")),
        ("tests/test_db.py", "helpers.x", Some("tests/helpers.py")),
        (
            "tools/make.py",
            "common.parts",
            Some("tools/common/parts.py"),
        ),
        ("tools/make.py", "os.path", None),
    ] {
        assert_eq!(
            leads(&tree, from, import).as_deref(),
            expected,
            "{import} of {from}"
        );
    }
}

#[test]
fn modules_of_rust() {
    let tree = tree(&[
        ("Cargo.toml", "[package]\nname = \"tip-staff\"\n"),
        ("src/lib.rs", ""),
        ("src/main.rs", ""),
        ("src/a.rs", ""),
        ("src/a/b.rs", ""),
        ("src/c/mod.rs", ""),
        ("src/c/d.rs", ""),
        ("src/bin/tool.rs", ""),
        ("tests/run/main.rs", ""),
        ("tests/run/support.rs", ""),
        ("tests/one.rs", ""),
        ("tests/common/mod.rs", ""),
        (
            "other/Cargo.toml",
            "[package]\nname = \"other\"\n[lib]\npath = \"lib/o.rs\"\n",
        ),
        ("other/lib/o.rs", ""),
        ("other/lib/p.rs", ""),
        ("bad/Cargo.toml", "[package"),
    ]);
    for (from, import, expected) in [
        ("src/lib.rs", "self::a", Some("src/a.rs")),
        ("src/a.rs", "self::b", Some("src/a/b.rs")),
        ("src/a/b.rs", "super::Type", Some("src/a.rs")),
        ("src/a/b.rs", "super::super::c::d::Type", Some("src/c/d.rs")),
        ("src/a/b.rs", "crate::c::d::Type", Some("src/c/d.rs")),
        ("src/a/b.rs", "crate::c::Type", Some("src/c/mod.rs")),
        ("src/a/b.rs", "crate::Type", Some("src/lib.rs")),
        (
            "src/a/b.rs",
            "self::tests::super::super::Type",
            Some("src/a.rs"),
        ),
        ("src/a/b.rs", "super::super::super::x", None),
        ("src/c/mod.rs", "d::Type", Some("src/c/d.rs")),
        ("src/main.rs", "tip_staff::a::b::Type", Some("src/a/b.rs")),
        ("src/main.rs", "tip_staff::Type", Some("src/lib.rs")),
        ("src/bin/tool.rs", "tip_staff::c", Some("src/c/mod.rs")),
        (
            "tests/run/main.rs",
            "self::support",
            Some("tests/run/support.rs"),
        ),
        (
            "tests/run/support.rs",
            "crate::Type",
            Some("tests/run/main.rs"),
        ),
        ("tests/one.rs", "self::common", Some("tests/common/mod.rs")),
        ("tests/one.rs", "tip_staff::a", Some("src/a.rs")),
        ("src/a.rs", "other::p::Type", Some("other/lib/p.rs")),
        ("src/a.rs", "other::Type", Some("other/lib/o.rs")),
        ("src/a.rs", "./c/d.rs", Some("src/c/d.rs")),
        ("src/a.rs", "./../../x.rs", None),
        ("src/a.rs", "std::fs", None),
        ("src/a.rs", "bad::x", None),
    ] {
        assert_eq!(
            leads(&tree, from, import).as_deref(),
            expected,
            "{import} of {from}"
        );
    }
}

#[test]
fn classes_and_files_of_php() {
    let tree = tree(&[
        (
            "composer.json",
            r#"{"autoload": {"psr-4": {"App\\": "src/", "App\\Old\\": ["old", "older/"]}},
                "autoload-dev": {"psr-4": {"Tests\\": "tests"}}}"#,
        ),
        ("src/Http/Page.php", ""),
        ("src/Old/Shadowed.php", ""),
        ("older/Shadowed.php", ""),
        ("tests/PageTest.php", ""),
        ("src/Http/part.php", ""),
        ("inc/all.php", ""),
        ("plugin/composer.json", "{"),
    ]);
    for (import, expected) in [
        ("\\App\\Http\\Page", Some("src/Http/Page.php")),
        ("\\App\\Old\\Shadowed", Some("older/Shadowed.php")),
        ("\\Tests\\PageTest", Some("tests/PageTest.php")),
        ("\\Vendor\\Page", None),
        ("./part.php", Some("src/Http/part.php")),
        ("./inc/all.php", None),
        ("inc/all.php", Some("inc/all.php")),
        ("./../../../x.php", None),
    ] {
        assert_eq!(
            leads(&tree, "src/Http/x.php", import).as_deref(),
            expected,
            "{import}"
        );
    }
}

#[test]
fn packages_of_go() {
    let tree = tree(&[
        (
            "go.mod",
            "// the module\nmodule example.com/m // here\n\ngo 1.22\n",
        ),
        ("main.go", ""),
        ("main_test.go", ""),
        ("a/one.go", ""),
        ("a/two.go", ""),
        ("a/one_test.go", ""),
        ("a/notes.md", ""),
        ("a/below/x.go", ""),
        ("tool/go.mod", "module \"example.com/m/tool\"\n"),
        ("tool/b/y.go", ""),
    ]);
    let of = |from: &str, import: &str| tree.resolve(Language::Go, from, import);
    assert_eq!(of("main.go", "example.com/m/a"), ["a/one.go", "a/two.go"]);
    assert_eq!(of("a/one.go", "example.com/m"), ["main.go"]);
    assert_eq!(of("a/one_test.go", "."), ["a/one.go", "a/two.go"]);
    assert_eq!(of("main.go", "example.com/m/tool/b"), ["tool/b/y.go"]);
    for import in ["fmt", "example.com/mother/a", "example.com/m/none"] {
        assert!(of("main.go", import).is_empty(), "{import}");
    }
}

#[test]
fn settings_that_are_none_say_nothing() {
    let deep = "[".repeat(200_000);
    for name in [
        "package.json",
        "tsconfig.json",
        "composer.json",
        "Cargo.toml",
        "go.mod",
    ] {
        for text in [
            deep.as_str(),
            "",
            "[]",
            "{\"name\": 7, \"compilerOptions\": \"x\"}",
            "\u{0}",
        ] {
            let tree = tree(&[(name, text), ("src/b.ts", "")]);
            assert_eq!(leads(&tree, "src/a.ts", "./b").as_deref(), Some("src/b.ts"));
        }
    }
}
