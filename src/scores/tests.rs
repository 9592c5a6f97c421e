//! Boards of small made-up runs.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Board, FLOOR, Row, Share, suggestions};
use crate::model::{Decider, Label, TreeId};
use crate::plan::{ModelSpec, PhaseKind, Plan, testing};
use crate::run::{Event, RunState};

/// A run that is told as its journal would tell it.
struct Told {
    plan: Plan,
    state: RunState,
    at: u64,
}

/// What one ensemble came to.
#[derive(Debug, Clone)]
struct Choice {
    /// Of each proposer, in the order of asking.
    models: Vec<usize>,
    /// What the commands say of each.
    passed: Vec<Option<bool>>,
    judge: usize,
    person: Option<Option<usize>>,
}

const MODELS: [&str; 4] = ["opus", "gpt", "gemini", "qwen"];

impl Told {
    fn new() -> Self {
        let single = |name| {
            let (chain, yields) = (vec!["opus".into()], crate::plan::OutputKind::Edits);
            testing::phase(name, PhaseKind::Single { chain, yields })
        };
        let mut plan = testing::plan(vec![single("plan"), single("build")]);
        for name in MODELS {
            let model = ModelSpec {
                agent: "opencode".into(),
                id: format!("x/{name}"),
                variant: None,
                family: None,
                price: None,
                context: None,
            };
            plan.models.insert(name.into(), model);
        }
        let mut told = Self {
            plan,
            state: RunState::default(),
            at: 1_000,
        };
        told.event(
            json!({"type": "run_started", "run": "r", "format": 4, "version": "0", "workflow": "w",
            "plan": "", "base": TreeId::sample("base"), "files": []}),
        );
        told
    }

    fn event(&mut self, event: Value) {
        self.at += 1_000;
        let event: Event = serde_json::from_value(event).expect("an event");
        self.state.apply(crate::model::Timestamp(self.at), &event);
    }

    fn begin(&mut self, phase: &str) {
        self.event(json!({"phase": phase, "type": "phase_started"}));
    }

    /// A call that leaves this.
    fn call(
        &mut self,
        (phase, id): (&str, &str),
        (purpose, slot): (&str, usize),
        model: usize,
        more: (Value, Value, Value, Value),
    ) {
        let (contract, task, answer, ballot) = more;
        let changes = json!({"base": TreeId::sample("base"), "tree": TreeId::sample(id), "files": [], "patch": null});
        self.event(json!({"phase": phase, "type": "call_created", "call": {
            "id": id, "key": id, "phase": phase, "purpose": purpose, "slot": slot, "chain": [MODELS[model]],
            "inputs": [], "project_instructions": false, "ballot": ballot, "contract": contract, "task": task, "profile": "reader",
            "workspace": "snapshot", "limits": {"timeout": 1, "idle_timeout": 1, "retries": 0}}}));
        self.event(json!({"call": id, "type": "attempt_started", "attempt": 1, "model": MODELS[model], "agent": "opencode"}));
        self.event(json!({"call": id, "type": "attempt_succeeded", "attempt": 1, "result": {"answer": answer,
            "deliverable": null, "changes": changes, "structured": null, "usage": {"cost": 30_000}}}));
    }

    fn verified(&mut self, phase: &str, task: Option<&str>, id: &str, outcome: &str) {
        self.event(
            json!({"phase": phase, "type": "verified", "task": task, "tree": TreeId::sample(id),
            "verification": {"command": "test", "outcome": outcome, "exit": 0, "wall": 1,
                "output": {"path": "x", "digest": "", "bytes": 0}}}),
        );
    }

