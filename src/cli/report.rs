//! `tipstaff report RUN`.

use std::ffi::OsStr;
use std::io::{Read as _, Write};
use std::path::{Path, PathBuf, absolute};

use super::args::ReportArgs;
use super::failure::{Exit, Failure};
use super::look::Look;
use super::open_run::own;
use super::settings::Settings;
use super::{print, scores};
use crate::files::{self, NewFile};
use crate::report::{Page, RunView, Scope, Texts, render_markdown, render_page, render_pages};
use crate::scores::Board;

/// The files of a run's folder that a report is written to where no other is named.
const FILE: &str = "report.html";
const COMPARED: &str = "compared.html";

/// A run with the texts that its page shows, and what other runs tell of its models.
type Read = (Look, Texts, Board);

pub fn report(settings: &Settings, args: &ReportArgs) -> Result<Exit, Failure> {
    let named = args.runs.iter().map(|run| Some(run.as_str()));
    let named: Vec<Option<&str>> = match args.runs.is_empty() {
        true => vec![None],
        false => named.collect(),
    };
    let read = named.into_iter().map(|run| read(settings, run));
    let mut read: Vec<Read> = read.collect::<Result<_, _>>()?;
    if let ([(look, _, board)], false) = (&mut *read, args.markdown) {
        *board = board_of(settings, &look.view);
    }
    let pages: Vec<Page<'_>> = read.iter().map(page).collect();
    let text = match &*pages {
        [page] if args.markdown => return print::data(&render_markdown(page)).map(|()| Exit::Done),
        [page] => render_page(page),
        _ if args.markdown => {
            let message = "`--markdown` writes one run down, not several";
            return Err(Failure::said(Exit::Usage, message, None));
        }
        pages => render_pages(pages),
    };
    let path = write(settings, args, &read, &text)?;
    print::data(&format!("{}\n", path.display()))?;
    if args.open {
        open(settings, &path)?;
    }
    Ok(Exit::Done)
}

/// Writes what a run came to as Markdown, for a pull request's text.
pub fn write_markdown(settings: &Settings, run: &str, path: &Path) -> Result<(), Failure> {
    let read = read(settings, Some(run))?;
    let text = render_markdown(&page(&read));
    std::fs::write(path, text).map_err(|error| {
        let message = format!("failed to write `{}`: {error}", path.display());
        let hint = format!("`tipstaff report {run} --markdown` prints the text");
        Failure::said(Exit::Failed, &message, Some(&hint))
    })
}

/// Writes the page where the user wants it, else beside the run.
fn write(
    settings: &Settings,
    args: &ReportArgs,
    read: &[Read],
    page: &str,
) -> Result<PathBuf, Failure> {
    let (path, written) = match (&args.output, read) {
        (Some(path), _) => (path.clone(), std::fs::write(path, page)),
        (None, [(look, ..), others @ ..]) => {
            let folder = &look.run.folder;
            own(settings, folder).map_err(|_| {
                let message = format!(
                    "run {} is only read: nothing is written into its folder",
                    folder.id()
                );
                Failure::said(
                    Exit::Usage,
                    &message,
                    Some("`--output FILE` names another place"),
                )
            })?;
            let file = if others.is_empty() { FILE } else { COMPARED };
            let path = folder.path(file);
            let put = NewFile::at(&path).and_then(|mut file| {
                file.write_all(page.as_bytes())?;
                file.put_unsynced()
            });
            (path, put)
        }
        (None, []) => return Ok(PathBuf::new()),
    };
    let message = |error| format!("failed to write the report `{}`: {error}", path.display());
    let hint = Some("`--output FILE` puts it elsewhere");
    written.map_err(|error| Failure::said(Exit::Failed, &message(error), hint))?;
    Ok(path)
}

fn read(settings: &Settings, run: Option<&str>) -> Result<Read, Failure> {
    let look = Look::at(settings, run)?.with_ledgers();
    let texts = Texts::of(&look.view, |path, most| {
        let file = files::open_below(look.run.folder.root(), path.as_ref()).ok()?;
        beginning(file, most)
    });
    Ok((look, texts, Board::default()))
}

/// What all runs of the project tell of this one's models in its phases; nothing where no register tells whose they
/// are.
fn board_of(settings: &Settings, view: &RunView) -> Board {
    let all = scores::board(settings, Scope::Project);
    let board = all.map(|(board, ..)| board).unwrap_or_default();
    board.of_plan(&view.plan)
}

/// At most so many bytes; what is no text is made text.
fn beginning(from: impl std::io::Read, most: u64) -> Option<String> {
    let mut bytes = Vec::new();
    from.take(most).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn page((look, texts, board): &Read) -> Page<'_> {
    Page {
        shown: look.shown(),
        texts,
        records: &look.run.records,
        board,
    }
}

/// Shows the page in what the user looks at pages with, and does not wait for that to be closed.
fn open(settings: &Settings, path: &Path) -> Result<(), Failure> {
    let mut command = duct::cmd!(
        "xdg-open",
        absolute(path).unwrap_or_else(|_| path.to_owned())
    );
    // A project may bring along a program of that name.
    if let Some(folders) = settings.environment.get(OsStr::new("PATH")) {
        command = command.env("PATH", folders);
    }
    let opened = command.stdin_null().stdout_null().stderr_null().start();
    opened.map(|_| ()).map_err(|error| {
        let message = format!("failed to open the report with `xdg-open`: {error}");
        let hint = format!("it is in `{}`", path.display());
        Failure::said(Exit::Failed, &message, Some(&hint))
    })
}
