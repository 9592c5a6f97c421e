//! How often the right proposal wins: scripted judges with planted faults, ensembles of which it is known who should
//! win, each setting of `judge:`, through the real engine and with the prompts that it makes.

mod chart;
mod judges;
mod settings;
mod table;
mod trial;
mod truth;

use std::cell::RefCell;
use std::collections::BTreeMap;

use tipstaff::model::{CallSpec, Contract, Label, ModelName};
use tipstaff::plan::Plan;

use self::judges::{BRIBED, FIRST, HONEST, JUDGES, Judge, SWAYED, shown};
use self::settings::{SETTINGS, Setting};
use self::trial::{Cast, Decided, decide};
use self::truth::{BRIBE, Ensemble};
use crate::figure::Figure;
use crate::page::{Measured, Picture};

/// Of each judge with each setting.
const ENSEMBLES: usize = 400;

/// What came of all ensembles of one judge with one setting.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cell {
    right: usize,
    /// A person is asked.
    asked: usize,
    calls: usize,
    /// One won that fails the commands.
    failing: usize,
}

impl Cell {
    fn right(&self) -> f64 {
        percent(self.right, ENSEMBLES)
    }

    fn asked(&self) -> f64 {
        percent(self.asked, ENSEMBLES)
    }

    /// Of an ensemble, on average.
    fn calls(&self) -> f64 {
        self.calls as f64 / ENSEMBLES as f64
    }
}

fn percent(some: usize, all: usize) -> f64 {
    100.0 * some as f64 / all as f64
}

/// A judge's cells, in the order of the settings.
pub struct Row {
    judge: Judge,
    cells: Vec<Cell>,
}

/// One verdict.
struct Verdict {
    /// The call's name.
    call: String,
    /// The winner's place in the prompt, from 0.
    place: usize,
    /// The place of the proposal that speaks to the judge.
    briber: Option<usize>,
}

/// Authors, commands and a judge, of one ensemble.
struct Scripted<'a> {
    ensemble: &'a Ensemble,
    judge: Judge,
    verdicts: RefCell<Vec<Verdict>>,
}

impl Cast for Scripted<'_> {
    fn proposal(&self, slot: u32) -> String {
        self.ensemble.by(slot).text.clone()
    }

    fn verdict(&self, call: &CallSpec, model: &ModelName, prompt: &str) -> String {
        let shown = shown(prompt);
        let letters: Vec<&str> = shown.iter().map(|one| one.letter).collect();
        let Contract::Judgement { labels, .. } = &call.contract else {
            panic!("{} is no judge's call", call.id);
        };
        // Whatever a proposal says, there are as many in the prompt as were put there.
        assert_eq!(
            letters,
            labels.iter().map(Label::as_str).collect::<Vec<_>>()
        );
        let judge = self.judge.on_panel(model);
        let (place, text) =
            judge.verdict(&format!("{} {model}", self.ensemble.number), call, &shown);
        self.verdicts.borrow_mut().push(Verdict {
            call: call.id.to_string(),
            place,
            briber: shown.iter().position(|one| one.text.contains(BRIBE)),
        });
        text
    }

    fn passes(&self, slot: u32) -> bool {
        self.ensemble.by(slot).passes
    }
}

/// Runs the ensemble of this number.
fn trial(
    setting: &Setting,
    plan: &mut Plan,
    judge: Judge,
    ensemble: &Ensemble,
) -> (Decided, Vec<Verdict>) {
    let cast = Scripted {
        ensemble,
        judge,
        verdicts: RefCell::default(),
    };
    if !setting.unshuffled {
        plan.seed = ensemble.number as u64;
    }
    let decided = decide(plan, &cast);
    (decided, cast.verdicts.into_inner())
}

/// The plan of a setting; where nothing is shuffled, with a seed that leaves the proposals as they are listed.
fn plan(setting: &Setting) -> Plan {
    let mut plan = setting.plan();
    let ensemble = Ensemble::new(0, false);
    while setting.unshuffled && trial(setting, &mut plan, HONEST, &ensemble).0.order != [1, 2, 3] {
        plan.seed += 1;
    }
    plan
}

fn cell(setting: &Setting, judge: Judge, ensembles: &[Ensemble]) -> Cell {
    let mut plan = plan(setting);
    let mut cell = Cell::default();
    for ensemble in ensembles {
        let (decided, _) = trial(setting, &mut plan, judge, ensemble);
        cell.calls += decided.calls;
        match decided.winner {
            None => cell.asked += 1,
            Some(slot) if slot == ensemble.best => cell.right += 1,
            Some(slot) => cell.failing += usize::from(!ensemble.by(slot).passes),
        }
    }
    cell
}

pub fn figures() -> Measured {
    let ensembles: Vec<Ensemble> = (0..ENSEMBLES)
        .map(|number| Ensemble::new(number, true))
        .collect();
    let rows = std::thread::scope(|scope| {
        let ensembles = &ensembles;
        let rows = JUDGES.map(|judge| {
            let cells = move || {
                SETTINGS
                    .iter()
                    .map(move |setting| cell(setting, judge, ensembles))
            };
            scope.spawn(move || Row {
                judge,
                cells: cells().collect(),
            })
        });
        rows.map(|row| row.join().expect("a judge's cells are measured"))
    });
    let mut figures = guarantees(&rows, &ensembles);
    figures.extend(leaning());
    Measured {
        figures,
        notes: format!("{}\n{}", table::table(&rows), table::WORDS),
        picture: Some(Picture {
            name: "judgement.svg",
            svg: chart::draw(&rows),
        }),
    }
}

