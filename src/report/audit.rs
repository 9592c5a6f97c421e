//! A phase's audits in words: the verdict, who gave it, the findings.

use crate::model::Finding;

use super::table::Table;
use super::view::{PhaseView, RunView};
use super::words::{word, wrap, wrapped};
use super::words_work::{finding_place, findings_words, worst_first};

/// Columns at which what was found is wrapped, in its column of the table.
const PROBLEM_WIDTH: usize = 72;
/// Columns beside it.
const PLACE_WIDTH: usize = 34;

/// The audits of a phase, some lines: the earlier ones a line each, the latest with all it found.
/// `None` where nothing was audited.
pub(super) fn render_audit(view: &RunView, phase: PhaseView<'_>, width: usize) -> Option<String> {
    let mut text = String::new();
    let audits: Vec<_> = view.audits(phase).collect();
    let (_, latest) = audits.last()?;
    for (call, audit) in &audits {
        let round = match phase.state.past.is_empty() {
            true => String::new(),
            false => format!("round {}: ", call.spec.id.round()),
        };
        let model = view.model_words(&call.spec.id);
        text.push_str(&format!(
            "  {round}{model} says {}, {}\n",
            word(audit.verdict),
            findings_words(&audit.findings)
        ));
    }
    text.push_str(&wrapped("    ", &latest.summary, width));
    Some(text + &findings(&latest.findings, width).within(width).to_string())
}

/// The worst first; what would mend it is below what is wrong.
fn findings(findings: &[Finding], width: usize) -> Table {
    let problem_width = width.saturating_sub(PLACE_WIDTH).clamp(20, PROBLEM_WIDTH);
    let mut table = Table::new(4, &["severity", "place", "what was found"]);
    for finding in worst_first(findings) {
        let mut lines = wrap(&finding.problem, problem_width);
        if let Some(fix) = &finding.fix {
            lines.extend(wrap(&format!("fix: {}", fix.trim()), problem_width));
        }
        let place = finding_place(finding);
        table.row([word(finding.severity), place, lines.join("\n")]);
    }
    table
}