    fn choose(mut self, choice: &Choice) -> Self {
        self.begin("plan");
        let mut labels = Vec::new();
        for (at, model) in choice.models.iter().enumerate() {
            let id = format!("plan.propose-{}", at + 1);
            let answer = (
                json!("document"),
                Value::Null,
                json!("document"),
                Value::Null,
            );
            self.call(("plan", &id), ("propose", at + 1), *model, answer);
            labels.push((Label::at(at), id));
        }
        self.event(json!({"phase": "plan", "type": "proposals_sealed", "labels": labels}));
        for (passed, (_, id)) in choice.passed.iter().zip(&labels) {
            if let Some(passed) = passed {
                let outcome = if *passed { "passed" } else { "failed" };
                self.verified("plan", None, id, outcome);
            }
        }
        let (label, winner) = &labels[choice.judge];
        self.verdict("plan.judge-1", labels.len(), label, Value::Null);
        self.event(
            json!({"phase": "plan", "type": "winner_chosen", "call": winner, "label": label,
            "by": Decider::Judge("plan.judge-1".into())}),
        );
        if let Some(best) = choice.person {
            let best = best.map(Label::at);
            self.event(json!({"phase": "plan", "type": "rated", "best": best}));
        }
        self
    }

    /// Of a judge that sees so many letters.
    fn verdict(&mut self, id: &str, letters: usize, pick: &Label, ballot: Value) {
        let labels: Vec<Label> = (0..letters).map(Label::at).collect();
        let contract = json!({"judgement": {"labels": labels}});
        let verdict = json!({"judgement": {"decision": "pick", "winner": pick, "rationale": ""}});
        let more = (contract, Value::Null, verdict, ballot);
        self.call(("plan", id), ("judge", 1), 3, more);
    }

    fn task(&mut self, task: &str, category: &str, model: usize, done: bool) {
        let id = format!("build.task-{task}");
        let spec = json!({"id": task, "title": "", "category": category, "instructions": ""});
        self.call(
            ("build", &id),
            ("task", 1),
            model,
            (json!("edits"), spec, json!("document"), Value::Null),
        );
        self.verified(
            "build",
            Some(task),
            &id,
            if done { "passed" } else { "failed" },
        );
        self.event(match done {
            true => json!({"phase": "build", "type": "task_done", "task": task, "call": id, "tree": TreeId::sample(&id)}),
            false => json!({"phase": "build", "type": "task_failed", "task": task,
                "failure": {"kind": "refused", "message": ""}}),
        });
    }
}

fn board<'a>(runs: impl IntoIterator<Item = &'a Told>) -> Board {
    let mut board = Board::default();
    for run in runs {
        board.add(&run.plan, &run.state);
    }
    board.sort();
    board
}

fn row<'a>(board: &'a Board, model: &str) -> &'a Row {
    let mut rows = board.models.iter();
    rows.find(|row| row.model.name.as_str() == model)
        .expect("a row")
}

fn of(hits: u64, of: u64) -> Share {
    Share { hits, of }
}

fn plain(models: &[usize], judge: usize) -> Choice {
    Choice {
        models: models.to_vec(),
        passed: vec![None; models.len()],
        judge,
        person: None,
    }
}

#[test]
fn proposals_and_their_wins_are_counted_for_each_model() {
    let runs = [
        Told::new().choose(&plain(&[0, 1, 2], 1)),
        Told::new().choose(&plain(&[0, 1, 2], 0)),
    ];
    let board = board(&runs);
    assert_eq!(
        (row(&board, "opus").results, row(&board, "opus").wins),
        (2, of(1, 2))
    );
    assert_eq!(row(&board, "gemini").wins, of(0, 2));
    assert_eq!(
        row(&board, "gpt").each().map(|(cost, _)| cost.0),
        Some(60_000)
    );
    assert_eq!(row(&board, "gemini").each(), None);
    let nth: Vec<_> = board
        .proposers
        .iter()
        .map(|one| (one.nth, one.wins))
        .collect();
    assert_eq!(nth, [(1, of(1, 2)), (2, of(1, 2)), (3, of(0, 2))]);
    assert_eq!(
        (board.judges[0].verdicts, board.judges[0].first),
        (2, of(1, 2))
    );
}

#[test]
fn a_persons_word_counts_more_than_the_judges() {
    let rated = |person| Choice {
        person: Some(person),
        ..plain(&[0, 1, 2], 1)
    };
    let one = board([&Told::new().choose(&rated(Some(2)))]);
    assert_eq!(
        (row(&one, "gpt").wins, row(&one, "gemini").wins),
        (of(0, 1), of(1, 1))
    );
    assert_eq!(one.judges[0].people, of(0, 1));
    let tie = board([&Told::new().choose(&rated(None))]);
    assert_eq!(
        (row(&tie, "gpt").wins, tie.judges[0].people),
        (of(0, 0), of(0, 0))
    );
}

