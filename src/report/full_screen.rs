//! A run on the whole terminal: at the left what there is of it, at the right what is to know of what is selected,
//! below what it waits for, its budget and totals. On a narrow terminal the two are one above the other.
//!
//! What it knows itself is where a person looks; everything else is handed in and drawn anew each time.

use ratatui_core::buffer::Buffer;

use crate::run::Control;

use super::canvas::{blank, put};
use super::focus::{Focus, HELP, Item, Key};
use super::full_detail::{heading, told};
use super::full_tree::{items, line};
use super::live_lines::Lines;
use super::paint::{Colors, Size};
use super::show::{Shown, known_until};
use super::table::Table;
use super::view::RunView;
use super::viewer::Viewer;
use super::words::clean;

/// From this width on, both are beside each other.
const BESIDE: usize = 72;
const MOVE: [(&str, &str); 3] = [
    ("↑ ↓", "select; PgUp, PgDn, Home, End: move further"),
    (
        "→ ←",
        "to the text, which these keys scroll then, and back; Tab too",
    ),
    ("q", "leave; the run goes on"),
];

#[derive(Debug, Default)]
pub struct FullScreen {
    focus: Focus,
    /// Keys that move scroll the text, instead of selecting.
    in_text: bool,
    /// From which line on the text of this item is shown, where a person chose it.
    from: Option<(Item, usize)>,
    /// The first line of the list that is shown.
    top: usize,
    /// What was drawn last of the text: its first line, its lines, and how many were shown.
    drawn: (usize, usize, usize),
}

/// Where things are: the list's columns and rows, and those of the text.
struct Layout {
    list: Size,
    text: Size,
    at: (usize, usize),
}

impl FullScreen {
    /// What the person wants of the run with this key, if anything.
    pub fn press(&mut self, key: Key, view: &RunView) -> Option<Control> {
        let items = items(view);
        let (from, all, rows) = self.drawn;
        match (key, key.step(rows.saturating_sub(1))) {
            (Key::Switch | Key::Open, _) => self.in_text = !self.in_text,
            (Key::Left, _) => self.in_text = false,
            (Key::Right, _) => self.in_text = true,
            (_, Some(step)) if self.in_text => {
                let most = all.saturating_sub(rows);
                let to = from.saturating_add_signed(step).min(most);
                let item = items.get(self.focus.at(view, &items));
                // What grows is followed again from its end on.
                let stays = item.filter(|item| to < most || !follows(item));
                self.from = stays.map(|item| (item.clone(), to));
            }
            _ => return self.focus.press(key, view, &items),
        }
        None
    }

    /// What came of the last key.
    pub fn tell(&mut self, notice: String) {
        self.focus.notice = notice;
    }

    /// What is selected, and how many columns its text may have.
    pub fn selected(&self, view: &RunView, size: Size) -> (Item, usize) {
        let mut all = items(view);
        let item = all.swap_remove(self.focus.at(view, &all));
        (item, layout(size, 0, 0).text.columns)
    }

