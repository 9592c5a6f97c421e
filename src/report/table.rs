//! Tables of plain text, aligned by display width.

use std::fmt;

use console::measure_text_width;

use super::words::wrap;

/// A column that has to give way keeps this much.
const NARROWEST: usize = 8;

/// A table; its [`Display`](fmt::Display) ends each line with a line feed and leaves no trailing blanks. Without
/// a row it shows nothing.
#[derive(Debug, Clone)]
pub struct Table {
    indent: usize,
    /// Each with whether its cells are at the right.
    columns: Vec<(String, bool)>,
    rows: Vec<Vec<String>>,
    /// Most columns of the terminal that a line may take.
    most: Option<usize>,
}

impl Table {
    /// An empty table that is shifted right so far, with these columns; `>tokens` is at the right.
    pub fn new(indent: usize, columns: &[&str]) -> Self {
        let mut table = Self {
            indent,
            columns: Vec::new(),
            rows: Vec::new(),
            most: None,
        };
        for column in columns {
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
        self
    }

    /// Whether it has no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn width(&self, column: usize) -> usize {
        let head = self.columns.get(column).map(|(name, _)| name);
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        head.into_iter()
            .chain(cells)
            .flat_map(|cell| cell.lines())
            .map(measure_text_width)
            .max()
            .unwrap_or(0)
    }

    /// The widest columns of words give way first; numbers do not.
    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = (0..self.columns.len()).map(|c| self.width(c)).collect();
        let gaps = self.indent + 2 * widths.len().saturating_sub(1);
        let room = self
            .most
            .map_or(usize::MAX, |most| most.saturating_sub(gaps + 1));
        while widths.iter().sum::<usize>() > room {
            let words = widths.iter_mut().zip(&self.columns);
            let words = words.filter(|(_, (_, at_the_right))| !at_the_right);
            match words.map(|(width, _)| width).max() {
                Some(widest) if *widest > NARROWEST => *widest -= 1,
                _ => break,
            }
        }
        widths
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
            writeln!(f, "{}", self.line(&head, &widths))?;
        }
        for row in &self.rows {
            for line in self.lines(row, &widths) {
                writeln!(f, "{line}")?;
            }
        }
        Ok(())
    }
}

/// Wrapped at words; a word that is wider than a line is cut, a path behind a slash.
pub(super) fn fitted(cell: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for line in wrap(cell, width) {
        let mut part = String::new();
        for char in line.chars() {
            if !part.is_empty() && measure_text_width(&format!("{part}{char}")) > width {
                let cut = part.rfind('/').map_or(part.len(), |slash| slash + 1);
                let rest = part.split_off(cut);
                lines.push(std::mem::replace(&mut part, rest));
            }
            part.push(char);
        }
        lines.push(part);
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
    fn cells_are_wrapped_where_the_terminal_ends() {
        let mut table = Table::new(0, &["name", "what it is for"]);
        table.row(["漢字", "a long text about\nlines that are kept"]);
        table.row(["an-overlong-name-without-a-blank", "short"]);
        assert_eq!(
            table.within(30).to_string(),
            "name            what it is for\n漢字            a long text\n                about\n                \
             lines that\n                are kept\nan-overlong-na  short\nme-without-a-b\nlank\n"
        );
    }
}
