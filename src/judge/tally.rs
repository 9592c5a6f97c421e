//! What several verdicts come to: votes in, an outcome out. Nobody wins by standing first: what is not decided is a
//! tie.

use crate::model::{Agreement, Criterion, Decision, Judgement, Label, MOST_POINTS, Undecided};

/// What a judge says of the proposals that it compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Vote {
    For(Label),
    /// It prefers none of these to the others.
    Tied(Vec<Label>),
    /// None is good enough.
    Nobody,
    Abstained,
    Unusable,
}

/// What the panel comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Winner(Label),
    Undecided(Undecided),
}

impl Vote {
    /// A verdict in the phase's letters. A document of the judge's own is no vote.
    pub fn of(judgement: &Judgement) -> Self {
        match (judgement.decision, &judgement.winner) {
            (Decision::Pick, Some(label)) => Self::For(label.clone()),
            (Decision::Abstain, _) => Self::Abstained,
            (Decision::None, _) => Self::Nobody,
            (Decision::Pick | Decision::Synthesize, _) => Self::Unusable,
        }
    }

    /// Of a verdict and the one on the reverse order: what flips with the order is a tie.
    #[must_use]
    pub fn in_both_orders(self, reverse: Self) -> Self {
        match (self, reverse) {
            (one, other) if one == other => one,
            (Self::Unusable, _) | (_, Self::Unusable) => Self::Unusable,
            (Self::Abstained, _) | (_, Self::Abstained) => Self::Abstained,
            (one, other) => Self::Tied([one.labels(), other.labels()].concat()),
        }
    }

    /// The same where a tie goes by the evidence: more of it wins.
    #[must_use]
    pub fn settled<E: Ord>(self, evidence: impl Fn(&Label) -> E) -> Self {
        match &self {
            Self::Tied(labels) if labels.len() > 1 => match most(labels, evidence).as_slice() {
                [best] => Self::For(best.clone()),
                _ => self,
            },
            _ => self,
        }
    }

    /// What a judge says of whom these models answered: `gpt says A`. A fallback that answered in its place did not
    /// change its mind.
    pub fn words(&self, judges: &[&str]) -> String {
        let labels: Vec<String> = self.labels().iter().map(Label::to_string).collect();
        let labels = labels.join(" and ");
        let judge = judges.first().unwrap_or(&"-");
        match self {
            Self::For(label) => format!("{judge} says {label}"),
            Self::Tied(_) if judges.len() > 1 => {
                format!("{} differ over {labels}", judges.join(" and "))
            }
            Self::Tied(_) => format!("{judge} wavers between {labels}"),
            Self::Nobody => format!("{judge} finds none good enough"),
            Self::Abstained => format!("{judge} abstains"),
            Self::Unusable => format!("{judge} gave no usable verdict"),
        }
    }

    fn labels(&self) -> Vec<Label> {
        match self {
            Self::For(label) => vec![label.clone()],
            Self::Tied(labels) => labels.clone(),
            Self::Nobody | Self::Abstained | Self::Unusable => Vec::new(),
        }
    }
}

/// Those that have the most of something.
fn most<E: Ord>(labels: &[Label], of: impl Fn(&Label) -> E) -> Vec<Label> {
    let most = labels.iter().map(&of).max();
    let best = labels.iter().filter(|label| Some(of(label)) == most);
    best.cloned().collect()
}

/// Whether a verdict is so close that the reverse order is worth asking: without points, or where the winner is ahead
/// of another proposal by a tenth of the scale at most.
pub fn is_close(judgement: &Judgement, labels: &[Label], criteria: &[Criterion]) -> bool {
    let (Decision::Pick, Some(winner)) = (judgement.decision, &judgement.winner) else {
        return false;
    };
    let points = |label: &Label| judgement.points(label, criteria);
    let others = labels.iter().filter(|label| *label != winner);
    let margins = others.map(|other| Some(points(winner)? - points(other)?));
    margins
        .into_iter()
        .any(|margin| margin.is_none_or(|margin| margin <= MOST_POINTS / 10.0))
}

