//! How far a judge's word goes: with the order, with other judges, with the commands, with people.

use super::board::{Board, Model};
use super::observe::{Candidate, Seen};
use crate::model::{Answer, Contract, Decision, Label};
use crate::run::CallState;

/// A verdict in the phase's letters.
struct Verdict<'a> {
    model: Model,
    pick: Option<&'a Label>,
    /// Whether that is what it was shown first; nothing if it picked none.
    took_first: Option<bool>,
}

impl Board {
    pub(super) fn add_verdicts(&mut self, seen: &Seen<'_>, candidates: &[Candidate<'_>]) {
        let verdicts = seen.calls.iter().filter_map(|call| verdict(seen, call));
        let verdicts: Vec<Verdict<'_>> = verdicts.collect();
        let some = |passed| candidates.iter().any(|one| one.passed == Some(passed));
        let told_apart = some(true) && some(false);
        for (at, verdict) in verdicts.iter().enumerate() {
            let judge = self.judge(&verdict.model);
            judge.verdicts += 1;
            if let Some(first) = verdict.took_first {
                judge.first.add(first);
            }
            let picked = candidates
                .iter()
                .find(|one| Some(one.label) == verdict.pick);
            if let Some(picked) = picked.filter(|_| told_apart) {
                judge.evidence.add(picked.passed == Some(true));
            }
            if let Some(person) = seen.persons() {
                judge.people.add(verdict.pick == Some(person));
            }
            let others = verdicts
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != at);
            for (_, other) in others {
                judge.panel.add(other.pick == verdict.pick);
            }
        }
    }
}

fn verdict<'a>(seen: &Seen<'_>, call: &'a CallState) -> Option<Verdict<'a>> {
    let (Answer::Judgement(said), Contract::Judgement { labels, .. }) =
        (&call.result()?.answer, &call.spec.contract)
    else {
        return None;
    };
    let picks = matches!(said.decision, Decision::Pick);
    let pick = said.winner.as_ref().filter(|_| picks);
    Some(Verdict {
        model: seen.author(call)?,
        pick,
        took_first: pick.map(|pick| labels.first() == Some(pick)),
    })
}
