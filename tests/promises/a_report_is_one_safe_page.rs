//! A report is one page that loads nothing, runs nothing and shows whatever models wrote as text; as Markdown it
//! says what it says and does nothing.

use std::collections::BTreeSet;

use pulldown_cmark::{Event, Options, Parser, Tag};
use scraper::{Html, Selector};

use crate::support::Sandbox;

/// What would leave its place in a page, as text, as an attribute, in a comment, in a style.
const EVIL: &str = "</div></script><script>alert(1)</script><!-- <img src=x onerror=alert(2)> \" onclick=\"alert(3) \
                    ]]> </style><style>*{display:none}</style> {{7*7}} &lt;b&gt; \u{202e}turned\u{2066} \u{1b}[31mred\u{9b}2J \u{0007} \
                    javascript:alert(4) https://evil.example/x";
/// What would mean something in a pull request.
const MARK: &str = "@somebody fixes #12 ![x](https://evil.example/p.png) [y](javascript:z) <b>bold</b> `a` ``` \
                    https://evil.example www.evil.example **strong** | cell | ~~gone~~ $x$";

/// A workflow with proposals, edits, a test that fails, an audit, and a hostile text wherever one fits.
fn hostile(huge: usize) -> Sandbox {
    let sandbox = Sandbox::new();
    let evil = format!("{EVIL} {MARK}");
    sandbox
        .write(".gitignore", ".tipstaff/\n")
        .write("a.txt", "start\n")
        .write(
            ".tipstaff/workflows/all.yaml",
            "name: all\nphases:\n  - name: plan\n    type: ensemble\n    models: [m1, m2, m3]\n    judge: judge\n    \
             context_strategy: distilled\n    retries: 0\n  - name: build\n    model: m1\n    edits: true\n    \
             context_strategy: distilled\n    retries: 0\n    verify: \"! grep -q script a.txt || { cat a.txt; false; }\"\n  \
             - name: audit\n    model: m2\n    context_strategy: fresh\n    input: build.handoff\n    retries: 0\n",
        )
        .git_init();
    let line = "x".repeat(huge);
    let text = quoted(&format!("# {evil}\n```\n{evil}\n{line}\n"));
    let handoff = serde_json::json!({
        "summary": evil, "decisions": [evil], "risks": [evil], "files": [evil],
        "changes": [{"path": evil, "what": evil, "why": evil}], "open_questions": [evil],
    });
    let verdict = serde_json::json!({
        "decision": "pick", "winner": "B", "rationale": evil,
        "scores": {"A": {evil.clone(): 3.0}, "B": {"clarity": 9.0, evil.clone(): 4.0}},
    });
    let audit = serde_json::json!({
        "verdict": "fail", "summary": evil,
        "findings": [
            {"severity": "blocker", "file": "a.txt", "line": 2, "problem": evil, "fix": evil},
            {"severity": "minor", "file": evil, "line": 1, "problem": evil},
        ],
    });
    let write = |path: &str, text: &str| format!("{{ write: {{ path: {path}, text: {text} }} }}");
    let out = |name: &str| format!(".tipstaff/out/{name}");
    let data = |value: &serde_json::Value| quoted(&value.to_string());
    sandbox.fake_agent(&format!(
        "- when: {{ purpose: judge }}\n  do: [{}]\n- when: {{ phase: audit }}\n  do: [{}]\n\
         - when: {{ phase: build }}\n  do: [{}, {}, {}]\n- do: [{}, {}]\n",
        write(&out("verdict.json"), &data(&verdict)),
        write(&out("verdict.json"), &data(&audit)),
        write("a.txt", &quoted(&format!("start\n{evil}\n{line}\n"))),
        write(&quoted("<img src=x onerror=alert(5)>.txt"), &text),
        write(&out("handoff.json"), &data(&handoff)),
        write(&out("deliverable.md"), &text),
        write(&out("handoff.json"), &data(&handoff)),
    ));
    sandbox
}

