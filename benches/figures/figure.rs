//! One figure: what was measured, what was promised, and whether it holds.

use std::fmt;

/// A figure.
#[derive(Debug)]
pub struct Figure {
    /// What it tells.
    pub what: &'static str,
    /// What was measured.
    pub value: f64,
    /// Of what: `ms`, `MB`, or nothing for a ratio.
    pub unit: &'static str,
    /// It may not be larger; without one it is only told.
    pub target: Option<f64>,
    /// What it was made from.
    pub from: String,
}

impl Figure {
    /// Whether the target is met.
    pub fn holds(&self) -> bool {
        self.target.is_none_or(|target| self.value <= target)
    }

    /// The figure as a row of a table.
    pub fn row(&self) -> String {
        format!(
            "| {} | {} | {} | {} | {} |\n",
            self.what,
            self.amount(self.value),
            self.promised(),
            self.verdict(),
            self.from
        )
    }

    fn verdict(&self) -> &'static str {
        match (self.target, self.holds()) {
            (None, _) => "—",
            (Some(_), true) => "holds",
            (Some(_), false) => "MISSED",
        }
    }

    fn amount(&self, number: f64) -> String {
        match self.unit {
            "" => format!("{number:.2}"),
            unit => format!("{number:.1} {unit}"),
        }
    }

    fn promised(&self) -> String {
        self.target.map_or_else(
            || "—".to_owned(),
            |target| format!("≤ {}", self.amount(target)),
        )
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<6}  {:<62}  {:>8}  {:>9}   ({})",
            self.verdict(),
            self.what,
            self.amount(self.value),
            self.promised(),
            self.from
        )
    }
}

/// The middle one; of an even number the larger of the two in the middle.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
