//! What the parsers find, and what they pass over.

use super::read;

#[test]
fn javascript() {
    let text = r#"
        // import "./comment";
        /* export * from "./comment"; */
        import fallback, { named as other } from './named';
        import * as all from "./all.js";
        import "./effect";
        import data from "./data.json" with { type: "json" };
        export { name } from "./again";
        export * from './star';
        export default "./no";
        const text = 'import x from "./text"', tagged = `require("./text")`;
        const lazy = await import(/* webpackChunkName: "x" */ './lazy'), plain = import(`./plain`);
        const open = import(`./${name}.js`), sum = import("./a" + "b"), other = require(name);
        const old = require("./old"), where = require.resolve("./where"), no = log("./no");
        const work = new Worker(new URL("./work.js", import.meta.url)), page = new URL("./no", base);
        const again = import("./lazy");
        const element = <div>import "./element"</div>;
        import "pkg"; import "";
    "#;
    let expected = [
        "./named",
        "./all.js",
        "./effect",
        "./data.json",
        "./again",
        "./star",
        "./lazy",
        "./plain",
        "./old",
        "./where",
        "./work.js",
        "pkg",
    ];
    assert_eq!(read("a.jsx", text), expected);
}

#[test]
fn typescript() {
    let text = r#"
        import type { A } from "./types";
        import { type B, c } from "./mixed";
        import old = require("./old");
        import short = Name.space;
        export type { D } from "./d";
        type Far = import("./far").Far;
        const cast = <any>value, generic = <T,>(x: T) => x;
        declare module "./no" {}
    "#;
    let expected = ["./types", "./mixed", "./old", "./d", "./far"];
    assert_eq!(read("a.ts", text), expected);
}

#[test]
fn scripts_of_pages() {
    let text = r#"
        <!-- <script src="no.js"></script> -->
        <template><a v-if="a < b">{{ import "./no" }}</a></template>
        <script setup lang="ts">
        import type { A } from './types'
        import Part from './Part.vue'
        </script>
        <script src="app.js"></script><script type=module src=/main.ts></script>
        <script src="https://example.com/x.js"></script><script src='//cdn/x.js'></script>
        <script src="../up.js" async></script><link href="no.css">
    "#;
    let expected = ["./types", "./Part.vue", "./app.js", "/main.ts", "../up.js"];
    assert_eq!(read("a.vue", text), expected);
    let svelte = "{#if a < b}<p>{/if}\n<script>\nimport x from './x';\n</script>";
    assert_eq!(read("a.svelte", svelte), ["./x"]);
}

#[test]
fn python() {
    let text = r#"
'''import docstring'''
# import comment
from __future__ import annotations
import os, a.b.c as d
from . import x, y as z
from ..p . q import (r,  # why
    s)
from m import *
from .w import *
text = "import text"
if TYPE_CHECKING:
    from types_only import T
def late():
    import inner
    importlib.import_module("i.j"); __import__("k"); import_module(name); call("no")
"#;
    let expected = [
        "os",
        "a.b.c",
        ".x",
        ".y",
        "..p.q.r",
        "..p.q.s",
        "m",
        ".w",
        "types_only.T",
        "inner",
        "i.j",
        "k",
    ];
    assert_eq!(read("a.py", text), expected);
}

#[test]
fn rust() {
    let text = r##"
        //! use doc::comment;
        mod a;
        #[path = "weird.rs"]
        #[cfg(test)]
        mod b;
        pub(in crate::visible) mod c {
            mod d;
            use super::x;
            use other::y;
            fn f() { crate::g::h(); self::here() }
        }
        pub use crate::m::{self, n::{o, p as q}, r::*};
        use {s::t, ::u::v};
        use super::super::w as _;
        extern crate foo;
        fn g(a: crate::k::L<crate::k2::M>) -> Self {
            let text = "use text::no;"; let raw = r#"mod no;"#; /* use no; */
            let x = tipstaff::process::MARK; Vec::<i::J>::new(); Self::make();
            self::aa::bb::<u8>(); <crate::t1::T as tr::Trait>::go();
            include_str!("../page.md"); println!("no", crate::zz::y())
        }
    "##;
    let expected = [
        "self::a",
        "./weird.rs",
        "self::c::self::d",
        "self::c::super::x",
        "other::y",
        "crate::g::h",
        "self::c::self::here",
        "crate::m",
        "crate::m::n::o",
        "crate::m::n::p",
        "crate::m::r",
        "s::t",
        "::u::v",
        "super::super::w",
        "foo",
        "crate::k::L",
        "crate::k2::M",
        "tipstaff::process::MARK",
        "i::J",
        "self::aa::bb",
        "crate::t1::T",
        "tr::Trait",
        "./../page.md",
    ];
    assert_eq!(read("a.rs", text), expected);
}