    /// `text` is what is to read of what is selected, besides what the run's state tells.
    pub fn draw(
        &mut self,
        shown: &Shown<'_>,
        text: &[String],
        colors: Colors,
        size: Size,
    ) -> Buffer {
        let mut buffer = blank(size);
        let items = items(shown.view);
        let at = self.focus.at(shown.view, &items);
        let Some(item) = items.get(at) else {
            return buffer;
        };
        let now = known_until(shown.view, shown.supervisor, shown.now);
        let lines = |width: usize| Lines {
            view: shown.view,
            now,
            width,
            colors,
        };
        let mut below = lines(size.columns).below(&self.focus, "q leaves · ? keys");
        below.truncate(size.rows / 2);
        let layout = layout(size, below.len(), items.len());
        let columns = layout.text.columns;

        self.top = self
            .top
            .clamp((at + 1).saturating_sub(layout.list.rows.max(1)), at);
        let title = rule(&clean(shown.view.run()), layout.list.columns, !self.in_text);
        put(&mut buffer, (0, 0), &title, layout.list.columns);
        let list = lines(layout.list.columns);
        for (row, number) in (self.top..items.len()).take(layout.list.rows).enumerate() {
            let line = line(&items[number], &list, number == at);
            put(&mut buffer, (0, row + 1), &line, layout.list.columns);
        }

        let viewer = Viewer {
            width: columns,
            ..shown.viewer.clone()
        };
        let mut help = Table::bare(0);
        for (key, does) in MOVE.iter().chain(&HELP).filter(|_| self.focus.help) {
            help.row([*key, *does]);
        }
        let help = help.within(columns).to_string();
        let help = if help.is_empty() { help } else { help + "\n" };
        let told = help
            + &told(
                item,
                &Shown {
                    viewer: &viewer,
                    now,
                    ..shown.clone()
                },
            );
        let told: Vec<&str> = told.lines().collect();
        let (all, rows) = (told.len() + text.len(), layout.text.rows);
        let most = all.saturating_sub(rows);
        let chosen = self.from.as_ref().filter(|(of, _)| of == item);
        let natural = match follows(item) && !self.focus.help {
            true => most,
            false => 0,
        };
        let from = chosen.map_or(natural, |(_, from)| *from).min(most);
        self.drawn = (from, all, rows);
        let (x, y) = layout.at;
        let title = rule(
            &heading(item, &lines(columns), shown),
            columns,
            self.in_text,
        );
        put(&mut buffer, (x, y), &title, columns);
        let text = told.into_iter().chain(text.iter().map(String::as_str));
        for (row, line) in text.skip(from).take(rows).enumerate() {
            put(&mut buffer, (x, y + 1 + row), line, columns);
        }
        for row in (0..=layout.list.rows).take_while(|_| x > 0) {
            put(&mut buffer, (x - 1, row), "│", 1);
        }

        let first = size.rows.saturating_sub(below.len() + 1);
        put(
            &mut buffer,
            (0, first),
            &"─".repeat(size.columns),
            size.columns,
        );
        for (row, line) in below.iter().enumerate() {
            put(&mut buffer, (0, first + 1 + row), line, size.columns);
        }
        buffer
    }
}

/// Whether its text grows at its end, which is what one wants to see of it.
fn follows(item: &Item) -> bool {
    matches!(item, Item::Call(_))
}

fn layout(size: Size, below: usize, items: usize) -> Layout {
    // A rule above those below.
    let rows = size.rows.saturating_sub(below + 1);
    let sized = |columns, rows: usize| Size {
        columns,
        // Each has its heading.
        rows: rows.saturating_sub(1),
    };
    if size.columns >= BESIDE {
        let list = (size.columns * 2 / 5).clamp(30, 50);
        return Layout {
            list: sized(list, rows),
            text: sized(size.columns - list - 1, rows),
            at: (list + 1, 0),
        };
    }
    let list = (items + 1).min(rows / 2);
    Layout {
        list: sized(size.columns, list),
        text: sized(size.columns, rows - list),
        at: (0, list),
    }
}

