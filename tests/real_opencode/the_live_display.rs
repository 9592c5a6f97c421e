//! What a user sees on a terminal: a line for each call while it works, and only what lasts at the end.

use crate::stand::Stand;
use crate::support::TIPSTAFF;

#[test]
fn a_terminal_shows_a_line_for_each_call_and_ends_clean() {
    let stand = Stand::new();
    let run = "run plan 'Add rate limiting' --depth 2 --rehearse";
    let shell = format!("stty cols 100 rows 40; exec '{TIPSTAFF}' {run}");
    let arguments = ["--quiet", "--return", "--command", &shell, "/dev/null"];
    let output = stand.sandbox.program("script").args(arguments).output();
    let output = output.expect("`script` of util-linux is needed to have a terminal");
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{shown}");

    let mut screen = Screen::default();
    let mut at_once = 0;
    for painting in shown.split_inclusive("\u{1b}[J") {
        screen.show(painting.trim_end_matches("\u{1b}[J"));
        let open = |call: &str| screen.lines_with(&["⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", call]);
        let (first, second) = (open("propose-1"), open("propose-2"));
        assert!(
            first <= 1 && second <= 1,
            "twice on the screen:\n{screen:?}"
        );
        at_once = at_once.max(first + second);
        if painting.ends_with("\u{1b}[J") {
            screen.clear_below();
        }
    }
    assert_eq!(at_once, 2, "both proposers are seen working");
    assert_eq!(screen.lines_with(&["⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"]), 0, "{screen:?}");
    for call in ["propose-1", "propose-2", "judge-1"] {
        assert_eq!(
            screen.lines_with(&["✓", call, "done in"]),
            1,
            "{call}: {screen:?}"
        );
    }
    stand.is_clean();
}

/// A terminal that knows what the display uses: lines, cursor up, clear to the end.
#[derive(Debug, Default)]
struct Screen {
    lines: Vec<String>,
    row: usize,
}

impl Screen {
    /// Text up to the next clearing; the order to go up is at its end.
    fn show(&mut self, text: &str) {
        let (text, up) = match text
            .strip_suffix('\r')
            .and_then(|text| text.rsplit_once("\u{1b}["))
        {
            Some((text, up)) => (text, up.trim_end_matches('A').parse().unwrap_or(0)),
            None => (text, 0),
        };
        for line in text.split_inclusive('\n') {
            let line = console::strip_ansi_codes(line);
            self.lines.truncate(self.row);
            self.lines.push(line.trim_end().to_owned());
            self.row += usize::from(line.ends_with('\n'));
        }
        self.row = self.row.saturating_sub(up);
    }

    fn clear_below(&mut self) {
        self.lines.truncate(self.row);
    }

    /// How many lines hold one of the characters of the first text, and all the others.
    fn lines_with(&self, texts: &[&str]) -> usize {
        let fits = |line: &&String| {
            let (symbols, rest) = texts.split_first().unwrap();
            line.contains(|symbol| symbols.contains(symbol))
                && rest.iter().all(|text| line.contains(text))
        };
        self.lines.iter().filter(fits).count()
    }
}
