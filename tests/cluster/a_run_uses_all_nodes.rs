//! The calls of a run go wherever there is room, at the same time.

use crate::cluster::Cluster;
use crate::site::{RUN, Site};

#[test]
fn proposals_run_beside_each_other() {
    // Each of them ends when it has seen the two others work.
    let all = (1..=3).map(|slot| format!("{{ wait_for_file: OUTSIDE/{slot} }}"));
    let all = all.collect::<Vec<_>>().join(", ");
    let slots = (1..=3).map(|slot| {
        format!("- when: {{ purpose: propose, slot: '{slot}' }}\n  do: [{{ touch: OUTSIDE/{slot} }}, {all}, done]\n")
    });
    let script = slots
        .chain(["- do: [done]\n".to_owned()])
        .collect::<String>();
    let workflow = "name: work\nphases:\n  - { name: plan, type: ensemble, models: [m1, m2, m3], judge: judge, \
                    output: docs/plan.md, retries: 0 }\n";
    let site = Site::new(Cluster::shared(), workflow, &script);
    site.sandbox.tipstaff(&RUN).succeeds();
    assert_eq!(site.nodes().len(), 4);
    site.is_clean();
}