/// A heading in a line; where the keys go, it is a heavy one.
fn rule(text: &str, columns: usize, is_heavy: bool) -> String {
    let dash = if is_heavy { "━" } else { "─" };
    let text = console::truncate_str(text, columns.saturating_sub(6), "…");
    let rest = columns.saturating_sub(console::measure_text_width(&text) + 3);
    format!("{dash} {text} {}", dash.repeat(rest))
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::model::Millis;
    use crate::report::view::Supervisor;
    use crate::report::{sample, sample_build};

    /// What is on a terminal of this size after these keys, a second after the last record.
    fn drawn(
        history: &sample::History,
        supervisor: Supervisor,
        (columns, rows): (usize, usize),
        (keys, text): (&[Key], &[String]),
    ) -> String {
        let view = RunView::replay(&history.plan, &history.records);
        let viewer = Viewer {
            run: "plan-3f".to_owned(),
            ..Viewer::anywhere(&view)
        };
        let shown = Shown {
            view: &view,
            folder: ".tipstaff/runs/20261122-154501-plan-3f",
            viewer: &viewer,
            supervisor,
            now: view
                .state
                .last
                .unwrap_or_default()
                .after(Millis::seconds(1)),
            zone: &TimeZone::UTC,
            ledgers: &[],
        };
        let size = Size { columns, rows };
        let mut screen = FullScreen::default();
        let mut buffer = screen.draw(&shown, text, Colors::Off, size);
        for key in keys {
            assert_eq!(screen.press(*key, &view), None);
            buffer = screen.draw(&shown, text, Colors::On, size);
        }
        rows_of(&buffer)
    }

    fn rows_of(buffer: &Buffer) -> String {
        let rows = buffer.content.chunks(usize::from(buffer.area.width));
        let row = |cells: &[ratatui_core::buffer::Cell]| {
            let mut row = String::new();
            let mut skipped = 0;
            for cell in cells {
                if skipped == 0 {
                    row.push_str(cell.symbol());
                    skipped = console::measure_text_width(cell.symbol());
                }
                skipped = skipped.saturating_sub(1);
            }
            row.trim_end().to_owned() + "\n"
        };
        rows.map(row).collect()
    }

    fn numbered(count: usize) -> Vec<String> {
        (0..count)
            .map(|number| format!("  line {number}"))
            .collect()
    }

    #[test]
    fn a_run_under_way_fits_every_width() {
        let mut history = sample::ensemble();
        history.records.truncate(history.until("retry_scheduled"));
        history.wide(
            "plan.propose-1",
            "read src/漢字漢字漢字/読み込み.rs and all that is beside it",
        );
        let text = ["  2 s  漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字".to_owned()];
        let sizes = [(30, 16), (60, 24), (80, 24), (120, 24)];
        let shown = sizes.map(|size| drawn(&history, Supervisor::Alive, size, (&[], &text)));
        insta::assert_snapshot!(shown.join("----\n"));
    }

    #[test]
    fn a_run_that_is_over_shows_its_result() {
        let shown = drawn(
            &sample_build::build(),
            Supervisor::Gone,
            (100, 30),
            (&[], &[]),
        );
        insta::assert_snapshot!(shown);
    }

    #[test]
    fn a_phase_shows_its_verdict_and_its_document() {
        let text = numbered(3);
        let keys = [Key::Home, Key::Down, Key::Help];
        let shown = drawn(
            &sample::ensemble(),
            Supervisor::Gone,
            (80, 40),
            (&keys, &text),
        );
        insta::assert_snapshot!(shown);
    }

    #[test]
    fn text_of_a_call_is_at_its_end_until_it_is_scrolled() {
        let mut history = sample::ensemble();
        history.records.truncate(history.until("retry_scheduled"));
        let text = numbered(100);
        let shown = |keys: &[Key]| {
            let shown = drawn(&history, Supervisor::Alive, (80, 24), (keys, &text));
            let has = |number| {
                shown.contains(&format!("line {number} "))
                    || shown.contains(&format!("line {number}\n"))
            };
            let lines: Vec<usize> = (0..100).filter(|number| has(*number)).collect();
            (lines[0], lines[lines.len() - 1])
        };
        let (first, last) = shown(&[]);
        assert_eq!(last, 99);
        assert_eq!(shown(&[Key::Switch, Key::Up]), (first - 1, 98));
        assert_eq!(shown(&[Key::Right, Key::Right, Key::Home]).0, 0);
        assert_eq!(shown(&[Key::Switch, Key::PageUp]).1, first);
        assert_eq!(shown(&[Key::Switch, Key::Home, Key::End]).1, 99);
        // Of another call, nothing was scrolled.
        assert_eq!(
            shown(&[Key::Right, Key::Home, Key::Left, Key::Left, Key::Down]).1,
            99
        );
    }

    #[test]
    fn selected_line_of_a_long_list_is_seen_on_a_low_terminal() {
        let history = sample_build::build();
        for rows in 1..12 {
            let keys = [Key::End, Key::Up];
            let shown = drawn(&history, Supervisor::Gone, (80, rows), (&keys, &[]));
            assert_eq!(shown.matches('›').count(), usize::from(rows > 4), "{shown}");
        }
    }

    #[test]
    fn hostile_text_is_shown_and_not_obeyed() {
        let text = ["evil \u{1b}[2J\u{202e}\u{9b}2J".to_owned()];
        for history in [sample::hostile(), sample_build::hostile_build()] {
            for key in [Key::Home, Key::End, Key::Up] {
                let keys = [Key::Home, key];
                let shown = drawn(&history, Supervisor::Gone, (120, 40), (&keys, &text));
                assert!(shown.contains("evil"), "{shown}");
                let is_order = |char: char| crate::model::is_unsafe(char) && char != '\n';
                assert!(!shown.chars().any(is_order), "{shown:?}");
            }
        }
    }
}
