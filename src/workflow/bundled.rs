//! The workflows that tipstaff brings along.

const BUNDLED: &[(&str, &str)] = &[
    ("plan", include_str!("../../workflows/plan.yaml")),
    ("workshop", include_str!("../../workflows/workshop.yaml")),
];

/// The text of a bundled workflow.
pub fn bundled(name: &str) -> Option<&'static str> {
    BUNDLED
        .iter()
        .find(|(bundled, _)| *bundled == name)
        .map(|(_, text)| *text)
}

/// The names of the bundled workflows, in order.
pub fn bundled_names() -> impl Iterator<Item = &'static str> {
    BUNDLED.iter().map(|(name, _)| *name)
}