#[test]
fn php() {
    let text = r#"<html> use No\Html; <?php
        namespace App\Http;
        use App\Models\User;
        use App\{One, Two as Second, Deep\Three};
        use function App\Help\assist;
        // use No\Comment;
        $text = 'use No\Text;'; $doc = "require 'no.php'";
        require __DIR__ . '/a.php';
        require_once("b.php");
        include dirname(__DIR__, 2) . "/c.php";
        include_once dirname(dirname(__FILE__)) . '/d.php';
        include ROOT . '/e.php'; include $name; include "f-$name.php";
        #[Mark]
        class Page extends Base implements Shown, \Other\Known {
            use Trait1;
            public function f(?Repo $repo, User|Second\Sub $user): self {
                new Made(); Called::x(); Named::Y; Held::$z; $x instanceof Kind; plain();
                try {} catch (Fault1|Fault2 $e) {}
            }
        }
    "#;
    let classes = [
        "App\\Models\\User",
        "App\\One",
        "App\\Two",
        "App\\Deep\\Three",
        "App\\Help\\assist",
    ];
    let files = ["./a.php", "b.php", "./../../c.php", "./../d.php", "e.php"];
    let of_namespace = ["Mark", "Base", "Shown"].map(|name| format!("App\\Http\\{name}"));
    let further = [
        "Trait1", "Repo", "Made", "Called", "Named", "Held", "Kind", "Fault1", "Fault2",
    ]
    .map(|name| format!("App\\Http\\{name}"));
    let found = read("a.php", text);
    for class in classes
        .iter()
        .map(|class| (*class).to_owned())
        .chain(of_namespace)
        .chain(further)
    {
        assert!(
            found.contains(&format!("\\{class}")),
            "no {class} in {found:#?}"
        );
    }
    let included: Vec<&String> = found
        .iter()
        .filter(|import| !import.starts_with('\\'))
        .collect();
    assert_eq!(included, files.iter().collect::<Vec<_>>());
    for expected in ["\\Other\\Known", "\\App\\Two\\Sub"] {
        assert!(
            found.contains(&expected.to_owned()),
            "no {expected} in {found:#?}"
        );
    }
    let strays = ["No\\", "Page", "plain"];
    assert!(
        !found
            .iter()
            .any(|import| strays.iter().any(|no| import.contains(no))),
        "{found:#?}"
    );
}

#[test]
fn go() {
    let text = r#"
        package main // import "no/comment"
        import "fmt"
        import (
            a "example.com/m/a"
            _ `example.com/m/b`
            . "example.com/m/c"
        )
        const text = `import "no/text"`
    "#;
    let expected = [
        ".",
        "fmt",
        "example.com/m/a",
        "example.com/m/b",
        "example.com/m/c",
    ];
    assert_eq!(read("a.go", text), expected);
}

#[test]
fn a_file_with_mistakes_gives_what_is_still_found() {
    assert_eq!(
        read(
            "a.ts",
            "import a from './a';\nconst x = ;\nimport b from './b';\n"
        ),
        ["./a", "./b"]
    );
    assert_eq!(read("a.py", "import a\nx = = 1\nimport b\n"), ["a", "b"]);
    assert_eq!(read("a.rs", "use crate::a;\nfn f( {{{\n"), ["crate::a"]);
}

#[test]
fn what_is_no_text_or_too_large_imports_nothing() {
    assert!(read("a.js", "import './a';\0").is_empty());
    let large = format!("import './a';\n{}", " ".repeat(600_000));
    assert!(read("a.js", &large).is_empty());
    let long = format!("import './{}';", "a".repeat(600));
    assert!(read("a.js", &long).is_empty());
}

#[test]
fn depth_and_length_cost_neither_stack_nor_memory() {
    let count = 20_000;
    let name = "a".repeat(50_000);
    for (file, text) in [
        ("a.js", "f(".repeat(count)),
        ("a.js", "f().".repeat(count)),
        ("a.py", "(".repeat(count)),
        ("a.php", format!("<?php include {}", "(".repeat(count))),
        (
            "a.php",
            format!("<?php namespace {name}; {}", "new A;".repeat(count)),
        ),
        ("a.php", format!("<?php {}", "f(new A(".repeat(count))),
        ("a.rs", "mod a { use super::a; ".repeat(count)),
        ("a.rs", format!("use {name}::{{{}}};", "b, ".repeat(count))),
        ("a.rs", format!("use {}", "a::{".repeat(count))),
        ("a.rs", format!("use {}a;", "a::".repeat(count))),
        ("a.rs", format!("type A = {}", "a::B<".repeat(count))),
        (
            "a.py",
            format!("from {name} import {}b", "b, ".repeat(count)),
        ),
    ] {
        let bytes: usize = read(file, &text).iter().map(String::len).sum();
        assert!(bytes < 4 * text.len(), "{bytes} bytes of {}", &text[..40]);
    }
}
