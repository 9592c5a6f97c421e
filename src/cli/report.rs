//! `tipstaff report RUN`.

use std::ffi::OsStr;
use std::io::{Read as _, Write};
use std::path::{Path, PathBuf, absolute};

use super::args::ReportArgs;
use super::failure::{Exit, Failure};
use super::open_run::{OpenRun, find_run, ledgers, own, tell_foreign};
use super::print;
use super::settings::Settings;
use crate::files::{self, NewFile};
use crate::journal::RunFolder;
use crate::model::{CallId, Timestamp};
use crate::report::{Page, RunView, Supervisor, Texts, render_markdown, render_page, render_pages};
use crate::run::Record;
use crate::runtime::now;

/// The files of a run's folder that a report is written to where no other is named.
const FILE: &str = "report.html";
const COMPARED: &str = "compared.html";

/// What a run's folder tells for its page.
struct Read {
    folder: RunFolder,
    view: RunView,
    supervisor: Supervisor,
    ledgers: Vec<(CallId, serde_json::Value)>,
    texts: Texts,
    records: Vec<Record>,
}

pub fn report(settings: &Settings, args: &ReportArgs) -> Result<Exit, Failure> {
    let named = args.runs.iter().map(|run| Some(run.as_str()));
    let named: Vec<Option<&str>> = match args.runs.is_empty() {
        true => vec![None],
        false => named.collect(),
    };
    let read = named.into_iter().map(|run| read(settings, run));
    let read: Vec<Read> = read.collect::<Result<_, _>>()?;
    let (now, zone) = (now(), jiff::tz::TimeZone::system());
    let pages: Vec<Page<'_>> = read.iter().map(|read| page(read, now, &zone)).collect();
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
    let text = render_markdown(&page(&read, now(), &jiff::tz::TimeZone::system()));
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
        (None, [read, others @ ..]) => {
            own(settings, &read.folder).map_err(|_| {
                let message = format!(
                    "run {} is only read: nothing is written into its folder",
                    read.folder.id()
                );
                Failure::said(
                    Exit::Usage,
                    &message,
                    Some("`--output FILE` names another place"),
                )
            })?;
            let file = if others.is_empty() { FILE } else { COMPARED };
            let path = read.folder.path(file);
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
    let run = OpenRun::read(find_run(settings, run)?)?;
    tell_foreign(settings, &run.folder);
    let view = run.view();
    let texts = Texts::of(&view, |path, most| {
        let file = files::open_below(run.folder.root(), path.as_ref()).ok()?;
        beginning(file, most)
    });
    Ok(Read {
        supervisor: run.supervisor(),
        ledgers: ledgers(&run.folder, &run.plan, &run.records),
        texts,
        view,
        records: run.records,
        folder: run.folder,
    })
}

/// At most so many bytes; what is no text is made text.
fn beginning(from: impl std::io::Read, most: u64) -> Option<String> {
    let mut bytes = Vec::new();
    from.take(most).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn page<'a>(read: &'a Read, now: Timestamp, zone: &'a jiff::tz::TimeZone) -> Page<'a> {
    Page {
        view: &read.view,
        supervisor: read.supervisor,
        now,
        zone,
        ledgers: &read.ledgers,
        texts: &read.texts,
        records: &read.records,
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
