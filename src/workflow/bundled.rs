//! The workflows that tipstaff brings along.

const BUNDLED: &[(&str, &str)] = &[
    ("best-of", include_str!("../../workflows/best-of.yaml")),
    ("debug", include_str!("../../workflows/debug.yaml")),
    (
        "feature-build",
        include_str!("../../workflows/feature-build.yaml"),
    ),
    ("plan", include_str!("../../workflows/plan.yaml")),
    ("quick", include_str!("../../workflows/quick.yaml")),
    ("review", include_str!("../../workflows/review.yaml")),
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
