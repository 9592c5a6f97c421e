//! Who judges an ensemble, and how.

use std::collections::BTreeSet;

use crate::model::ModelName;
use crate::plan::{Judging, Refiner};
use crate::yaml::{Diagnostic, Spanned, quoted_list};

use super::super::ast::{OtherFamily, Phase, RefineBy};
use super::models::Picker;

/// The judging of an ensemble with these proposers, and those who may propose for them.
pub(super) fn judging(
    phase: &Phase,
    (proposers, substitutes): (&[Vec<ModelName>], &[ModelName]),
    picker: &mut Picker<'_>,
    found: &mut Vec<Diagnostic>,
) -> Option<Judging> {
    let rule = &phase.judge.as_ref()?.value;
    let proposers: Vec<_> = proposers.iter().flatten().chain(substitutes).collect();
    let mut panel = Vec::new();
    for judge in &rule.by {
        let mut chain = picker.chain(judge, &phase.fallback, found);
        if let Some(wanted) = rule.other_family {
            let strange = strangers(&chain, &proposers, picker);
            match wanted {
                OtherFamily::Prefer => chain.sort_by_key(|model| !strange.contains(model)),
                OtherFamily::Require => {
                    if strange.is_empty() && !chain.is_empty() {
                        found.push(all_related(judge, &proposers, picker));
                    }
                    chain.retain(|model| strange.contains(model));
                }
            }
        }
        panel.push(chain);
    }
    if rule.other_family == Some(OtherFamily::Prefer) {
        // The first judge sees the letters that people see, and its reasons are shown first.
        panel.sort_by_key(|chain| {
            let first = &chain[..chain.len().min(1)];
            strangers(first, &proposers, picker).is_empty()
        });
    }
    Some(Judging {
        panel,
        criteria: rule.criteria.clone(),
        orders: rule.orders,
        agreement: rule.agreement,
        method: rule.method,
        abstain: rule.abstain,
        grafts: rule.grafts,
        refine: rule.refine.as_ref().map(|by| match by {
            RefineBy::Author => Refiner::Author,
            RefineBy::Model(model) => Refiner::By(picker.chain(model, &phase.fallback, found)),
        }),
    })
}

/// Those models of a chain that are known to be of another family than all who propose.
fn strangers(chain: &[ModelName], proposers: &[&ModelName], picker: &Picker<'_>) -> Vec<ModelName> {
    let families: Vec<Option<&str>> = proposers.iter().map(|one| picker.family(one)).collect();
    let is_other = |model: &&ModelName| {
        let own = picker.family(model);
        own.is_some()
            && families
                .iter()
                .all(|family| family.is_some() && *family != own)
    };
    chain.iter().filter(is_other).cloned().collect()
}

fn all_related(
    judge: &Spanned<String>,
    proposers: &[&ModelName],
    picker: &Picker<'_>,
) -> Diagnostic {
    let of = proposers.iter();
    let unknown = of.clone().find(|one| picker.family(one).is_none());
    let families: BTreeSet<&str> = of.filter_map(|one| picker.family(one)).collect();
    let message = match unknown {
        Some(model) => format!("nobody knows of which family the proposer `{model}` is"),
        None => format!(
            "`{}` is no model known to be of another family than those who propose: {}",
            judge.value,
            quoted_list(families.iter().copied())
        ),
    };
    let hint = match unknown {
        Some(model) => {
            format!("give it a `family` under `models: {model}:`, or write `other_family: prefer`")
        }
        None => {
            "name a judge of another maker, or give it a `family` in the configuration".to_owned()
        }
    };
    judge.spot.error("same-family", message).with_hint(hint)
}
