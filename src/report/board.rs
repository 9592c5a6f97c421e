//! `tipstaff scores`: the board as tables, which the page draws too, and as a block for a workflow.

use serde_json::{Value, json};

use super::table::Table;
use super::words::{clean, cost, counted, not_counted, or_nothing, wrapped};
use crate::model::MicroUsd;
use crate::scores::{Board, FLOOR, Lineup, Model, Row, Share, Suggestion, suggestions};

/// Whose runs are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    Project,
    User,
}

/// A table under its title.
pub(super) type BoardTable = (String, Table);

/// The board for people. `foreign` is how many runs are not this user's.
pub fn render_board(board: &Board, scope: Scope, foreign: u64, width: usize) -> String {
    let mut text = wrapped("", &counted_runs(board, scope, foreign), width);
    let tables = board_tables(board);
    let legend = legend(&tables);
    for (title, table) in tables {
        text.push_str(&format!("\n{title}\n{}", table.within(width)));
    }
    if !legend.is_empty() {
        text.push('\n');
        text.push_str(&wrapped("", &legend, width));
    }
    text
}

/// The board for programs.
///
/// # Errors
/// None is known: it is plain data.
pub fn board_json(board: &Board, foreign: u64) -> Result<Value, serde_json::Error> {
    let mut json = serde_json::to_value(board)?;
    json["foreign"] = foreign.into();
    json["floor"] = FLOOR.into();
    json["suggestions"] = suggestions(board).iter().map(suggestion_json).collect();
    Ok(json)
}

fn suggestion_json(one: &Suggestion<'_>) -> Value {
    let named = |all: &[(&Model, Share)]| -> Value {
        all.iter()
            .map(|(model, _)| &model.name)
            .map(|name| json!(name))
            .collect()
    };
    json!({ "phase": one.phase, "category": one.category, "keep": named(&one.keep), "leave_out": named(&one.leave_out) })
}

/// What the cells of these tables mean.
pub(super) fn legend(tables: &[BoardTable]) -> String {
    if tables.is_empty() {
        return String::new();
    }
    let words = [
        ("wins", "proposals that were chosen"),
        (
            "accepted",
            "results that were kept, neither sent back nor undone",
        ),
        ("passed", "the commands found nothing"),
        (" each", "for an accepted result"),
    ];
    let columns = || tables.iter().flat_map(|(_, table)| table.columns());
    let has = |word: &str| columns().any(|(head, _)| head.ends_with(word));
    let shown = words.into_iter().filter(|(word, _)| has(word));
    let mut legend = format!(
        "`7/12 32–81%`: 7 of 12, and where the true share is in 95 of 100 cases; too few: less than {FLOOR}"
    );
    for (word, meaning) in shown {
        legend.push_str(&format!("; {}: {meaning}", word.trim()));
    }
    legend + "."
}

fn counted_runs(board: &Board, scope: Scope, foreign: u64) -> String {
    let of = match scope {
        Scope::Project => "of this project",
        Scope::User => "of yours",
    };
    let mut text = match board.runs {
        0 => format!("no run {of} counts yet"),
        some => format!("{} {of}", counted(some, "run")),
    };
    let Share { hits, of } = board.refined;
    if of > 0 {
        let times = counted(of, "winner");
        text.push_str(&format!(
            "; {times} refined, {hits} preferred to what it was"
        ));
    }
    text + &not_counted(board.rehearsals, foreign)
}

/// Models by phase and category, the places they were asked in, baselines, judges: as far as anything is known.
pub(super) fn board_tables(board: &Board) -> Vec<BoardTable> {
    let is_one = |a: &Row, b: &Row| a.phase == b.phase && a.category == b.category;
    let groups = board.models.chunk_by(is_one);
    let groups = groups.map(|rows| models(board, rows));
    let more = [proposers(board), lineups(board), judges(board)];
    groups.chain(more).flatten().collect()
}

fn models(board: &Board, rows: &[Row]) -> Option<BoardTable> {
    let title = rows.first().map(|row| match &row.category {
        Some(category) => format!("{}: {} tasks", clean(&row.phase), clean(category)),
        None => clean(&row.phase),
    });
    let cells = |row: &Row| {
        let each = row.each();
        vec![
            model_words(board, &row.model),
            row.results.to_string(),
            share(row.wins),
            share(row.wins_tied),
            share(row.accepted),
            or_nothing((row.edited > 0).then(|| row.edited.to_string())),
            share(row.passed),
            or_nothing(each.and_then(|(money, _)| cost(money))),
            or_nothing(each.map(|(_, time)| time.to_string())),
        ]
    };
    let heads = [
        "model",
        "?>results",
        "wins",
        "?wins where tied",
        "accepted",
        "?>edited",
        "passed",
        ">cost each",
        "?>time each",
    ];
    table(&title?, &heads, rows.iter().map(cells))
}

