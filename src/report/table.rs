//! Tables of plain text, aligned by display width.

use std::fmt;

use console::measure_text_width;

use super::words::{NOTHING, wrap};

/// A column that has to give way keeps this much.
const NARROWEST: usize = 8;

/// A table; its [`Display`](fmt::Display) ends each line with a line feed and leaves no trailing blanks. Without
/// a row it shows nothing.
#[derive(Debug, Clone)]
pub struct Table {
    indent: usize,
    /// Each with whether its cells are at the right.
    columns: Vec<(String, bool)>,
    /// Which columns are left out where there is no room, the last first.
    optional: Vec<usize>,
    rows: Vec<Vec<String>>,
    /// Most columns of the terminal that a line may take.
    most: Option<usize>,
}

impl Table {
    /// An empty table that is shifted right so far, with these columns; `>tokens` is at the right, `?agent` is
    /// left out where there is no room.
    pub fn new(indent: usize, columns: &[&str]) -> Self {
        let mut table = Self {
            indent,
            columns: Vec::new(),
            optional: Vec::new(),
            rows: Vec::new(),
            most: None,
        };
        for (at, column) in columns.iter().enumerate() {
            let needed = column.trim_start_matches('?');
            if needed != *column {
                table.optional.push(at);
            }
            let column = needed;
            match column.strip_prefix('>') {
                Some(name) => table.column(name, true),
                None => table.column(column, false),
            }
        }
        table
    }

    /// A table of two columns without a head.
    pub fn bare(indent: usize) -> Self {
        Self::new(indent, &["", ""])
    }

    pub fn column(&mut self, name: &str, at_the_right: bool) {
        self.columns.push((name.to_owned(), at_the_right));
    }

    /// Adds a row. Missing cells are empty, cells beyond the columns are dropped.
    pub fn row<C: Into<String>>(&mut self, cells: impl IntoIterator<Item = C>) {
        let mut cells: Vec<String> = cells.into_iter().map(Into::into).collect();
        cells.resize(self.columns.len(), String::new());
        self.rows.push(cells);
    }

    /// The same with its cells wrapped, so that no line is wider; lines within a cell are kept.
    pub fn within(mut self, most: usize) -> Self {
        self.most = Some(most);
        while self.widest() > self.room()
            && let Some(column) = self.optional.last()
        {
            self.remove(*column);
        }
        self
    }

    /// The same without the columns of which nothing is known.
    pub fn known(mut self) -> Self {
        let is_known = |cell: &String| !cell.is_empty() && cell != NOTHING;
        for column in (0..self.columns.len()).rev() {
            if !self.rows.iter().any(|row| is_known(&row[column])) {
                self.remove(column);
            }
        }
        self
    }

    fn remove(&mut self, column: usize) {
        self.columns.remove(column);
        self.rows
            .iter_mut()
            .for_each(|row| drop(row.remove(column)));
        self.optional.retain(|one| *one != column);
        let after = self.optional.iter_mut().filter(|one| **one > column);
        after.for_each(|one| *one -= 1);
    }

    /// Their names, and whether their cells are at the right.
    pub fn columns(&self) -> &[(String, bool)] {
        &self.columns
    }

    pub fn rows(&self) -> &[Vec<String>] {
        &self.rows
    }

    /// What the cells may have together.
    fn room(&self) -> usize {
        let gaps = self.indent + 2 * self.columns.len().saturating_sub(1);
        let most = self.most.unwrap_or(usize::MAX);
        most.saturating_sub(gaps + 1)
    }

    /// What the cells need together if none is wrapped.
    fn widest(&self) -> usize {
        (0..self.columns.len()).map(|c| self.width(c)).sum()
    }

