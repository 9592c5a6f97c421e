//! Which calls a phase makes, by the plan alone.

use super::{Distill, Judging, OnNone, OutputKind, PhaseKind, PhasePlan, Plan, Refiner};
use crate::model::{ModelName, PhaseName, Purpose};

/// Equal calls of one round of a phase.
pub struct Step<'a> {
    pub purpose: Purpose,
    /// The models to try: first choice, then fallbacks.
    pub chain: &'a [ModelName],
    /// The instructions.
    pub prompt: &'a str,
    /// How many, if nothing fails and nothing more is wanted. Of tasks one in all, shared by the specialists.
    pub least: f64,
    /// The same with what is wanted more often than not.
    pub usual: f64,
    /// The most, if no attempt fails; none if nobody knows.
    pub most: Option<f64>,
}

/// The calls of one round of a phase.
pub fn steps(phase: &PhasePlan) -> Vec<Step<'_>> {
    let step = |purpose, chain, least: f64, most: f64| Step {
        purpose,
        chain,
        prompt: &phase.prompt,
        least,
        usual: least,
        most: Some(most),
    };
    let mut steps = Vec::new();
    match &phase.kind {
        PhaseKind::Single { chain, yields } => {
            steps.push(step(Purpose::Work, chain, 1.0, 1.0));
            if matches!(yields, OutputKind::Tasks(_) | OutputKind::Audit) {
                steps.push(step(Purpose::Repair, chain, 0.0, 1.0));
            }
        }
        PhaseKind::Ensemble {
            proposers,
            judge,
            on_none,
            ..
        } => {
            let mends = phase.edits && *on_none == OnNone::Repair;
            let tries = if mends { 2.0 } else { 1.0 };
            for chain in proposers {
                steps.push(step(Purpose::Propose, chain, 1.0, tries));
            }
            if proposers.len() > 1 {
                steps.extend(of_judging(&step, proposers, judge));
            }
        }
        PhaseKind::Routed { routing, named, .. } => {
            let is_named = |name: &String| named.is_empty() || named.contains(name);
            let routes: Vec<_> = routing.iter().filter(|(name, _)| is_named(name)).collect();
            let share = 1.0 / count(routes.len());
            steps.extend(routes.iter().map(|(_, chain)| Step {
                most: None,
                ..step(Purpose::Task, chain, share, share)
            }));
        }
        PhaseKind::Parallel { lenses, judge } => {
            steps.extend(lenses.iter().map(|lens| Step {
                prompt: &lens.prompt,
                ..step(Purpose::Lens, &lens.chain, 1.0, 1.0)
            }));
            steps.extend(
                judge
                    .iter()
                    .map(|chain| step(Purpose::Work, chain, 1.0, 1.0)),
            );
        }
    }
    if let Distill::Model(chain) = &phase.distill {
        steps.push(step(Purpose::Distill, chain, 0.0, 1.0));
    }
    steps
}

fn of_judging<'a>(
    step: &impl Fn(Purpose, &'a [ModelName], f64, f64) -> Step<'a>,
    proposers: &'a [Vec<ModelName>],
    judging: &'a Judging,
) -> Vec<Step<'a>> {
    let mut steps = Vec::new();
    let (mut least, mut most) = judging.verdicts(proposers.len() as u64).into_inner();
    let mut usual = least;
    if let Some(refiner) = &judging.refine {
        let again = judging.of_refined().verdicts(2);
        usual += again.start();
        most += again.end();
        // Where the judges name nothing to take over there is nothing to do.
        let always = usize::from(!judging.grafts);
        least += always as u64 * again.start();
        let author = proposers.first().map_or(&[][..], Vec::as_slice);
        let chain = match refiner {
            Refiner::Author => author,
            Refiner::By(chain) => chain,
        };
        steps.push(Step {
            usual: 1.0,
            ..step(Purpose::Propose, chain, count(always), 1.0)
        });
    }
    let judges = count(judging.panel.len());
    let each = |verdicts: u64| count(usize::try_from(verdicts).unwrap_or(usize::MAX)) / judges;
    for chain in &judging.panel {
        steps.push(Step {
            usual: each(usual),
            ..step(Purpose::Judge, chain, each(least), each(most))
        });
        steps.push(step(Purpose::Repair, chain, 0.0, each(most)));
    }
    steps
}

/// How often the phase is done at most: an audit sends back to it, or past it.
pub fn rounds(plan: &Plan, phase: &PhaseName) -> f64 {
    let at = |name: &PhaseName| plan.phases.iter().position(|one| &one.name == name);
    let loops = plan.phases.iter().filter_map(|audit| {
        let back = audit.on_fail.as_ref()?;
        let within = at(&back.goto)?..=at(&audit.name)?;
        within.contains(&at(phase)?).then_some(back.max)
    });
    1.0 + loops.map(f64::from).sum::<f64>()
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub fn count(number: usize) -> f64 {
    number as f64
}

#[expect(
    clippy::cast_precision_loss,
    reason = "what is rounded there is no amount that counts"
)]
pub fn float(number: u64) -> f64 {
    number as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates"
)]
pub fn whole(number: f64) -> u64 {
    number.round() as u64
}
