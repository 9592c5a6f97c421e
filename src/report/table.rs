//! Tables of plain text, aligned by display width.

use std::fmt;

use console::measure_text_width;

/// A table; its [`Display`](fmt::Display) ends each line with a line feed and leaves no trailing blanks. Without
/// a row it shows nothing.
#[derive(Debug, Clone)]
pub struct Table {
    indent: usize,
    /// Each with whether its cells are at the right.
    columns: Vec<(String, bool)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table that is shifted right so far, with these columns; `>tokens` is at the right.
    pub fn new(indent: usize, columns: &[&str]) -> Self {
        let mut table = Self {
            indent,
            columns: Vec::new(),
            rows: Vec::new(),
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

    /// Whether it has no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn width(&self, column: usize) -> usize {
        let head = self.columns.get(column).map(|(name, _)| name);
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        head.into_iter()
            .chain(cells)
            .map(|cell| measure_text_width(cell))
            .max()
            .unwrap_or(0)
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
        let widths: Vec<usize> = (0..self.columns.len()).map(|c| self.width(c)).collect();
        let head: Vec<String> = self.columns.iter().map(|(name, _)| name.clone()).collect();
        if head.iter().any(|name| !name.is_empty()) {
            writeln!(f, "{}", self.line(&head, &widths))?;
        }
        for row in &self.rows {
            writeln!(f, "{}", self.line(row, &widths))?;
        }
        Ok(())
    }
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
}