/// What each further proposer brought.
fn proposers(board: &Board) -> Option<BoardTable> {
    let rows = board.proposers.iter().map(|one| {
        vec![
            clean(&one.phase),
            format!("no. {}", one.nth),
            share(one.wins),
        ]
    });
    let title = "who wins by the place in `models`";
    table(title, &["phase", "asked as", "wins"], rows)
}

/// What several models brought over one alone, where somebody tried that.
fn lineups(board: &Board) -> Option<BoardTable> {
    let row = |one: &Lineup, by: String, gain: String| {
        let each = one.cost.0.checked_div(one.went_well.of).map(MicroUsd);
        let each = or_nothing(each.and_then(cost));
        vec![clean(&one.phase), by, share(one.went_well), each, gain]
    };
    let alone = board.lineups.iter();
    let alone = alone.filter_map(|one| Some((one, one.alone.as_ref()?)));
    let rows = alone.flat_map(|(one, model)| {
        let by = format!("{} alone", model_words(board, model));
        let mut others = board
            .lineups
            .iter()
            .filter(|other| other.phase == one.phase);
        let several = others.find(|other| other.alone.is_none()).map(|several| {
            let gain = gain(several.went_well, one.went_well);
            row(several, "several".to_owned(), gain)
        });
        [row(one, by, String::new())].into_iter().chain(several)
    });
    let heads = [
        "phase",
        "proposals by",
        "runs that went well",
        "?>cost of a run",
        "gain",
    ];
    table("several models against one alone", &heads, rows)
}

fn gain(several: Share, alone: Share) -> String {
    if several.interval().is_none() || alone.interval().is_none() {
        return "too few".to_owned();
    }
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let rate = |share: Share| 100.0 * share.hits as f64 / share.of as f64;
    let doubt = match several.beats(alone) || alone.beats(several) {
        true => "beyond doubt",
        false => "in doubt",
    };
    format!("{:+.0} points, {doubt}", rate(several) - rate(alone))
}

fn judges(board: &Board) -> Option<BoardTable> {
    let judges = board.judges.iter().filter(|judge| judge.verdicts > 0);
    let rows = judges.map(|judge| {
        let each = judge.cost.0.checked_div(judge.verdicts).map(MicroUsd);
        vec![
            model_words(board, &judge.model),
            judge.verdicts.to_string(),
            share(judge.flips),
            share(judge.first),
            share(judge.panel),
            share(judge.evidence),
            share(judge.people),
            or_nothing(each.and_then(cost)),
        ]
    });
    let heads = [
        "judge",
        ">verdicts",
        "flips with the order",
        "?picks the first",
        "?agrees with judges",
        "with commands",
        "with people",
        "?>cost a verdict",
    ];
    table("judges", &heads, rows)
}

/// A table without the columns of which nothing is known; none without a row.
fn table(
    title: &str,
    heads: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
) -> Option<BoardTable> {
    let mut table = Table::new(2, heads);
    rows.for_each(|row| table.row(row));
    (!table.is_empty()).then(|| (title.to_owned(), table.known()))
}

fn share(share: Share) -> String {
    let Share { hits, of } = share;
    match share.interval() {
        None if of == 0 => or_nothing(None),
        None => format!("too few ({hits}/{of})"),
        Some((low, high)) => format!("{hits}/{of} {:.0}–{:.0}%", 100.0 * low, 100.0 * high),
    }
}

/// A model's name, with what it stands for where that is not the same in all runs.
fn model_words(board: &Board, model: &Model) -> String {
    match board.is_ambiguous(model) {
        true if model.id.is_empty() => format!("{} (unknown)", clean(&model.name)),
        true => format!("{} ({})", clean(&model.name), clean(&model.id)),
        false => clean(&model.name),
    }
}

/// What the board says about a workflow's models, as a part of one; nothing where all is in doubt.
pub fn render_suggestions(board: &Board, scope: Scope) -> Option<String> {
    let all = suggestions(board);
    if all.is_empty() {
        return None;
    }
    let mut text = format!(
        "# {}; nothing was changed\nphases:\n",
        counted_runs(board, scope, 0)
    );
    for phase in all.chunk_by(|a, b| a.phase == b.phase) {
        text.push_str(&format!(
            "  - name: {}\n",
            scalar(phase.first().map_or("", |one| one.phase.as_str()))
        ));
        for one in phase.iter().filter(|one| one.category.is_none()) {
            text.push_str(&reasons("    ", board, one, "wins"));
            let keep: Vec<String> = one
                .keep
                .iter()
                .map(|(model, _)| scalar(model.name.as_str()))
                .collect();
            text.push_str(&format!("    models: [{}]\n", keep.join(", ")));
        }
        let mut head = "    routing:\n";
        for one in phase {
            let (Some(category), Some((best, _))) = (one.category, one.keep.first()) else {
                continue;
            };
            text.push_str(std::mem::take(&mut head));
            text.push_str(&reasons("      ", board, one, "accepted"));
            text.push_str(&format!(
                "      {}: {}\n",
                scalar(category),
                scalar(best.name.as_str())
            ));
        }
    }
    Some(text)
}

