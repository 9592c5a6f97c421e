//! How well the proposals of an ensemble overlap.

use tipstaff::run::{CallEvent, Event, PhaseEvent, Record};

use crate::figure::{Figure, median};
use crate::ground::{Ground, times};

/// How long each proposer thinks, in milliseconds.
const THINKING: u32 = 3000;
const ROUNDS: usize = 3;

pub fn figures() -> Vec<Figure> {
    let ground = Ground::new();
    ground.fake_agent(&format!(
        "- when: {{ purpose: propose }}\n  do: [{{ sleep_ms: {THINKING} }}, done]\n- do: [done]\n"
    ));
    let steps = (0..ROUNDS).map(|_| {
        ground.tipstaff(&Ground::ensemble(3, 3));
        propose_step(&ground.journal())
    });
    let step = median(steps.collect());
    vec![Figure {
        what: "propose step of an ensemble of 3 to its slowest proposal",
        value: step / f64::from(THINKING),
        unit: "",
        target: Some(1.15),
        from: format!("{step:.0} ms with three proposers that think for {THINKING} ms"),
    }]
}

/// From the first proposal's beginning until the judge may see them, in milliseconds.
pub fn propose_step(records: &[Record]) -> f64 {
    let begun = times(records, |event| {
        matches!(
            event,
            Event::Call {
                event: CallEvent::AttemptStarted { .. },
                ..
            }
        )
    });
    let sealed = times(records, |event| {
        matches!(
            event,
            Event::Phase {
                event: PhaseEvent::ProposalsSealed { .. },
                ..
            }
        )
    });
    sealed[0] - begun[0]
}
