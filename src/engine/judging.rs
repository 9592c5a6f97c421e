//! Judging: which verdicts are wanted of which judges, and what they come to.
//!
//! Each verdict is a call of its own. Which ones are wanted follows from those that are there, so that nothing about
//! the judging is known beside its calls.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::judge::{self, Outcome, Vote};
use crate::model::{
    Answer, Ballot, CallId, CallInput, CallSpec, Contract, Decider, Decision, Failure, FailureKind,
    Faults, Graft, InputSource, Judgement, Label, ModelName, Purpose, Undecided,
};
use crate::plan::{Judging, Method, Orders};
use crate::run::{CallState, Event, PhaseEvent, Winner};

use super::phase_context::{CallBuilder, PhaseContext};
use super::shown;
use super::structured::{Structured, structured};

/// A proposal that may win, under its blinded name.
pub type Candidate = (Label, CallId);

/// How far the judging is.
pub enum Judged {
    Pending,
    Next(Vec<CallSpec>),
    /// Who won, and what the judges said.
    Decided(Winner, Said),
    /// It came to no winner: a person is asked, and told why.
    Undecided(Undecided, String),
    /// The machine failed, which says nothing of the proposals.
    Failed(Failure),
}

/// What the judges said.
pub struct Said {
    pub reasons: Faults,
    /// What of the others those name who are for the winner.
    pub grafts: Vec<Graft>,
}

/// Which proposals a judging is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Round {
    All,
    /// The winner, and what was made of it.
    Refined,
}

/// Has the candidates judged that may win.
pub fn judged(
    context: &PhaseContext<'_>,
    judging: &Judging,
    candidates: &[Candidate],
    round: Round,
) -> Judged {
    let mut jury = Jury {
        context,
        judging,
        candidates,
        round,
        next: Vec::new(),
        verdicts: Vec::new(),
        by_evidence: BTreeSet::new(),
        failure: Failure::new(FailureKind::BadOutput, ""),
    };
    let votes: Vec<Option<Vote>> = (0..judging.panel.len()).map(|one| jury.vote(one)).collect();
    if !jury.next.is_empty() {
        return Judged::Next(jury.next);
    }
    let votes: Option<Vec<Vote>> = votes.into_iter().collect();
    votes.map_or(Judged::Pending, |votes| jury.come_to(&votes))
}

/// A verdict that can be used, in the phase's letters.
struct Verdict {
    /// Which of the panel.
    judge: usize,
    vote: Vote,
    /// The call that gave it: the judge's, or the repair of its verdict.
    by: CallId,
    /// The judge's call, which holds the document if there is one.
    asked: CallId,
    judgement: Judgement,
}

struct Jury<'a> {
    context: &'a PhaseContext<'a>,
    judging: &'a Judging,
    candidates: &'a [Candidate],
    round: Round,
    /// The calls that are wanted and not there.
    next: Vec<CallSpec>,
    verdicts: Vec<Verdict>,
    /// The judges whose ties the evidence settled.
    by_evidence: BTreeSet<usize>,
    /// Why the last one cannot be used that cannot.
    failure: Failure,
}