fn quoted(text: &str) -> String {
    let json = serde_json::to_string(text).unwrap();
    json.replace('\u{9b}', "\\u009b")
}

/// The page of a run of that project.
fn page_of(sandbox: &Sandbox) -> String {
    let request = format!("{EVIL} {MARK}");
    // The audit says fail.
    sandbox.tipstaff(&["run", "all", &request]).exits_with(3);
    let output = sandbox.tipstaff(&["report", "--output", "page.html"]);
    output.succeeds().stdout_has("page.html");
    sandbox.read("page.html")
}

fn all<'a>(page: &'a Html, selector: &str) -> Vec<scraper::ElementRef<'a>> {
    page.select(&Selector::parse(selector).unwrap()).collect()
}

#[test]
fn hostile_text_is_shown_and_nothing_else() {
    let text = page_of(&hostile(100));
    let page = Html::parse_document(&text);
    for name in [
        "script", "img", "iframe", "object", "embed", "form", "base", "link", "b > b",
    ] {
        assert_eq!(all(&page, name).len(), 0, "{name}");
    }
    assert_eq!(all(&page, "style").len(), 1);
    for element in all(&page, "*") {
        for (name, value) in element.value().attrs() {
            assert!(!name.starts_with("on"), "{name}={value}");
            let leads = matches!(name, "href" | "src" | "action" | "data" | "xlink:href");
            assert!(!leads || value.starts_with('#'), "{name}={value}");
        }
    }
    let policy = &all(&page, "meta[http-equiv=Content-Security-Policy]");
    let policy = policy[0].attr("content").unwrap();
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert!(!policy.contains("script-src"), "{policy}");
    let seen: String = page.root_element().text().collect();
    assert!(seen.contains("<script>alert(1)</script>"));
    assert!(seen.contains("\\u202eturned\\u2066 "), "it is written out");
    let unseen =
        |char: char| (char.is_control() && char != '\n' && char != '\t') || char == '\u{202e}';
    assert!(!text.chars().any(unseen));
}

#[test]
fn every_id_is_its_own_and_every_link_leads_there() {
    let text = page_of(&hostile(100));
    let page = Html::parse_document(&text);
    let named = all(&page, "[id]");
    let ids: BTreeSet<&str> = named.iter().map(|one| one.attr("id").unwrap()).collect();
    assert_eq!(ids.len(), named.len());
    let links = all(&page, "a");
    assert!(links.len() > 10);
    for link in links {
        let target = link.attr("href").unwrap().trim_start_matches('#');
        assert!(ids.contains(target), "{target}");
    }
    for (attribute, selector) in [("for", "label"), ("aria-labelledby", "[aria-labelledby]")] {
        for one in all(&page, selector) {
            assert!(ids.contains(one.attr(attribute).unwrap()), "{}", one.html());
        }
    }
}

#[test]
fn a_finding_leads_to_its_line() {
    let text = page_of(&hostile(100));
    let page = Html::parse_document(&text);
    let links = all(&page, ".findings a");
    assert_eq!(links.len(), 1, "the other one's file was not changed");
    let line = links[0].attr("href").unwrap().trim_start_matches('#');
    let line = &all(&page, &format!("[id={line:?}]"))[0];
    let words: String = line.text().collect();
    assert!(words.starts_with("2+</div></script>"), "{words}");
}

#[test]
fn it_can_be_read_without_eyes_and_without_colours() {
    let text = page_of(&hostile(100));
    let page = Html::parse_document(&text);
    assert_eq!(all(&page, "h1").len(), 1);
    let mut level = 1;
    for heading in all(&page, "h1, h2, h3, h4") {
        let next: u32 = heading.value().name()[1..].parse().unwrap();
        assert!(next <= level + 1, "{}", heading.html());
        level = next;
    }
    let tables = all(&page, "table");
    assert!(tables.len() > 5);
    assert_eq!(all(&page, "table > caption").len(), tables.len());
    for scrolled in all(&page, ".scroll, .doc[tabindex]") {
        assert!(scrolled.attr("aria-label").is_some(), "{}", scrolled.html());
    }
    assert_eq!(all(&page, "html[lang], main, nav[aria-label]").len(), 3);
}