fn reasons(margin: &str, board: &Board, one: &Suggestion<'_>, by: &str) -> String {
    let kept = one.keep.iter().map(|one| ("kept", one));
    let all = kept.chain(one.leave_out.iter().map(|one| ("left out", one)));
    let line = |(what, (model, of)): (&str, &(&Model, Share))| {
        format!(
            "{margin}# {what}: {}, {by} {}\n",
            model_words(board, model),
            share(*of)
        )
    };
    all.map(line).collect()
}

/// A name as YAML takes it for one.
fn scalar(text: &str) -> String {
    const OTHERS: [&str; 7] = ["true", "false", "null", "yes", "no", "on", "off"];
    let is_plain = text.starts_with(|char: char| char.is_ascii_alphabetic())
        && text
            .chars()
            .all(|char| char.is_ascii_alphanumeric() || "-_./".contains(char))
        && !OTHERS.contains(&text.to_ascii_lowercase().as_str());
    match is_plain {
        true => text.to_owned(),
        false => Value::from(text).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Millis;
    use crate::scores::{Judge, Nth};

    fn of(hits: u64, of: u64) -> Share {
        Share { hits, of }
    }

    fn model(name: &str, id: &str) -> Model {
        Model {
            name: name.into(),
            id: id.to_owned(),
        }
    }

    fn row(category: Option<&str>, name: &str, wins: Share, accepted: Share) -> Row {
        Row {
            phase: if category.is_some() { "build" } else { "plan" }.into(),
            category: category.map(str::to_owned),
            model: model(name, &format!("opencode:x/{name}")),
            results: accepted.of,
            wins,
            wins_tied: of(wins.hits.min(2), wins.of.min(3)),
            accepted,
            edited: 0,
            passed: of(accepted.of.min(1), accepted.of),
            cost: MicroUsd(12_340_000),
            time: Millis::minutes(40),
        }
    }

    fn board() -> Board {
        let lineup = |alone, went_well| Lineup {
            phase: "plan".into(),
            alone,
            went_well,
            cost: MicroUsd(9_000_000),
        };
        let nth = |nth, hits| Nth {
            phase: "plan".into(),
            nth,
            wins: of(hits, 20),
        };
        let mut board = Board {
            runs: 28,
            rehearsals: 1,
            refined: Share::default(),
            models: vec![
                row(None, "claude-opus-with-a-long-name", of(16, 20), of(16, 20)),
                row(None, "gpt", of(1, 20), of(1, 20)),
                row(None, "漢字モデル", of(3, 5), of(3, 5)),
                row(Some("ui"), "gpt", of(0, 0), of(19, 20)),
                row(Some("ui"), "gemini", of(0, 0), of(2, 20)),
                row(Some("a: b\u{1b}[2J"), "no", of(0, 0), of(20, 20)),
                row(Some("a: b\u{1b}[2J"), "gemini", of(0, 0), of(1, 20)),
            ],
            proposers: vec![nth(1, 15), nth(2, 4), nth(3, 1)],
            lineups: vec![
                lineup(None, of(15, 20)),
                lineup(Some(model("gpt", "")), of(2, 9)),
            ],
            judges: vec![Judge {
                model: model("gpt", "opencode:x/gpt"),
                verdicts: 20,
                first: of(13, 20),
                flips: of(4, 9),
                panel: of(0, 0),
                evidence: of(3, 4),
                people: of(6, 8),
                cost: MicroUsd(1_000_000),
            }],
        };
        board.sort();
        board
    }

    #[test]
    fn as_tables_that_fit() {
        let at = |width: usize| {
            let text = render_board(&board(), Scope::Project, 1, width);
            for line in text.lines() {
                assert!(
                    console::measure_text_width(line) <= width,
                    "{width}: {line}"
                );
            }
            format!("{width} columns\n{text}")
        };
        insta::assert_snapshot!([60, 80, 120].map(at).join("\n"));
    }

    #[test]
    fn suggestions_are_yaml_whatever_the_names() {
        let text = render_suggestions(&board(), Scope::User).expect("some");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn where_nothing_is_known_nothing_is_shown() {
        let none = Board::default();
        assert_eq!(
            render_board(&none, Scope::Project, 2, 80),
            "no run of this project counts yet; not counted: 2 foreign runs\n"
        );
        assert_eq!(render_suggestions(&none, Scope::Project), None);
    }

    #[test]
    fn as_json() {
        let json = board_json(&board(), 1).expect("plain data");
        let gpt = json["models"]
            .as_array()
            .expect("rows")
            .iter()
            .find(|row| row["phase"] == "plan" && row["model"]["name"] == "gpt");
        let wins = &gpt.expect("a row")["wins"];
        assert_eq!((&wins["hits"], &wins["of"]), (&json!(1), &json!(20)));
        assert!(
            wins["low"].as_f64() > Some(0.0) && wins["high"].as_f64() < Some(0.3),
            "{wins}"
        );
        assert_eq!(json["suggestions"][0]["keep"], json!(["no"]));
    }
}
