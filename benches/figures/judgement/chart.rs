//! The picture of it: a row for each judge, a column for each setting, in each cell what came of its ensembles.

use super::settings::SETTINGS;
use super::{Cell, Row};

const LEFT: f64 = 252.0;
const TOP: f64 = 118.0;
/// From one cell to the next.
const STEP: (f64, f64) = (70.0, 44.0);
const BAR: (f64, f64) = (60.0, 12.0);

/// Draws what was measured.
pub fn draw(rows: &[Row]) -> String {
    let mut out = HEAD.to_owned();
    for (column, setting) in SETTINGS.iter().enumerate() {
        let words: Vec<&str> = setting.name.split(", ").collect();
        for (line, word) in words.iter().rev().enumerate() {
            let up = 24.0 + 14.0 * line as f64;
            let word = match line {
                0 => (*word).to_owned(),
                _ => format!("{word},"),
            };
            out += &text("column", (LEFT + STEP.0 * column as f64, TOP - up), &word);
        }
    }
    for (line, row) in rows.iter().enumerate() {
        let y = TOP + STEP.1 * line as f64;
        for (part, words) in name_in_lines(row.judge.name).iter().enumerate() {
            out += &text("name", (28.0, y + 2.0 + 15.0 * part as f64), words);
        }
        for (column, cell) in row.cells.iter().enumerate() {
            out += &bars(cell, (LEFT + STEP.0 * column as f64, y));
        }
    }
    out + "</svg>\n"
}

/// What is right, what goes to a person, and the rest, with the share of what is right above them.
fn bars(cell: &Cell, (x, y): (f64, f64)) -> String {
    let width = |share: f64| BAR.0 * share / 100.0;
    let bar = |class: &str, from: f64, share: f64| {
        format!(
            "<rect class=\"{class}\" x=\"{:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{}\"/>\n",
            x + width(from),
            width(share),
            BAR.1
        )
    };
    [
        text("figure", (x, y - 5.0), &format!("{:.0} %", cell.right())),
        bar("wrong", 0.0, 100.0),
        bar("right", 0.0, cell.right()),
        bar("asked", cell.right(), cell.asked()),
    ]
    .concat()
}

/// In two lines, if it is long.
fn name_in_lines(name: &str) -> Vec<&str> {
    match name.split_once(", as") {
        Some((head, _)) => vec![head, "(as measured in the field)"],
        None => vec![name],
    }
}

fn text(class: &str, (x, y): (f64, f64), text: &str) -> String {
    format!("<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>\n")
}

const HEAD: &str = r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 480" width="960" height="480" role="img" aria-labelledby="title text">
<title id="title">How often the right proposal wins, by judge and setting</title>
<desc id="text">A shuffle takes a bias for a place from the models. Both orders turn it into questions. A panel and evidence mend most of the rest.</desc>
<style>
svg { font-family: ui-sans-serif, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; }
.ground { fill: #f6f8fa; stroke: #d0d7de; }
.head { font-size: 15px; font-weight: 600; fill: #1f2328; }
.name { font-size: 13px; fill: #1f2328; }
.small { font-size: 12px; fill: #4b535c; }
.column { font-size: 11px; fill: #4b535c; }
.figure { font-size: 12px; font-weight: 600; fill: #1f2328; }
.right { fill: #0969da; } .asked { fill: #8c959f; } .wrong { fill: #ffcecb; }
@media (prefers-color-scheme: dark) {
.ground { fill: #161b22; stroke: #30363d; }
.head, .name, .figure { fill: #f0f6fc; }
.small, .column { fill: #b1bac4; }
.right { fill: #58a6ff; } .asked { fill: #6e7681; } .wrong { fill: #67060c; }
}
</style>
<rect class="ground" x=".5" y=".5" width="959" height="479" rx="12"/>
<text class="head" x="28" y="34">How often the right proposal wins</text>
<rect class="right" x="560" y="24" width="12" height="12"/><text class="small" x="578" y="34">right</text>
<rect class="asked" x="640" y="24" width="12" height="12"/><text class="small" x="658" y="34">a person is asked</text>
<rect class="wrong" x="790" y="24" width="12" height="12"/><text class="small" x="808" y="34">wrong</text>
"#;