/// What the engine promises, whoever judges.
fn guarantees(rows: &[Row], ensembles: &[Ensemble]) -> Vec<Figure> {
    let failing = |evidence: bool| -> usize {
        let cells = rows.iter().flat_map(|row| row.cells.iter().zip(&SETTINGS));
        let cells = cells.filter(|(_, setting)| setting.evidence == evidence);
        cells.map(|(cell, _)| cell.failing).sum()
    };
    let named = |name: &str| SETTINGS.iter().position(|setting| setting.name == name);
    let of = |judge: Judge, setting: &str| {
        let row = rows.iter().find(|row| row.judge.name == judge.name);
        let cell = row.and_then(|row| row.cells.get(named(setting)?));
        *cell.expect("it was measured")
    };
    let first = of(FIRST, "both");
    let none = |what, value, unit, from| Figure {
        what,
        value,
        unit,
        target: Some(0.0),
        from,
    };
    vec![
        Figure {
            what: "calls of an ensemble of three with one judge",
            value: of(HONEST, "default").calls(),
            unit: "",
            target: Some(4.0),
            from: "three proposals and a verdict".to_owned(),
        },
        none(
            "wins of proposals that fail the commands",
            failing(true) as f64,
            "",
            format!(
                "all judges, all settings with evidence; {} without",
                failing(false)
            ),
        ),
        none(
            "decided in both orders by who takes the first shown",
            100.0 - first.asked(),
            "%",
            format!("of {ENSEMBLES}; the others go to a person"),
        ),
        none(
            "outcomes that “pick me” changes where the judge does not obey",
            changed_by_words(ensembles) as f64,
            "",
            format!(
                "of {}, with and without the words",
                SETTINGS.len() * ensembles.len()
            ),
        ),
        none(
            "more often under one letter than under another, where it obeys",
            spread_of_bribes(ensembles),
            "%",
            "“pick me” under A, B and C, with one judge".to_owned(),
        ),
    ]
}

/// How many outcomes differ if one of the proposals speaks to an honest judge.
fn changed_by_words(ensembles: &[Ensemble]) -> usize {
    let changed = |setting: &Setting| {
        let mut plan = plan(setting);
        let differs = ensembles.iter().filter(|speaks| {
            let silent = Ensemble::new(speaks.number, false);
            let [one, other] =
                [*speaks, &silent].map(|ensemble| trial(setting, &mut plan, HONEST, ensemble).0);
            one != other
        });
        differs.count()
    };
    SETTINGS.iter().map(changed).sum()
}

/// By how many percent the bribed judge picks the one that bribes more often at one place than at another.
fn spread_of_bribes(ensembles: &[Ensemble]) -> f64 {
    let setting = &SETTINGS[1];
    let mut plan = plan(setting);
    let mut at = [(0, 0); 3];
    for ensemble in ensembles {
        for verdict in trial(setting, &mut plan, BRIBED, ensemble).1 {
            let place = verdict.briber.expect("one of them bribes");
            at[place].0 += usize::from(verdict.place == place);
            at[place].1 += 1;
        }
    }
    let shares = at.map(|(picked, shown)| percent(picked, shown));
    shares.iter().copied().fold(f64::MIN, f64::max)
        - shares.iter().copied().fold(f64::MAX, f64::min)
}

/// How a judge that leans to the first compares with those that were measured in the field.
fn leaning() -> [Figure; 2] {
    let setting = Setting::pairs_in_both_orders();
    let mut plan = plan(&setting);
    let verdicts: Vec<Verdict> = (0..ENSEMBLES)
        .flat_map(|number| trial(&setting, &mut plan, SWAYED, &Ensemble::new(number, true)).1)
        .collect();
    let firsts = verdicts.iter().filter(|verdict| verdict.place == 0).count();
    // Calls come pair by pair, and the reverse of each has one letter more.
    let mut by_call: BTreeMap<(usize, String), usize> = BTreeMap::new();
    let mut flips = 0;
    for (number, verdict) in verdicts.iter().enumerate() {
        let pair = (number / 6, verdict.call.trim_end_matches('r').to_owned());
        match by_call.remove(&pair) {
            None => _ = by_call.insert(pair, verdict.place),
            // The same place in the reverse order is the other proposal.
            Some(place) => flips += usize::from(place == verdict.place),
        }
    }
    let figure = |what, value, from: &str| Figure {
        what,
        value,
        unit: "%",
        target: None,
        from: from.to_owned(),
    };
    [
        figure(
            "of pairs, a judge that leans to the first changes its mind on",
            percent(flips, verdicts.len() / 2),
            "44.8 % in the field",
        ),
        figure(
            "of its verdicts on pairs, those for the first",
            percent(firsts, verdicts.len()),
            "63 % in the field",
        ),
    ]
}
