//! The page of the documentation that keeps the figures: a section for each group, replaced when the
//! group is measured again.

use crate::figure::Figure;

/// What a group of figures tells.
pub struct Measured {
    pub figures: Vec<Figure>,
    /// What a reader has to know besides, in Markdown.
    pub notes: String,
    pub picture: Option<Picture>,
}

/// A picture beside the page.
pub struct Picture {
    /// Its file name.
    pub name: &'static str,
    pub svg: String,
}

impl From<Vec<Figure>> for Measured {
    fn from(figures: Vec<Figure>) -> Self {
        Self {
            figures,
            notes: String::new(),
            picture: None,
        }
    }
}

const HEAD: &str = "# Figures\n\nWritten by `scripts/bench`. Run it to see them on your machine; it fails \
                    if a target is missed.\n";

/// The page with these sections, by title and in this order: new where there is a measurement, else as
/// they are in the old page.
pub fn page(old: &str, sections: &[(&str, Option<Measured>)]) -> String {
    let mut page = HEAD.to_owned();
    for (title, measured) in sections {
        match measured {
            Some(measured) => page.push_str(&section(title, measured)),
            None => page.push_str(kept(old, title)),
        }
    }
    page
}

fn section(title: &str, measured: &Measured) -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let date = jiff::Zoned::now().date();
    let mut section = format!(
        "\n## {title}\n\nMeasured on {date}, on {cores} cores.\n\n\
         | figure | measured | target | verdict | from |\n| --- | ---: | ---: | --- | --- |\n"
    );
    for figure in &measured.figures {
        section.push_str(&figure.row());
    }
    if !measured.notes.is_empty() {
        section.push('\n');
        section.push_str(&measured.notes);
    }
    section
}

/// A section of a page, with the blank line before its heading; nothing if it is not there.
fn kept<'a>(page: &'a str, title: &str) -> &'a str {
    let heading = format!("\n## {title}\n");
    let Some(start) = page.find(&heading) else {
        return "";
    };
    let rest = &page[start + heading.len()..];
    let end = rest.find("\n## ").unwrap_or(rest.len());
    &page[start..start + heading.len() + end]
}
