//! What a user sees on a terminal: a line for each call while it works, and what lasts, once.

use crate::stand::Stand;
use crate::support::Terminal;

#[test]
fn a_terminal_shows_a_line_for_each_call_and_ends_clean() {
    let stand = Stand::new();
    let args = [
        "run",
        "plan",
        "Add rate limiting",
        "--depth",
        "2",
        "--rehearse",
    ];
    let terminal = Terminal::of_size(&stand.sandbox, &args, (100, 40));
    let output = terminal.wait();
    output.succeeds();
    let shown = console::strip_ansi_codes(&output.stdout);
    let lines: Vec<&str> = shown.lines().map(str::trim_end).collect();
    let works = |line: &str, call: &str| line.contains('●') && line.contains(call);
    assert!(
        lines
            .windows(2)
            .any(|two| works(two[0], "propose-1") && works(two[1], "propose-2")),
        "both proposers are seen working:\n{shown}"
    );
    for call in ["propose-1", "propose-2", "judge-1"] {
        let done = |line: &&&str| line.contains(&format!("· {call} ·")) && line.contains("done in");
        assert_eq!(lines.iter().filter(done).count(), 1, "{call}:\n{shown}");
    }
    let last = lines.iter().rposition(|line| line.contains('●'));
    let end = lines.iter().rposition(|line| line.contains("is done:"));
    assert!(last < end, "the result is below all that moved:\n{shown}");
    stand.is_clean();
}
