//! How far a judge's word goes: with the order, with other judges, with the commands, with people.

use super::board::{Board, Model};
use super::observe::{Candidate, Seen};
use crate::model::{Answer, Contract, Decision, Label};
use crate::run::CallState;

/// A verdict in the phase's letters.
struct Verdict<'a> {
    model: Model,
    /// Which judge of the panel.
    judge: u32,
    reversed: bool,
    /// What it compared.
    over: Vec<&'a Label>,
    pick: Option<&'a Label>,
    /// Whether that is what it was shown first; nothing if it picked none.
    took_first: Option<bool>,
}

impl Board {
    pub(super) fn add_verdicts(&mut self, seen: &Seen<'_>, candidates: &[Candidate<'_>]) {
        let verdicts = seen.calls.iter().filter_map(|call| verdict(seen, call));
        let verdicts: Vec<Verdict<'_>> = verdicts.collect();
        for verdict in &verdicts {
            let judge = self.judge(&verdict.model);
            judge.verdicts += 1;
            if let Some(first) = verdict.took_first {
                judge.first.add(first);
            }
            let same = verdicts.iter().filter(|other| other.over == verdict.over);
            for other in same {
                match (
                    other.judge == verdict.judge,
                    other.reversed,
                    verdict.reversed,
                ) {
                    // A fallback that answered in its place says nothing of the model.
                    (true, true, false) if other.model == verdict.model => {
                        judge.flips.add(other.pick != verdict.pick);
                    }
                    (false, one, own) if one == own => judge.panel.add(other.pick == verdict.pick),
                    _ => {}
                }
            }
            let shown = |label: &Label| verdict.over.contains(&label);
            let shown = candidates.iter().filter(|one| shown(one.label));
            let passed = |label| shown.clone().find(|one| Some(one.label) == label)?.passed;
            let some = |passed| shown.clone().any(|one| one.passed == Some(passed));
            if let (Some(pick), true) = (passed(verdict.pick), some(true) && some(false)) {
                judge.evidence.add(pick);
            }
            // One that did not see a person's choice could not agree.
            if let Some(person) = seen
                .persons()
                .filter(|person| verdict.over.contains(person))
            {
                judge.people.add(verdict.pick == Some(person));
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
    let ballot = call.spec.ballot.as_ref();
    let in_phase = |seen: &'a Label| ballot.map_or(Some(seen), |ballot| ballot.behind(seen));
    let picks = matches!(said.decision, Decision::Pick);
    let pick = said.winner.as_ref().filter(|_| picks);
    let mut over: Vec<&Label> = labels.iter().filter_map(in_phase).collect();
    over.sort();
    Some(Verdict {
        model: seen.author(call)?,
        judge: ballot.map_or(1, |ballot| ballot.judge),
        reversed: ballot.is_some_and(|ballot| ballot.reversed),
        over,
        pick: pick.and_then(in_phase),
        took_first: pick.map(|pick| labels.first() == Some(pick)),
    })
}