impl Jury<'_> {
    /// What one judge says of all candidates; none while a verdict is missing.
    fn vote(&mut self, judge: usize) -> Option<Vote> {
        let all: Vec<Label> = self.candidates.iter().map(|(one, _)| one.clone()).collect();
        match self.judging.method {
            _ if all.len() < 2 => self.decision(judge, &all),
            Method::List => self.decision(judge, &all),
            Method::Pairwise => {
                let firsts = all.iter().zip(1..);
                let pairs = firsts.flat_map(|(one, next)| {
                    let others = all.iter().skip(next);
                    others.map(|other| [one.clone(), other.clone()])
                });
                // All that are missing are asked for at once.
                let duels: Vec<Option<Vote>> =
                    pairs.map(|pair| self.decision(judge, &pair)).collect();
                let duels: Vec<Vote> = duels.into_iter().collect::<Option<_>>()?;
                let vote = judge::pairwise(&all, &duels);
                Some(self.settled(judge, vote))
            }
            Method::Tournament => {
                let seeds = judge::blind(self.context.plan.seed, &self.salt(judge, &all), &all);
                let seeds: Vec<Label> = seeds.into_iter().map(|(_, label)| label).collect();
                judge::knockout(&seeds, |some| {
                    let mut some = some.to_vec();
                    some.sort();
                    self.decision(judge, &some)
                })
            }
        }
    }

    /// What one judge says of some candidates, in as many orders as it is asked in.
    fn decision(&mut self, judge: usize, some: &[Label]) -> Option<Vote> {
        let only = match some {
            [only] => Some(Vote::For(only.clone())),
            _ => None,
        };
        let first = self.verdict(judge, some, false, only);
        let again = match (self.judging.orders, &first) {
            _ if some.len() < 2 => false,
            (Orders::One, _) => false,
            (Orders::Both, _) => true,
            (Orders::Auto, first) => first.as_ref().is_some_and(|(_, close)| *close),
        };
        let same = first.as_ref().filter(|_| self.round == Round::All);
        let same = same.map(|(vote, _)| vote.clone());
        let reverse = again.then(|| self.verdict(judge, some, true, same));
        let (first, _) = first?;
        let vote = match reverse {
            None => first,
            Some(reverse) => first.in_both_orders(reverse?.0),
        };
        Some(self.settled(judge, vote))
    }

    fn settled(&mut self, judge: usize, vote: Vote) -> Vote {
        let settled = vote.clone().settled(|label| self.evidence(label));
        if settled != vote {
            self.by_evidence.insert(judge);
        }
        settled
    }

    /// What one judge says of some candidates in one order, and whether that was close; what counts instead where a
    /// limit left it out.
    fn verdict(
        &mut self,
        judge: usize,
        some: &[Label],
        reversed: bool,
        instead: Option<Vote>,
    ) -> Option<(Vote, bool)> {
        let ballot = Ballot {
            judge: u32::try_from(judge + 1).unwrap_or(u32::MAX),
            reversed,
            letters: self.letters(judge, some, reversed),
        };
        match self.ask(judge, some, &ballot) {
            Structured::Pending => None,
            Structured::Next(call) => {
                self.next.push(*call);
                None
            }
            Structured::Answered {
                by,
                asked,
                answer: Answer::Judgement(judgement),
            } => {
                let judgement = ballot.unblinded(&judgement);
                let vote = Vote::of(&judgement);
                let close = judge::is_close(&judgement, some, &self.judging.criteria);
                self.verdicts.push(Verdict {
                    judge,
                    vote: vote.clone(),
                    by,
                    asked,
                    judgement,
                });
                Some((vote, close))
            }
            Structured::Answered { .. } => {
                self.failure = Failure::new(FailureKind::BadOutput, "the judge left no verdict");
                Some((Vote::Unusable, false))
            }
            Structured::Exhausted(failure) => {
                let instead = instead.filter(|_| failure.kind == FailureKind::Limit);
                self.failure = failure;
                Some((instead.unwrap_or(Vote::Unusable), false))
            }
        }
    }

    /// The letters as the judge sees them. The first judge of all proposals sees them as people do; whoever else is
    /// asked sees another shuffle, or the reverse of its own.
    fn letters(&self, judge: usize, some: &[Label], reversed: bool) -> Vec<(Label, Label)> {
        let own = judge == 0 && self.judging.method == Method::List && self.round == Round::All;
        let shuffled = match own {
            true => some
                .iter()
                .map(|label| (label.clone(), label.clone()))
                .collect(),
            false => judge::blind(self.context.plan.seed, &self.salt(judge, some), some),
        };
        if !reversed {
            return shuffled;
        }
        let order = shuffled.into_iter().rev().zip(0..);
        order
            .map(|((_, label), place)| (Label::at(place), label))
            .collect()
    }

    fn salt(&self, judge: usize, some: &[Label]) -> String {
        let labels: Vec<&str> = some.iter().map(Label::as_str).collect();
        format!("{} {judge} {}", self.context.phase.name, labels.concat())
    }

    fn ask(&self, judge: usize, some: &[Label], ballot: &Ballot) -> Structured {
        let panel = &self.judging.panel;
        let before: usize = panel.iter().take(judge).map(Vec::len).sum();
        let before = u32::try_from(before).unwrap_or(u32::MAX);
        let names_them = match (self.round, self.judging.method) {
            (Round::All, Method::List) => false,
            (Round::All, Method::Pairwise | Method::Tournament) => some.len() > 1,
            (Round::Refined, _) => true,
        };
        let pair = match names_them {
            true => {
                let labels: Vec<&str> = some.iter().map(Label::as_str).collect();
                format!("{}-", labels.concat())
            }
            false => String::new(),
        };
        let is_only = self.judging.is_single() && self.round == Round::All;
        let reverse = if ballot.reversed { "r" } else { "" };
        let mut rules = self.judging.rules();
        // Changes to files cannot be synthesized.
        rules.picks_only |= self.context.phase.edits || self.round == Round::Refined;
        let builder = |slot: u32, model: &ModelName| {
            let slot = slot.saturating_add(before);
            let mut inputs = self.context.inputs();
            let shown = |(seen, label): &(Label, Label)| self.shown(seen, label);
            inputs.extend(ballot.letters.iter().filter_map(shown));
            let contract = Contract::Judgement {
                labels: ballot
                    .letters
                    .iter()
                    .map(|(seen, _)| seen.clone())
                    .collect(),
                rules: rules.clone(),
            };
            let chain = vec![model.clone()];
            CallBuilder {
                name: format!("{pair}{slot}{reverse}"),
                inputs,
                contract,
                ballot: (!is_only).then(|| ballot.clone()),
                ..CallBuilder::reader(Purpose::Judge, slot, chain, self.context.workspace())
            }
        };
        let chain = panel.get(judge).map_or(&[][..], Vec::as_slice);
        structured(self.context, chain, builder, |answer, asked| match answer {
            Answer::Judgement(verdict) if verdict.decision == Decision::Synthesize => {
                let written = asked.deliverable.is_some();
                let missing = "the verdict says `synthesize`, but no document was left";
                written.then_some(()).ok_or_else(|| missing.to_owned())
            }
            Answer::Judgement(_) => Ok(()),
            Answer::Document
            | Answer::Tasks(_)
            | Answer::Audit(_)
            | Answer::Unfinished(_)
            | Answer::Invalid { .. } => Err("this is no verdict".to_owned()),
        })
    }

    fn shown(&self, seen: &Label, label: &Label) -> Option<CallInput> {
        let (_, call) = self.candidates.iter().find(|(known, _)| known == label)?;
        as_input(self.context, (seen, label), call)
    }

    /// What settles a tie: how many commands the candidate's changes mend, as all that may win pass what passed before;
    /// then how few tests of others they fail.
    fn evidence(&self, label: &Label) -> (usize, Reverse<usize>) {
        let (run, phase) = (self.context.run, &self.context.phase.name);
        let all = run.candidates(phase);
        let candidate = all.iter().find(|one| one.label == label);
        let rows = run.cross_tests(phase);
        let failed = rows.iter().filter(|tests| tests.failed_by(label).is_some());
        (
            candidate.map_or(0, |one| one.mends),
            Reverse(failed.count()),
        )
    }

    fn come_to(self, votes: &[Vote]) -> Judged {
        let written = |one: &&Verdict| one.judgement.decision == Decision::Synthesize;
        if let Some(written) = self.verdicts.iter().find(written) {
            let winner = Winner {
                call: written.asked.clone(),
                label: None,
                by: Decider::Judge(written.by.clone()),
            };
            return Judged::Decided(winner, self.said(None));
        }
        let agreement = self.judging.agreement;
        let kind = match judge::panel(votes, agreement, |label| self.evidence(label)) {
            Outcome::Winner(label) => {
                let by = self.decider(&label, votes);
                match winner(self.candidates, &label, by) {
                    Some(winner) => return Judged::Decided(winner, self.said(Some(&label))),
                    None => Undecided::Unusable,
                }
            }
            Outcome::Undecided(kind) => kind,
        };
        if (kind, self.failure.kind) == (Undecided::Unusable, FailureKind::Machine) {
            return Judged::Failed(self.failure);
        }
        Judged::Undecided(kind, self.reason(kind, votes))
    }

    /// The judge who names the winner, where the votes come to it without what the evidence settled.
    fn decider(&self, label: &Label, votes: &[Vote]) -> Decider {
        let own = votes.iter().enumerate().map(|(judge, vote)| {
            let settled = self.by_evidence.contains(&judge);
            if settled {
                Vote::Tied(Vec::new())
            } else {
                vote.clone()
            }
        });
        let own: Vec<Vote> = own.collect();
        let decided = judge::panel(&own, self.judging.agreement, |_| 0);
        let named = self.verdicts.iter().find(|one| {
            let judges = !self.by_evidence.contains(&one.judge);
            judges && one.vote == Vote::For(label.clone())
        });
        match named {
            Some(one) if decided == Outcome::Winner(label.clone()) => {
                Decider::Judge(one.by.clone())
            }
            None if self.candidates.len() == 1 => Decider::Only,
            _ => Decider::Evidence,
        }
    }

    /// What all said who said something, each once.
    fn said(&self, winner: Option<&Label>) -> Said {
        let (mut reasons, mut grafts) = (Vec::new(), Vec::new());
        for said in self.verdicts.iter().map(|one| &one.judgement) {
            if !reasons.contains(&said.rationale) {
                reasons.push(said.rationale.clone());
            }
            let named = said
                .grafts
                .iter()
                .filter(|_| said.winner.as_ref() == winner);
            grafts.extend(named.cloned());
        }
        Said {
            reasons: reasons.into(),
            grafts,
        }
    }

    /// Who answered as this judge: its model, or fallbacks in its place; else who was asked first.
    fn models(&self, judge: usize) -> Vec<&str> {
        let own = self.verdicts.iter().filter(|one| one.judge == judge);
        let own = own.filter_map(|one| self.context.run.call(&one.by)?.model());
        let asked = self
            .judging
            .panel
            .get(judge)
            .and_then(|chain| chain.first());
        let mut models: Vec<&str> = Vec::new();
        for model in own.map(ModelName::as_str) {
            if !models.contains(&model) {
                models.push(model);
            }
        }
        if models.is_empty() {
            models.extend(asked.map(ModelName::as_str));
        }
        models
    }

    fn reason(&self, kind: Undecided, votes: &[Vote]) -> String {
        let said = |vote: &Vote| {
            let verdict = self.verdicts.iter().find(|one| one.vote == *vote);
            verdict.map_or("", |one| one.judgement.rationale.as_str())
        };
        match kind {
            Undecided::Unusable => self.failure.message.clone(),
            Undecided::Abstained => format!("the judge cannot tell: {}", said(&Vote::Abstained)),
            Undecided::NoneGoodEnough | Undecided::NonePassed => {
                let why = said(&Vote::Nobody);
                format!("the judge found no proposal good enough: {why}")
            }
            Undecided::Tie => {
                let votes = votes.iter().enumerate();
                let each = votes.map(|(judge, vote)| vote.words(&self.models(judge)));
                let each: Vec<String> = each.collect();
                format!("no proposal is ahead: {}", each.join("; "))
            }
        }
    }
}

/// A proposal under the letter by which it is seen, and by the one that people see.
pub fn as_input(
    context: &PhaseContext<'_>,
    (seen, label): (&Label, &Label),
    call: &CallId,
) -> Option<CallInput> {
    let result = context.run.call(call).and_then(CallState::result)?;
    let changes = shown::shown(context, (seen, label), call);
    Some(changes.unwrap_or_else(|| CallInput {
        source: InputSource::Proposal(seen.clone()),
        artifact: result.deliverable.clone(),
    }))
}

pub fn winner(candidates: &[Candidate], label: &Label, by: Decider) -> Option<Winner> {
    let (label, call) = candidates.iter().find(|(known, _)| known == label)?;
    Some(Winner {
        call: call.clone(),
        label: Some(label.clone()),
        by,
    })
}

pub fn chosen(context: &PhaseContext<'_>, winner: Winner) -> Event {
    let Winner { call, label, by } = winner;
    PhaseEvent::WinnerChosen { call, label, by }.of(context.phase.name.clone())
}
