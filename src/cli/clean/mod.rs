//! `tipstaff clean`: what runs left on this machine and nobody needs any more.

mod disposal;
mod found;
mod remove;

use self::disposal::{Disposal, disposal};
use self::found::{Found, Run};
use self::remove::remove;
use super::args::CleanArgs;
use super::ask::{agrees, is_at_a_terminal};
use super::failure::{Exit, Failure};
use super::interruptible::Interruptible;
use super::print;
use super::settings::Settings;
use crate::journal::{RunFolder, list, removed_before};
use crate::model::{Bytes, Timestamp};
use crate::report::{Screen, Table, clean as cleaned, counted};
use crate::runtime::now;
use crate::workspace::{room_of, scratch_place};

/// The hint where `clean` was interrupted before it removed anything.
const NOTHING: &str = "nothing was removed";
/// And while it did.
const PARTLY: &str = "the same command removes the rest";

pub fn clean(settings: &Settings, args: &CleanArgs) -> Result<Exit, Failure> {
    let mut interruptible = Interruptible::new()?;
    let looking = ("looking at the runs of this project", NOTHING);
    let found = interruptible.blocking(looking, || look(settings, args))?;
    tell(&found)?;
    let count = found.runs.len() + found.leftovers.len() + usize::from(found.cache.is_some());
    if count == 0 {
        print::note("nothing to remove");
        return Ok(Exit::Done);
    }
    let asks = is_at_a_terminal() && !args.yes;
    let question = format!("remove all this, {}? [y/N] ", found.room());
    if args.dry_run || (!args.yes && !asks) {
        print::note(&format!(
            "{} can be freed; `tipstaff clean --yes` does it",
            found.room()
        ));
        return Ok(Exit::Done);
    }
    if asks && !agrees(&question)? {
        print::note(NOTHING);
        return Ok(Exit::Done);
    }
    let freed = interruptible.blocking(("removing", PARTLY), || remove(settings, found))?;
    print::data(&format!("freed {freed}\n"))?;
    Ok(Exit::Done)
}

fn look(settings: &Settings, args: &CleanArgs) -> Result<Found, Failure> {
    let root = &settings.project.root;
    let mut found = Found::default();
    let before = args
        .older_than
        .map(|age| Timestamp(now().0.saturating_sub(age.0)));
    let mut under_way = false;
    for run in list(root)? {
        let folder = RunFolder::open(root, run.id.clone())?;
        let its = disposal(settings, &folder);
        under_way |= its == Disposal::UnderWay;
        match its {
            Disposal::Keep(why) => found.kept.push((run.id, why)),
            Disposal::UnderWay => found.kept.push((run.id, "is under way".to_owned())),
            Disposal::Remove { .. } if before.is_some_and(|before| run.last >= Some(before)) => {
                found.younger += 1;
            }
            Disposal::Remove { branch, remark } => {
                let room = room_of(folder.root())?.0 + room_of(&scratch_place(&run.id))?.0;
                found.runs.push(Run {
                    folder,
                    branch,
                    remark,
                    room: Bytes(room),
                });
            }
        }
    }
    for folder in removed_before(root)? {
        let room = room_of(&folder)?;
        found.leftovers.push((folder, room));
    }
    // A run under way works on layers that lie there.
    if args.cache
        && !under_way
        && let Some(cache) = settings.project_cache()
    {
        let folder = cache.folder().to_owned();
        found.cache = Some((folder.clone(), room_of(&folder)?));
    }
    Ok(found)
}

fn tell(found: &Found) -> Result<(), Failure> {
    let mut table = Table::new(0, &["remove", "what", ">frees"]);
    for run in &found.runs {
        let remark = run.remark.iter().map(|remark| format!("\n{remark}"));
        let what = cleaned(run.folder.id()) + &remark.collect::<String>();
        table.row(["run".to_owned(), what, run.room.to_string()]);
        if let Some(branch) = &run.branch {
            let what = format!("{}, which is merged", cleaned(branch));
            table.row(["branch".to_owned(), what, String::new()]);
        }
    }
    for (folder, room) in found.leftovers.iter().chain(&found.cache) {
        table.row([
            "folder".to_owned(),
            cleaned(folder.display().to_string()),
            room.to_string(),
        ]);
    }
    let mut kept = Table::new(0, &["keep", "why"]);
    for (run, why) in &found.kept {
        kept.row([cleaned(run), cleaned(why)]);
    }
    let columns = Screen::Stdout.columns();
    let tables = [table, kept].into_iter().filter(|table| !table.is_empty());
    let tables: Vec<String> = tables
        .map(|table| table.within(columns).to_string())
        .collect();
    print::data(&tables.join("\n"))?;
    if found.younger > 0 {
        print::note(&format!(
            "{} younger than that",
            counted(found.younger as u64, "run")
        ));
    }
    Ok(())
}
