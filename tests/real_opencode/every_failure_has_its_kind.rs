//! The cells of the table of failures that a model can bring about, with a real agent. `docs/failures.md` marks them.

use crate::stand::{Stand, path};
use crate::support::{FAULTS, PLACES, all_faults};

#[test]
fn what_a_model_can_bring_about_has_its_kind() {
    let _turn = Stand::new();
    let cells = FAULTS
        .iter()
        .flat_map(|fault| PLACES.map(|place| (fault, place)));
    let mut cells: Vec<_> = cells
        .filter(|(fault, place)| fault.is_served(*place))
        .collect();
    // Those that wait for a limit first: they leave the cores to others.
    cells.sort_by_key(|(fault, _)| {
        !matches!(
            fault.kind,
            "hang" | "hang_at_start" | "timeout" | "rate_limit"
        )
    });
    all_faults(&cells, Some(&path()), 4);
}