    /// Whether it has no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn width(&self, column: usize) -> usize {
        self.longest(column, '\n')
    }

    /// The widest piece between these.
    fn longest(&self, column: usize, between: char) -> usize {
        let head = self.columns.get(column).map(|(name, _)| name);
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        head.into_iter()
            .chain(cells)
            .flat_map(|cell| cell.split(['\n', between]))
            .map(measure_text_width)
            .max()
            .unwrap_or(0)
    }

    /// The widest column gives way first: as long as its words stay whole, then until it is narrow. Numbers do not.
    fn widths(&self) -> Vec<usize> {
        let (columns, room) = (0..self.columns.len(), self.room());
        let mut widths: Vec<usize> = columns.clone().map(|c| self.width(c)).collect();
        let words = columns
            .clone()
            .map(|c| self.longest(c, ' ').min(room / 2).max(NARROWEST));
        let cells = columns.map(|c| match self.columns.get(c) {
            Some((_, true)) => self.numbers(c).max(NARROWEST),
            _ => NARROWEST,
        });
        for least in [words.collect::<Vec<_>>(), cells.collect()] {
            while widths.iter().sum::<usize>() > room {
                let wider = widths.iter_mut().zip(&least);
                let wider = wider.filter(|(width, least)| **width > **least);
                match wider.map(|(width, _)| width).max() {
                    Some(widest) => *widest -= 1,
                    None => break,
                }
            }
        }
        widths
    }

    /// The widest cell below the head.
    fn numbers(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        cells
            .map(|cell| measure_text_width(cell))
            .max()
            .unwrap_or(0)
    }

    /// A row's lines.
    fn lines(&self, cells: &[String], widths: &[usize]) -> Vec<String> {
        if self.most.is_none() {
            return vec![self.line(cells, widths)];
        }
        let cells = cells.iter().zip(widths);
        let cells: Vec<Vec<String>> = cells.map(|(cell, width)| fitted(cell, *width)).collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        let line = |number| {
            let of_line = cells.iter().map(|cell| cell.get(number).cloned());
            let of_line: Vec<String> = of_line.map(Option::unwrap_or_default).collect();
            self.line(&of_line, widths)
        };
        (0..height.max(1)).map(line).collect()
    }

    fn line(&self, cells: &[String], widths: &[usize]) -> String {
        let mut line = " ".repeat(self.indent);
        for ((cell, width), (_, at_the_right)) in cells.iter().zip(widths).zip(&self.columns) {
            let blanks = " ".repeat(width.saturating_sub(measure_text_width(cell)));
            match at_the_right {
                false => line.extend([cell.as_str(), &blanks, "  "]),
                true => line.extend([blanks.as_str(), cell, "  "]),
            }
        }
        line.trim_end().to_owned()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return Ok(());
        }
        let widths = self.widths();
        let head: Vec<String> = self.columns.iter().map(|(name, _)| name.clone()).collect();
        if head.iter().any(|name| !name.is_empty()) {
            for line in self.lines(&head, &widths) {
                writeln!(f, "{line}")?;
            }
        }
        for row in &self.rows {
            for line in self.lines(row, &widths) {
                writeln!(f, "{line}")?;
            }
        }
        Ok(())
    }
}

/// Wrapped at words; a word that is wider than a line is cut, behind a slash or between the parts of a name.
pub(super) fn fitted(cell: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for line in wrap(cell, width) {
        let mut part = String::new();
        for char in line.chars() {
            if !part.is_empty() && measure_text_width(&format!("{part}{char}")) > width {
                let cut = part.rfind('/').or_else(|| part.rfind(['.', '-', '_']));
                let cut = cut.map_or(part.len(), |end| end + 1);
                let rest = part.split_off(cut);
                lines.push(std::mem::replace(&mut part, rest));
            }
            part.push(char);
        }
        lines.push(part);
    }
    lines
}

/// Text wrapped like that, with the blanks at the beginning of its lines.
pub fn wrap_indented(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for line in text.lines() {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let indent = " ".repeat(indent.min(width / 2));
        let parts = fitted(line, width.saturating_sub(indent.len()));
        match parts.is_empty() {
            true => lines.push(String::new()),
            false => lines.extend(parts.iter().map(|part| format!("{indent}{part}"))),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_keep_the_columns_straight() {
        let mut table = Table::new(2, &["name", ">tokens"]);
        table.row(["漢字表", "7"]);
        table.row(["a", "12345678"]);
        table.row(["short row"]);
        assert_eq!(
            table.to_string(),
            "  name         tokens\n  漢字表            7\n  a          12345678\n  short row\n"
        );
    }

    #[test]
    fn no_line_is_wider_whatever_is_in_the_cells() {
        let mut table = Table::new(
            2,
            &["call", "?agent", ">a criterion of so many words", ">tokens"],
        );
        table.row(["diagnose.propose-1", "an-agent", "7.5", "7"]);
        assert_eq!(
            table.within(46).to_string(),
            "  call                 a criterion of  tokens\n                        so many words\n  \
             diagnose.propose-1              7.5       7\n"
        );
    }

    #[test]
    fn cells_are_wrapped_where_the_terminal_ends() {
        let mut table = Table::new(0, &["name", "what it is for"]);
        table.row(["漢字", "a long text about\nlines that are kept"]);
        table.row(["an-overlong-name-without-a-blank", "short"]);
        assert_eq!(
            table.within(30).to_string(),
            "name            what it is\n                for\n漢字            a long text\n                about\n                \
             lines that\n                are kept\nan-overlong-    short\nname-without-\na-blank\n"
        );
    }
}