/// Of duels of every pair: who won most of them.
pub fn pairwise(labels: &[Label], duels: &[Vote]) -> Vote {
    match duels {
        [first, rest @ ..]
            if !matches!(first, Vote::For(_) | Vote::Tied(_))
                && rest.iter().all(|duel| duel == first) =>
        {
            first.clone()
        }
        _ => {
            let won = |label: &Label| {
                let won = duels
                    .iter()
                    .filter(|duel| **duel == Vote::For(label.clone()));
                won.count()
            };
            match most(labels, won).as_slice() {
                [best] => Vote::For(best.clone()),
                tied => Vote::Tied(tied.to_vec()),
            }
        }
    }
}

/// Of a knock-out in this order; one that has nobody to meet goes on. A duel without a winner ends it as a tie of
/// those that nobody has beaten, and nobody wins unseen: one that is left without having met anybody is looked at alone.
/// `duel` gives none while it is not known; all of a round are asked for.
pub fn knockout(order: &[Label], mut duel: impl FnMut(&[Label]) -> Option<Vote>) -> Option<Vote> {
    let mut field = order.to_vec();
    let mut winners = Vec::new();
    while field.len() > 1 {
        let rounds = field.chunks(2).map(|pair| match pair {
            [_, _] => Some((pair.to_vec(), duel(pair)?)),
            alone => Some((alone.to_vec(), Vote::For(alone.first()?.clone()))),
        });
        let rounds: Vec<Option<(Vec<Label>, Vote)>> = rounds.collect();
        let rounds: Vec<(Vec<Label>, Vote)> = rounds.into_iter().collect::<Option<_>>()?;
        let without = |vote: &Vote| matches!(vote, Vote::Abstained | Vote::Unusable);
        if let Some((_, vote)) = rounds.iter().find(|(_, vote)| without(vote)) {
            return Some(vote.clone());
        }
        let drawn = rounds.iter().any(|(_, vote)| matches!(vote, Vote::Tied(_)));
        let duels = rounds.iter().filter(|(pair, _)| pair.len() > 1);
        winners.extend(duels.flat_map(|(_, vote)| vote.labels()));
        let unbeaten = rounds.into_iter().flat_map(|(pair, vote)| match vote {
            Vote::Tied(_) => pair,
            vote => vote.labels(),
        });
        field = unbeaten.collect();
        if drawn {
            return Some(Vote::Tied(field));
        }
        // Who met nobody is the first to meet somebody.
        let last = field.pop();
        field.splice(0..0, last);
    }
    match field.pop() {
        None => Some(Vote::Nobody),
        Some(last) if winners.contains(&last) => Some(Vote::For(last)),
        Some(last) => duel(&[last]),
    }
}

