//! The picture of it: on the left each request of the largest work, on the right how the largest request
//! grows with the number of tasks.

use super::Both;
use super::flows::Flow;

/// Where a panel's axes meet, and how long they are.
struct Panel {
    left: f64,
    width: f64,
    /// The values at the axes' ends.
    most: (f64, f64),
}

const BOTTOM: f64 = 330.0;
const HEIGHT: f64 = 240.0;
/// Room for the name of a line.
const NAME: f64 = 90.0;
/// Between two lines of the grid, in tokens.
const STEP: u32 = 10_000;

/// Draws what was measured.
pub fn draw(measured: &[Both]) -> String {
    let largest = measured.last().expect("something was measured");
    let (session, workflow) = (each(&largest.session), each(&largest.workflow));
    let peak = largest.session.peak("").size.tokens as u32;
    let top = f64::from(peak.next_multiple_of(STEP));
    let every = Panel {
        left: 64.0,
        width: 520.0,
        most: (session.len().max(workflow.len()) as f64, top),
    };
    let grown = Panel {
        left: 668.0,
        width: 240.0,
        most: (largest.tasks as f64, top),
    };
    let tens = (10..=workflow.len()).step_by(10);
    let tasks = measured.iter().map(|both| both.tasks);
    [
        HEAD.to_owned(),
        every.axes(
            &format!("each request, {} tasks", largest.tasks),
            "request",
            tens,
        ),
        every.line("session", "one session", &session),
        every.line("workflow", "feature-build", &workflow),
        grown.axes("the largest request", "tasks", tasks),
        grown.line(
            "session",
            "one session",
            &peaks(measured, |both| &both.session),
        ),
        grown.line(
            "workflow",
            "feature-build",
            &peaks(measured, |both| &both.workflow),
        ),
        "</svg>\n".to_owned(),
    ]
    .concat()
}

/// The tokens of each request by its number.
fn each(flow: &Flow) -> Vec<(f64, f64)> {
    let requests = flow.requests.iter().zip(1u32..);
    requests
        .map(|(request, number)| (f64::from(number), request.size.tokens as f64))
        .collect()
}

/// The tokens of the largest request by the number of tasks.
fn peaks(measured: &[Both], of: impl Fn(&Both) -> &Flow) -> Vec<(f64, f64)> {
    let peak = |both| of(both).peak("").size.tokens as f64;
    measured
        .iter()
        .map(|both| (both.tasks as f64, peak(both)))
        .collect()
}

impl Panel {
    fn x(&self, value: f64) -> f64 {
        self.left + self.width * value / self.most.0
    }

    fn y(&self, value: f64) -> f64 {
        BOTTOM - HEIGHT * value / self.most.1
    }

    /// The grid with its numbers, and what the panel and its horizontal axis tell.
    fn axes(&self, title: &str, counted: &str, numbers: impl Iterator<Item = usize>) -> String {
        let (left, right) = (self.left, self.left + self.width);
        let mut out = text("name", (left, 64.0), "start", title);
        out += &text("small", (right, BOTTOM + 42.0), "end", counted);
        for tokens in (0..=self.most.1 as u32).step_by(STEP as usize) {
            let y = self.y(f64::from(tokens));
            out += &format!("<path class=\"grid\" d=\"M{left} {y:.1}H{right}\"/>\n");
            let thousands = format!("{}k", tokens / 1000);
            out += &text("small", (left - 8.0, y + 4.0), "end", &thousands);
        }
        for number in numbers {
            let at = (self.x(number as f64), BOTTOM + 20.0);
            out += &text("small", at, "middle", &number.to_string());
        }
        out
    }

    /// A line through the points, with a dot at its end and its name above that.
    fn line(&self, class: &str, name: &str, points: &[(f64, f64)]) -> String {
        let points: Vec<(f64, f64)> = points
            .iter()
            .map(|(x, y)| (self.x(*x), self.y(*y)))
            .collect();
        let (x, y) = *points.last().expect("a line has points");
        let below_name = points.iter().filter(|point| point.0 > x - NAME);
        let highest = below_name.map(|point| point.1).fold(y, f64::min);
        let path: Vec<String> = points
            .iter()
            .map(|(x, y)| format!("{x:.1} {y:.1}"))
            .collect();
        let path = path.join("L");
        format!(
            "<path class=\"line {class}\" d=\"M{path}\"/>\n\
             <circle class=\"dot {class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\"/>\n{}",
            text(&format!("label {class}"), (x, highest - 12.0), "end", name)
        )
    }
}

fn text(class: &str, (x, y): (f64, f64), anchor: &str, text: &str) -> String {
    format!(
        "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>\n"
    )
}

const HEAD: &str = r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 400" width="960" height="400" role="img" aria-labelledby="title text">
<title id="title">Tokens that models are given to read</title>
<desc id="text">In one continued session every request is larger than the one before. In feature-build the requests stay small, and hardly grow with the number of tasks.</desc>
<style>
svg { font-family: ui-sans-serif, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; }
.ground { fill: #f6f8fa; stroke: #d0d7de; }
.head { font-size: 15px; font-weight: 600; fill: #1f2328; }
.name { font-size: 13px; font-weight: 600; fill: #4b535c; }
.small { font-size: 12.5px; fill: #4b535c; }
.label { font-size: 13px; font-weight: 600; }
.grid { stroke: #d0d7de; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.line.session { stroke: #9a6700; } .dot.session, .label.session { fill: #9a6700; }
.line.workflow { stroke: #0969da; } .dot.workflow, .label.workflow { fill: #0969da; }
@media (prefers-color-scheme: dark) {
.ground { fill: #161b22; stroke: #30363d; }
.head { fill: #f0f6fc; }
.name, .small { fill: #b1bac4; }
.grid { stroke: #30363d; }
.line.session { stroke: #d29922; } .dot.session, .label.session { fill: #d29922; }
.line.workflow { stroke: #58a6ff; } .dot.workflow, .label.workflow { fill: #58a6ff; }
}
</style>
<rect class="ground" x=".5" y=".5" width="959" height="399" rx="12"/>
<text class="head" x="28" y="34">Tokens that models are given to read: one session, and feature-build</text>
"#;
