//! `watch` shows a run on the whole terminal, and gives the terminal back whatever ends it.

use rustix::process::Signal;

use crate::support::{ENTER, LEAVE, Running, Sandbox, Terminal, is_stopped, kill, until};

/// A trio each of which says something, the third after it was let go.
fn begun() -> (Sandbox, Running) {
    let sandbox = Sandbox::new();
    sandbox.fake_agent(&format!(
        "- when: {{ purpose: propose, slot: 3 }}\n  do: [{{ print: \"the third looks around\" }}, {{ touch: {} }}, {{ wait_for_file: {} }}, done]\n- do: [{{ print: \"another word\" }}, done]\n",
        sandbox.outside("third").display(),
        sandbox.outside("go").display()
    ));
    sandbox.trio(&[]);
    let running = sandbox.start_trio(&[]);
    until("the third one works", || sandbox.outside("third").exists());
    sandbox.run().until(2, "attempt_succeeded");
    (sandbox, running)
}

fn let_it_go(sandbox: &Sandbox, running: Running) {
    std::fs::write(sandbox.outside("go"), "").unwrap();
    running.wait().succeeds();
}

#[test]
fn what_is_selected_is_told_beside_the_list() {
    let (sandbox, running) = begun();
    let mut watcher = Terminal::of_size(&sandbox, &["watch"], (80, 24));
    // Before a key is pressed: what is under way.
    watcher.until_shows(1, "the third looks around");
    watcher.types("\x1b[A").until_shows(1, "another word");
    watcher.types("\x1b[H").until_shows(1, "is running in plan");
    watcher.types("\x1b[B").until_shows(1, "3 propose");
    watcher.types("?").until_shows(1, "end the selected call");
    watcher.types("q");
    let left = watcher.wait();
    left.succeeds().stdout_has("goes on");
    let_it_go(&sandbox, running);
}

#[test]
fn end_of_the_run_gives_the_terminal_back_and_tells_the_result() {
    let (sandbox, running) = begun();
    let watcher = Terminal::of_size(&sandbox, &["watch"], (80, 24));
    watcher.until_shows(1, "propose-3");
    let_it_go(&sandbox, running);
    let ended = watcher.wait();
    let result = ended.succeeds().stdout.rsplit(LEAVE).next().unwrap();
    assert!(
        result.contains(" is done: 3 of 3 models proposed"),
        "{result}"
    );
    assert!(result.lines().count() <= 21, "{result}");
}

#[test]
fn run_that_is_over_is_looked_at_until_one_leaves() {
    let (sandbox, running) = begun();
    let_it_go(&sandbox, running);
    let mut viewer = Terminal::of_size(&sandbox, &["watch"], (120, 40));
    viewer.until_shows(1, "is done: 3 of 3 models proposed");
    // The last call, the judge.
    viewer.types("\x1b[F").until_shows(1, "another word");
    viewer.types("p").until_shows(1, "nobody works on this run");
    viewer.types("q");
    viewer.wait().succeeds();
}

#[test]
fn signals_give_the_terminal_back_and_leave_the_run_alone() {
    let (sandbox, running) = begun();
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let watcher = Terminal::of_size(&sandbox, &["watch"], (80, 24));
        watcher.until_shows(1, "propose-3");
        kill(watcher.program(), signal);
        watcher.wait().succeeds().stdout_has("goes on");
    }
    let mut watcher = Terminal::of_size(&sandbox, &["watch"], (80, 24));
    watcher.until_shows(1, "propose-3");
    watcher.types("\x03");
    watcher.wait();
    let_it_go(&sandbox, running);
}

#[test]
fn suspended_watch_gives_the_terminal_back_until_it_goes_on() {
    let (sandbox, running) = begun();
    let mut watcher = Terminal::of_size(&sandbox, &["watch"], (80, 24));
    watcher.until_shows(1, "the third looks around");
    let program = watcher.program();
    kill(program, Signal::TSTP);
    until("it is stopped", || is_stopped(program));
    watcher.until_shows(1, LEAVE);
    kill(program, Signal::CONT);
    watcher.until_shows(2, ENTER);
    watcher.until_shows(2, "the third looks around");
    watcher.types("q");
    watcher.wait().succeeds();
    let_it_go(&sandbox, running);
}

#[test]
fn resized_terminal_is_drawn_anew() {
    let (sandbox, running) = begun();
    let mut watcher = Terminal::of_size(&sandbox, &["watch"], (120, 40));
    watcher.until_shows(1, "the third looks around");
    // Beside each other on a wide terminal, one above the other on a narrow one.
    watcher.until_shows(1, "│");
    watcher.resize((30, 12)).until_shows(2, "the third");
    watcher
        .resize((200, 50))
        .until_shows(2, "the third looks around");
    watcher.types("q");
    watcher.wait().succeeds();
    let_it_go(&sandbox, running);
}

#[test]
fn dumb_terminal_gets_lines() {
    let (mut sandbox, running) = begun();
    sandbox.env("TERM", "dumb");
    let watcher = Terminal::of_size(&sandbox, &["watch"], (80, 24));
    watcher.until_shows(1, "propose-3");
    let_it_go(&sandbox, running);
    watcher.wait().succeeds().has_no("\x1b[");
}

#[test]
fn without_colours_nothing_is_coloured() {
    let (mut sandbox, running) = begun();
    sandbox.env("NO_COLOR", "1");
    let mut watcher = Terminal::of_size(&sandbox, &["watch"], (80, 24));
    watcher.until_shows(1, "the third looks around");
    watcher.types("q");
    let left = watcher.wait();
    for code in ["[1m", "[2m", "[0;1", "[0;2", "[0;3"] {
        left.has_no(&format!("\x1b{code}"));
    }
    let_it_go(&sandbox, running);
}