#[test]
fn evidence_ties_are_counted_apart() {
    let passed = vec![Some(true), Some(true), Some(false)];
    let run = Told::new().choose(&Choice {
        passed,
        ..plain(&[0, 1, 2], 0)
    });
    let board = board([&run]);
    assert_eq!(
        (row(&board, "opus").wins_tied, row(&board, "gpt").wins_tied),
        (of(1, 1), of(0, 1))
    );
    assert_eq!(
        (
            row(&board, "gemini").wins_tied,
            row(&board, "gemini").passed
        ),
        (of(0, 0), of(0, 1))
    );
    assert_eq!(board.judges[0].evidence, of(1, 1));
}

#[test]
fn a_verdict_is_compared_with_the_one_in_the_reverse_order() {
    // The first judge sees A, B, C as C, B, A and picks the first again; the second one keeps to C.
    let reversed = |judge: usize| json!({"judge": judge, "reversed": true, "letters": [["A", "C"], ["B", "B"], ["C", "A"]]});
    let mut run = Told::new().choose(&plain(&[0, 1, 2], 0));
    run.verdict("plan.judge-1r", 3, &Label::at(0), reversed(1));
    let same =
        json!({"judge": 2, "reversed": false, "letters": [["A", "A"], ["B", "B"], ["C", "C"]]});
    run.verdict("plan.judge-2", 3, &Label::at(2), same);
    run.verdict("plan.judge-2r", 3, &Label::at(0), reversed(2));
    let judge = board([&run]).judges.remove(0);
    assert_eq!(
        (judge.verdicts, judge.flips, judge.first),
        (4, of(1, 2), of(3, 4))
    );
    // A and C in the first order, C and C in the reverse.
    assert_eq!(judge.panel, of(2, 4));
    // A fallback that differs is no change of mind.
    let mut run = Told::new().choose(&plain(&[0, 1, 2], 0));
    run.verdict("plan.judge-2r", 2, &Label::at(0), reversed(1));
    let judges = board([&run]).judges;
    assert!(judges.iter().all(|judge| judge.flips == of(0, 0)));
}

#[test]
fn one_model_alone_is_the_baseline_and_cannot_win() {
    let run = |models: &[usize], end: &str| {
        let mut run = Told::new().choose(&plain(models, 0));
        run.event(json!({"type": "run_ended", "end": end}));
        run
    };
    let runs = [
        run(&[0, 0, 0], "done"),
        run(&[0, 1, 2], "done"),
        run(&[0, 1, 2], "failed"),
        run(&[0, 1, 2], "waiting"),
    ];
    let board = board(&runs);
    assert_eq!(
        (row(&board, "opus").results, row(&board, "opus").wins),
        (6, of(3, 3))
    );
    let lineups = board
        .lineups
        .iter()
        .map(|one| (one.alone.is_some(), one.went_well));
    assert_eq!(
        lineups.collect::<Vec<_>>(),
        [(false, of(1, 2)), (true, of(1, 1))]
    );
}

#[test]
fn work_that_was_sent_back_or_undone_is_not_accepted() {
    let work = |run: &mut Told, id: &str| {
        run.begin("build");
        run.call(
            ("build", id),
            ("work", 1),
            0,
            (json!("edits"), Value::Null, json!("document"), Value::Null),
        );
        run.event(json!({"phase": "build", "type": "winner_chosen", "call": id, "label": null, "by": "only"}));
    };
    let mut run = Told::new();
    work(&mut run, "build.work-1");
    assert_eq!(row(&board([&run]), "opus").accepted, of(1, 1));
    run.event(json!({"type": "looped_back", "from": "audit", "to": "build", "round": 1}));
    work(&mut run, "build.work-1@2");
    assert_eq!(row(&board([&run]), "opus").accepted, of(1, 2));
    run.event(json!({"type": "changes_undone"}));
    let undone = board([&run]);
    assert_eq!(
        (row(&undone, "opus").accepted, row(&undone, "opus").results),
        (of(0, 2), 2)
    );
}