#[test]
fn names_are_hidden_until_they_are_asked_for() {
    let text = page_of(&hostile(100));
    let page = Html::parse_document(&text);
    assert_eq!(all(&page, ".ensemble .side article").len(), 3);
    assert_eq!(all(&page, ".ensemble .side article .author").len(), 3);
    assert_eq!(all(&page, "#proposals input[type=checkbox]").len(), 1);
    let won: String = all(&page, "article.won h4")[0].text().collect();
    assert!(won.starts_with("B won"), "{won}");
    assert!(text.contains("main:has(.reveal input:not(:checked)) .author { display: none; }"));
}

#[test]
fn authors_of_candidates_are_nowhere_beside_their_letters() {
    let sandbox = Sandbox::new();
    let yaml = "name: fix\nphases:\n  - { name: mend, type: ensemble, models: [m1, m2, m3], judge: judge, \
                edits: true, context_strategy: distilled, retries: 0 }\n";
    sandbox
        .write(".gitignore", ".tipstaff/\n")
        .write(".tipstaff/workflows/fix.yaml", yaml)
        .git_init();
    let candidate = |slot: u32| {
        format!(
            "- when: {{ slot: {slot}, purpose: propose }}\n  do: [{{ write: {{ path: a.txt, text: '{slot}' }} }}, done]\n"
        )
    };
    let verdict = r#"{"decision":"none","rationale":"I cannot tell."}"#;
    let judge = super::proposals_are_judged_fairly::judge_says(verdict);
    sandbox.fake_agent(&((1..=3).map(candidate).collect::<String>() + &judge));
    let report = |sandbox: &Sandbox| {
        let write = ["report", "--output", "page.html"];
        sandbox.tipstaff(&write).succeeds();
        sandbox.read("page.html")
    };
    let blind = |sandbox: &Sandbox| {
        let page = report(sandbox);
        let mut page = Html::parse_document(&page);
        // What each call did and cost has no letters; the journal says beforehand that it has the names.
        let named = ".author, #timeline, #context, #sources, #cost, #scores, #journal";
        let named: Vec<_> = all(&page, named).iter().map(|one| one.id()).collect();
        for one in named {
            page.tree.get_mut(one).unwrap().detach();
        }
        let text: String = all(&page, "main")[0].text().collect();
        for name in ["m1", "m2", "m3", "propose-"] {
            assert!(!text.contains(name), "{name} in {text}");
        }
        assert!(all(&page, "tbody:empty").is_empty());
    };
    sandbox.tipstaff(&["run", "fix", "Mend it"]).exits_with(4);
    blind(&sandbox);
    let run = sandbox.run().id();
    sandbox.tipstaff(&["pick", &run, "B"]).succeeds();
    blind(&sandbox);
    let page = report(&sandbox);
    let page = Html::parse_document(&page);
    assert_eq!(all(&page, "#proposals article .author").len(), 3);
    assert_eq!(all(&page, "#changes .edit").len(), 1);
    let by: String = all(&page, "#changes .by")[0].text().collect();
    assert!(by.starts_with("Proposal B of mend "), "{by}");
}

#[test]
fn texts_without_end_make_no_page_without_end() {
    let sandbox = hostile(400_000);
    let text = page_of(&sandbox);
    assert!(text.len() < 1_500_000, "{} bytes", text.len());
    assert!(
        text.contains("bytes are in <code>phases/"),
        "it says where the rest is"
    );
}