/// What the votes of a panel come to, ties by the evidence. A judge that abstains, or gave nothing that can be used, is
/// not counted among those who vote; unanimous is only what every judge says that does not abstain.
pub fn panel<E: Ord>(
    votes: &[Vote],
    agreement: Agreement,
    evidence: impl Fn(&Label) -> E,
) -> Outcome {
    let counted = |vote: &&Vote| !matches!(vote, Vote::Abstained | Vote::Unusable);
    let voting: Vec<&Vote> = votes.iter().filter(counted).collect();
    let unusable = votes.contains(&Vote::Unusable);
    if voting.is_empty() {
        let all_failed = votes.iter().all(|vote| *vote == Vote::Unusable);
        let why = match all_failed {
            true => Undecided::Unusable,
            false => Undecided::Abstained,
        };
        return Outcome::Undecided(why);
    }
    let says = |vote: &Vote| voting.iter().filter(|own| **own == vote).count();
    let enough = |count: usize| match agreement {
        Agreement::Majority => 2 * count > voting.len(),
        Agreement::Unanimous => count == voting.len() && !unusable,
    };
    let decided = voting.iter().find(|vote| enough(says(vote)));
    match decided {
        Some(Vote::For(label)) => return Outcome::Winner(label.clone()),
        Some(Vote::Nobody) => return Outcome::Undecided(Undecided::NoneGoodEnough),
        Some(Vote::Tied(_) | Vote::Abstained | Vote::Unusable) | None => {}
    }
    let mut named: Vec<Label> = voting.iter().flat_map(|vote| vote.labels()).collect();
    named.sort();
    named.dedup();
    let named_by = |label: &Label| {
        let names = voting.iter().filter(|vote| vote.labels().contains(label));
        names.count()
    };
    let tied = most(&named, named_by);
    match Vote::Tied(tied).settled(evidence) {
        Vote::For(label) if agreement == Agreement::Majority => Outcome::Winner(label),
        _ => Outcome::Undecided(Undecided::Tie),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, Strategy, prop, prop_oneof, proptest};

    use super::*;

    fn label(name: &str) -> Label {
        Label::from(name)
    }

    fn vote(name: &str) -> Vote {
        Vote::For(label(name))
    }

    fn none(_: &Label) -> usize {
        0
    }

    fn majority(votes: &[Vote]) -> Outcome {
        panel(votes, Agreement::Majority, none)
    }

    fn winner(name: &str) -> Outcome {
        Outcome::Winner(label(name))
    }

    #[test]
    fn what_flips_with_the_order_is_a_tie() {
        assert_eq!(vote("A").in_both_orders(vote("A")), vote("A"));
        let flipped = vote("A").in_both_orders(vote("C"));
        assert_eq!(vote("A").in_both_orders(Vote::Unusable), Vote::Unusable);
        assert_eq!(flipped, Vote::Tied(vec![label("A"), label("C")]));
        let tie = Outcome::Undecided(Undecided::Tie);
        assert_eq!(majority(&[flipped]), tie);
    }

    #[test]
    fn a_tie_goes_by_the_evidence_and_then_to_a_person() {
        let tie = Vote::Tied(vec![label("A"), label("C")]);
        let more = |one: &Label| usize::from(one.as_str() == "C");
        assert_eq!(tie.clone().settled(more), vote("C"));
        assert_eq!(tie.clone().settled(|_| 2), tie);
        let votes = [vote("A"), vote("C")];
        assert_eq!(panel(&votes, Agreement::Majority, more), winner("C"));
        let unsure = Outcome::Undecided(Undecided::Tie);
        assert_eq!(majority(&votes), unsure);
        assert_eq!(panel(&votes, Agreement::Unanimous, more), unsure);
    }

    #[test]
    fn a_panel_decides_by_those_who_vote() {
        assert_eq!(majority(&[vote("A"), vote("B"), vote("A")]), winner("A"));
        assert_eq!(majority(&[vote("A"), Vote::Abstained]), winner("A"));
        assert_eq!(majority(&[vote("A"), Vote::Unusable]), winner("A"));
        let unanimous = |votes: &[Vote]| panel(votes, Agreement::Unanimous, none);
        assert_eq!(unanimous(&[vote("A"), Vote::Abstained]), winner("A"));
        assert_ne!(unanimous(&[vote("A"), Vote::Unusable]), winner("A"));
        assert_ne!(majority(&[vote("A"), vote("B"), Vote::Nobody]), winner("A"));
    }

    #[test]
    fn failures_are_told_apart() {
        let why = |votes: &[Vote]| match majority(votes) {
            Outcome::Undecided(why) => why,
            Outcome::Winner(label) => panic!("{label}"),
        };
        assert_eq!(why(&[Vote::Unusable, Vote::Unusable]), Undecided::Unusable);
        assert_eq!(
            why(&[Vote::Unusable, Vote::Abstained]),
            Undecided::Abstained
        );
        assert_eq!(
            why(&[Vote::Nobody, Vote::Abstained]),
            Undecided::NoneGoodEnough
        );
        assert_eq!(why(&[Vote::Nobody, vote("A")]), Undecided::Tie);
    }

    #[test]
    fn most_duels_win() {
        let all = ["A", "B", "C"].map(Label::from);
        assert_eq!(
            pairwise(&all, &[vote("A"), vote("A"), vote("C")]),
            vote("A")
        );
        let circle = pairwise(&all, &[vote("A"), vote("C"), vote("B")]);
        assert_eq!(circle, Vote::Tied(all.to_vec()));
        let nobody = [Vote::Nobody, Vote::Nobody, Vote::Nobody];
        assert_eq!(pairwise(&all, &nobody), Vote::Nobody);
    }

    #[test]
    fn winners_meet_again_and_who_met_nobody_is_the_next() {
        let all = ["A", "B", "C", "D", "E"].map(Label::from);
        let mut met = Vec::new();
        let best = knockout(&all, |some| {
            met.push(some.iter().map(Label::as_str).collect::<String>());
            some.iter().max().cloned().map(Vote::For)
        });
        assert_eq!(best, Some(vote("E")));
        assert_eq!(met, ["AB", "CD", "EB", "DE"]);
        assert_eq!(knockout(&all, |_| None), None);
        let drawn = |some: &[Label]| Some(Vote::Tied(some.to_vec()));
        assert_eq!(knockout(&all, drawn), Some(Vote::Tied(all.to_vec())));
        assert_eq!(
            knockout(&all[..2], |_| Some(Vote::Nobody)),
            Some(Vote::Nobody)
        );
    }

    #[test]
    fn without_points_or_with_little_between_them_a_verdict_is_close() {
        let labels = ["A", "B"].map(Label::from);
        let judged = |scores: &str| -> Judgement {
            let text = format!(
                r#"{{"decision": "pick", "winner": "A", "rationale": "x", "scores": {scores}}}"#
            );
            serde_json::from_str(&text).expect("a judgement")
        };
        let close = |scores: &str| is_close(&judged(scores), &labels, &[]);
        assert!(close("{}"));
        assert!(close(r#"{"A": {"fit": 8}, "B": {"fit": 7}}"#));
        assert!(close(r#"{"A": {"fit": 5}, "B": {"fit": 9}}"#));
        assert!(!close(r#"{"A": {"fit": 8}, "B": {"fit": 6.9}}"#));
    }

    fn votes() -> impl Strategy<Value = Vec<Vote>> {
        let labels = || prop::sample::select(vec!["A", "B", "C"]).prop_map(Label::from);
        let one = prop_oneof![
            4 => labels().prop_map(Vote::For),
            1 => (labels(), labels()).prop_map(|(one, other)| Vote::Tied(vec![one, other])),
            1 => Just(Vote::Nobody),
            1 => Just(Vote::Abstained),
            1 => Just(Vote::Unusable),
        ];
        prop::collection::vec(one, 1..6)
    }

    proptest! {
        #[test]
        fn the_order_of_judges_decides_nothing(votes in votes(), by in 0_usize..6, unanimous: bool) {
            let agreement = if unanimous { Agreement::Unanimous } else { Agreement::Majority };
            let mut turned = votes.clone();
            turned.rotate_left(by % votes.len());
            let outcome = panel(&votes, agreement, none);
            assert_eq!(outcome, panel(&turned, agreement, none));
            turned.reverse();
            assert_eq!(outcome, panel(&turned, agreement, none));
            if let Outcome::Winner(label) = outcome {
                let own = votes.iter().filter(|vote| **vote == Vote::For(label.clone())).count();
                let against = votes.iter().filter(|vote| matches!(vote, Vote::For(other) if *other != label));
                assert!(own > against.count());
            }
        }

        #[test]
        fn a_judge_that_takes_the_first_decides_nothing_in_both_orders(count in 2_usize..9) {
            let labels: Vec<Label> = (0..count).map(Label::at).collect();
            let first = |pair: &[Label]| {
                Vote::For(pair[0].clone()).in_both_orders(Vote::For(pair[1].clone()))
            };
            let pairs = (0..count).flat_map(|one| (one + 1..count).map(move |other| (one, other)));
            let duels: Vec<Vote> = pairs
                .map(|(one, other)| first(&[labels[one].clone(), labels[other].clone()]))
                .collect();
            let by_pairs = pairwise(&labels, &duels);
            let by_rounds = knockout(&labels, |pair| Some(first(pair))).expect("known");
            for vote in [by_pairs, by_rounds] {
                assert!(matches!(majority(&[vote]), Outcome::Undecided(Undecided::Tie)));
            }
        }
    }
}
