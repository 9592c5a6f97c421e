//! A report asks for nothing, complains about nothing, and fits a desk's screen and a telephone's.

use std::path::PathBuf;

use crate::chromium::Chromium;
use crate::support::Sandbox;

const EVIL: &str = "</div><script>document.title='owned'</script><img src=https://evil.example/x onerror=alert(1)>";

/// The report of a run with proposals, edits, an audit, long lines and hostile words.
fn report() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let long = "x".repeat(3_000);
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    sandbox
        .write("a.txt", "start\n")
        .write(
            ".tipstaff/workflows/all.yaml",
            "name: all\nphases:\n  - name: plan\n    type: ensemble\n    models: [m1, m2, m3]\n    judge: judge\n    \
             context_strategy: distilled\n    retries: 0\n  - name: build\n    model: m1\n    edits: true\n    \
             context_strategy: distilled\n    retries: 0\n    verify: \"cat a.txt; false\"\n  - name: audit\n    \
             model: m2\n    context_strategy: fresh\n    input: build.handoff\n    retries: 0\n",
        )
        .git_init();
    let verdict = format!(
        r#"{{"decision":"pick","winner":"B","rationale":{0},"scores":{{"A":{{"clarity":3}},"B":{{"clarity":9}}}}}}"#,
        quoted(EVIL)
    );
    let audit = format!(
        r#"{{"verdict":"fail","summary":{0},"findings":[{{"severity":"major","file":"a.txt","line":2,"problem":{0}}}]}}"#,
        quoted(EVIL)
    );
    sandbox.fake_agent(&format!(
        "- when: {{ purpose: judge }}\n  do: [{{ write: {{ path: .tipstaff/out/verdict.json, text: {} }} }}]\n\
         - when: {{ phase: audit }}\n  do: [{{ write: {{ path: .tipstaff/out/verdict.json, text: {} }} }}]\n\
         - when: {{ phase: build }}\n  do: [{{ write: {{ path: a.txt, text: {text} }} }}, done]\n\
         - do: [{{ write: {{ path: .tipstaff/out/deliverable.md, text: {text} }} }}]\n",
        quoted(&verdict),
        quoted(&audit),
        text = quoted(&format!("# {EVIL}\n{EVIL}\n{long}\n")),
    ));
    sandbox.tipstaff(&["run", "all", EVIL]);
    sandbox
        .tipstaff(&["report", "--output", "page.html"])
        .succeeds();
    let page = sandbox.project().join("page.html");
    (sandbox, page)
}

#[test]
fn on_every_screen_in_light_and_dark() {
    let (_sandbox, page) = report();
    let mut chromium = Chromium::start();
    let mut papers = Vec::new();
    for (width, scheme) in [
        (1280, "light"),
        (1280, "dark"),
        (390, "light"),
        (390, "dark"),
    ] {
        chromium.open(&page, width, scheme);
        // Everything that can be unfolded is.
        chromium
            .evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })");
        let sizes = chromium.evaluate("[document.documentElement.scrollWidth, innerWidth].join()");
        let fits = format!("{width},{width}");
        assert_eq!(sizes.as_str(), Some(fits.as_str()), "{scheme}");
        let asked = chromium.told("Network.requestWillBeSent");
        let asked: Vec<_> = asked.iter().map(|one| &one["request"]["url"]).collect();
        assert_eq!(asked.len(), 1, "the page alone: {asked:?}");
        for complaint in [
            "Runtime.consoleAPICalled",
            "Runtime.exceptionThrown",
            "Log.entryAdded",
        ] {
            assert!(
                chromium.told(complaint).is_empty(),
                "{:?}",
                chromium.told(complaint)
            );
        }
        let title = chromium.evaluate("document.title");
        assert!(title.as_str().unwrap().starts_with("all: "), "{title}");
        let paper = "getComputedStyle(document.body).backgroundColor";
        papers.push(chromium.evaluate(paper));
    }
    assert_eq!(papers[0], papers[2]);
    assert_ne!(papers[0], papers[1]);
}

#[test]
fn names_are_seen_once_they_are_asked_for() {
    let (_sandbox, page) = report();
    let mut chromium = Chromium::start();
    chromium.open(&page, 1280, "light");
    let name = "getComputedStyle(document.querySelector('.ensemble .author')).display";
    assert_eq!(chromium.evaluate(name), "none");
    chromium.evaluate("document.querySelector('.reveal input').click()");
    assert_ne!(chromium.evaluate(name), "none");
}

#[test]
fn a_script_in_it_would_not_run() {
    let (sandbox, page) = report();
    let text = sandbox.read("page.html");
    let planted = text.replace("</main>", "<script>document.title='owned'</script></main>");
    sandbox.write("page.html", &planted);
    let mut chromium = Chromium::start();
    chromium.open(&page, 1280, "light");
    assert_ne!(chromium.evaluate("document.title"), "owned");
    assert!(
        !chromium.told("Log.entryAdded").is_empty(),
        "its policy refuses it"
    );
}
