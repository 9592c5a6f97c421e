//! `tipstaff rate RUN PHASE A|B|tie`: a person's word on the proposals of a phase, for `tipstaff scores`.

use super::failure::{Exit, Failure};
use super::open_run::{find_run, take_up};
use super::print;
use super::settings::Settings;
use crate::model::{Label, PhaseName};
use crate::run::{PhaseEvent, RunState};
use crate::runtime::now;

/// In the place of a letter.
const TIE: &str = "TIE";

pub fn rate(
    settings: &Settings,
    run: &str,
    (phase, proposal): (&str, &str),
    because: &str,
) -> Result<Exit, Failure> {
    let mut taken = take_up(settings, find_run(settings, Some(run))?)?;
    let wrong = |message: &str, hint: &str| Failure::said(Exit::Usage, message, Some(hint));
    if taken.plan.rehearsal.is_some() {
        let message = format!(
            "run {} is a rehearsal: its proposals are scripted",
            taken.folder.id()
        );
        return Err(wrong(
            &message,
            "rehearsals count nowhere in `tipstaff scores`",
        ));
    }
    let state = RunState::of(&taken.records);
    let name = PhaseName::from(phase);
    let sealed = state.phase(&name).and_then(|phase| phase.sealed());
    let Some(sealed) = sealed else {
        let message = format!(
            "phase `{phase}` of run {} has no proposals",
            taken.folder.id()
        );
        return Err(wrong(
            &message,
            "a phase of `type: ensemble` has some as soon as all are in",
        ));
    };
    let wanted = proposal.trim().to_uppercase();
    let known = sealed.iter().map(|(label, _)| label);
    let best = known.clone().find(|label| label.as_str() == wanted);
    if best.is_none() && wanted != TIE {
        let known: Vec<&str> = known.map(Label::as_str).collect();
        let message = format!(
            "there is no proposal `{proposal}`; the proposals are {}",
            known.join(", ")
        );
        let hint = "`tie` says that none is better than the others";
        return Err(wrong(&message, hint));
    }
    let because = settings
        .redactor(None, None)
        .redact(because.trim())
        .into_owned();
    let best = best.cloned();
    let said = PhaseEvent::Rated { best, because }.of(name);
    taken.journal.append(now(), &[said])?;
    print::note("rated; `tipstaff scores` counts it");
    Ok(Exit::Done)
}