#[test]
fn what_was_taken_over_counts_in_the_run_that_did_it() {
    let mut run = Told::new().choose(&plain(&[0, 1, 2], 1));
    run.at += 1_000;
    run.event(json!({"type": "run_taken_over", "run": "r", "from": "build"}));
    run.state.started = Some(crate::model::Timestamp(run.at));
    run.begin("build");
    run.task("T1", "ui", 2, true);
    let board = board([&run]);
    assert_eq!(board.models.len(), 1, "{:?}", board.models);
    assert_eq!(
        (row(&board, "gemini").accepted, row(&board, "gemini").passed),
        (of(1, 1), of(1, 1))
    );
    assert!(board.judges.iter().all(|judge| judge.verdicts == 0) && board.proposers.is_empty());
}

#[test]
fn a_rehearsal_counts_nowhere() {
    let mut run = Told::new().choose(&plain(&[0, 1, 2], 1));
    run.plan.rehearsal = Some(crate::plan::Rehearsal {
        scenario: "default".to_owned(),
        text: None,
        publishes: false,
    });
    let board = board([&run]);
    assert_eq!(
        (board.runs, board.rehearsals, board.models.len()),
        (0, 1, 0)
    );
}

#[test]
fn only_what_is_beyond_doubt_is_suggested() {
    let runs = |good: usize| {
        let mut run = Told::new();
        run.begin("build");
        for task in 0..20 {
            run.task(&format!("A{task}"), "ui", 1, true);
            run.task(&format!("B{task}"), "ui", 2, task < good);
            run.task(&format!("C{task}"), "docs", 0, true);
        }
        run
    };
    let clear = board([&runs(4)]);
    let all = suggestions(&clear);
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(
        (all[0].category, all[0].keep[0].0.name.as_str()),
        (Some("ui"), "gpt")
    );
    assert_eq!(all[0].leave_out[0].1, of(4, 20));
    assert!(suggestions(&board([&runs(17)])).is_empty());
}

fn choice() -> impl Strategy<Value = Choice> {
    (1usize..5).prop_flat_map(|count| {
        let models = prop::collection::vec(0usize..4, count);
        let passed = prop::collection::vec(prop::option::of(any::<bool>()), count);
        let person = prop::option::of(prop::option::of(0..count));
        let made = |(models, passed, judge, person)| Choice {
            models,
            passed,
            judge,
            person,
        };
        (models, passed, 0..count, person).prop_map(made)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn sums_are_those_of_the_runs(choices in prop::collection::vec(choice(), 0..12)) {
        let runs: Vec<Told> = choices.iter().map(|choice| Told::new().choose(choice)).collect();
        let all = board(&runs);
        let results: u64 = all.models.iter().map(|row| row.results).sum();
        let proposals: usize = choices.iter().map(|one| one.models.len()).sum();
        prop_assert_eq!(results, proposals as u64);
        let judged = choices.iter().filter(|one| one.models.len() > 1);
        let decided: Vec<_> = judged.clone().filter(|one| one.person != Some(None)).collect();
        let nth: Share = all.proposers.iter().fold(Share::default(), |sum, one| of(sum.hits + one.wins.hits, sum.of + one.wins.of));
        prop_assert_eq!(nth.hits, decided.len() as u64);
        prop_assert_eq!(nth.of, decided.iter().map(|one| one.models.len() as u64).sum::<u64>());
        let mixed = decided.iter().filter(|one| one.models.iter().any(|model| *model != one.models[0]));
        prop_assert_eq!(all.models.iter().map(|row| row.wins.hits).sum::<u64>(), mixed.count() as u64);
        prop_assert_eq!(all.judges.iter().map(|one| one.verdicts).sum::<u64>(), judged.count() as u64);
        for row in &all.models {
            for share in [row.wins, row.wins_tied, row.accepted, row.passed] {
                prop_assert!(share.hits <= share.of && share.of <= row.results);
                prop_assert!(share.of >= FLOOR || share.interval().is_none());
            }
        }
        // The order of the runs tells nothing.
        prop_assert_eq!(board(runs.iter().rev()), all);
    }
}