#[test]
fn runs_are_compared_side_by_side() {
    let sandbox = hostile(10);
    for _ in 0..2 {
        sandbox.tipstaff(&["run", "all", EVIL]);
    }
    let runs = std::fs::read_dir(sandbox.project().join(".tipstaff/runs")).unwrap();
    let runs = runs.map(|run| run.unwrap().file_name().into_string().unwrap());
    let runs: Vec<String> = runs.filter(|name| !name.starts_with('.')).collect();
    sandbox
        .tipstaff(&["report", &runs[0], &runs[1], "--markdown"])
        .exits_with(2)
        .stderr_has("writes one run down, not several");
    // The page of one run stays.
    let beside = sandbox.tipstaff(&["report", &runs[0], &runs[1]]);
    beside.succeeds().stdout_has("/compared.html\n");
    let line = ["report", &runs[0], &runs[1], "--output", "both.html"];
    sandbox.tipstaff(&line).succeeds();
    let text = sandbox.read("both.html");
    let page = Html::parse_document(&text);
    assert_eq!(all(&page, "script").len(), 0);
    assert_eq!(all(&page, ".runs thead th").len(), 3);
    for phase in ["plan", "build", "audit"] {
        let names = all(&page, ".runs tbody th");
        assert!(
            names.iter().any(|name| name.inner_html() == phase),
            "{phase}"
        );
    }
}

#[test]
fn it_lies_beside_the_run_for_its_owner_alone() {
    let sandbox = Sandbox::new();
    sandbox.fake_agent("[]").trio(&[]).run_trio(&[]).succeeds();
    sandbox.tipstaff(&["report"]).succeeds();
    let path = sandbox.run().path("report.html");
    let mode = std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    // A copy is somebody else's to tipstaff.
    let copy = sandbox.outside("copy");
    let copied = std::process::Command::new("cp")
        .arg("-R")
        .args([&sandbox.project(), &copy])
        .status();
    assert!(copied.unwrap().success());
    let copy = copy.to_str().unwrap();
    let refused = sandbox.tipstaff(&["-C", copy, "report"]);
    refused
        .exits_with(2)
        .stderr_has("`--output FILE` names another place");
    sandbox
        .tipstaff(&["-C", copy, "report", "--output", "copy.html"])
        .succeeds();
}

#[test]
fn markdown_of_hostile_text_is_inert() {
    let sandbox = hostile(100);
    page_of(&sandbox);
    let output = sandbox.tipstaff(&["report", "--markdown"]);
    output.succeeds();
    let text = &output.stdout;
    for event in Parser::new_ext(text, Options::all()) {
        match event {
            Event::Html(_)
            | Event::InlineHtml(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_) => {
                panic!("{event:?} in\n{text}")
            }
            Event::Code(code) => assert!(code.starts_with("20"), "only the run: {code}"),
            Event::Start(
                Tag::Link { .. }
                | Tag::Image { .. }
                | Tag::CodeBlock(_)
                | Tag::Table(_)
                | Tag::Strikethrough,
            ) => panic!("{event:?} in\n{text}"),
            _ => {}
        }
    }
    for spoken in ["@somebody", "#12", "https://", "www.evil"] {
        assert!(!text.contains(spoken), "{spoken} in\n{text}");
    }
    for section in [
        "## Asked",
        "## Decided",
        "## Changed",
        "## Proved",
        "## Audit",
        "## Cost",
    ] {
        assert!(text.contains(section), "{section} in\n{text}");
    }
}

#[test]
fn end_of_a_run_writes_the_text_for_its_pull_request() {
    let sandbox = Sandbox::new();
    sandbox.fake_agent("[]").trio(&[]);
    sandbox.run_trio(&["--pr-body", "body.md"]).succeeds();
    let printed = sandbox.tipstaff(&["report", "--markdown"]);
    assert_eq!(sandbox.read("body.md"), printed.succeeds().stdout);
    let nowhere = sandbox.run_trio(&["--pr-body", "no/such/folder/body.md"]);
    nowhere
        .exits_with(1)
        .stderr_has("failed to write `no/such/folder/body.md`")
        .stderr_has("--markdown` prints the text");
}
