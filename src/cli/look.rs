//! Looking at a run, which is only read.

use std::env::temp_dir;

use jiff::tz::TimeZone;
use serde_json::Value;

use super::failure::Failure;
use super::open_run::{OpenRun, find_run, ledgers, shown_folder, tell_foreign};
use super::settings::Settings;
use super::viewer::viewer;
use crate::journal::RunFolder;
use crate::model::CallId;
use crate::report::{RunView, Screen, Shown, Supervisor, Viewer};
use crate::runtime::now;
use crate::workspace::{borrow_store, changed_files};

/// The view with what git says of the difference, where the calls' own counts of lines do not add up.
pub fn with_net(folder: &RunFolder, mut view: RunView) -> RunView {
    if view.overlaps() {
        let (base, tree) = (view.state.base(), view.state.tree());
        let store = borrow_store(&folder.path(RunFolder::STORE), base, &temp_dir());
        let net = store.and_then(|store| changed_files(store.path(), base, tree));
        // Without it the sum is shown.
        let lines = net
            .into_iter()
            .flatten()
            .map(|file| (file.path, file.lines));
        view.net = lines.collect();
    }
    view
}

/// A run with what views of it need.
pub struct Look {
    pub run: OpenRun,
    pub view: RunView,
    pub viewer: Viewer,
    folder: String,
    supervisor: Supervisor,
    ledgers: Vec<(CallId, Value)>,
    zone: TimeZone,
}

impl Look {
    /// At the run that the user names, or the latest one.
    pub fn at(settings: &Settings, wanted: Option<&str>) -> Result<Self, Failure> {
        let run = OpenRun::read(find_run(settings, wanted)?)?;
        tell_foreign(settings, &run.folder);
        Ok(Self {
            view: with_net(&run.folder, run.view()),
            viewer: viewer(settings, &run.folder, Screen::Stdout),
            folder: shown_folder(&run.folder),
            supervisor: run.supervisor(),
            ledgers: Vec::new(),
            zone: TimeZone::system(),
            run,
        })
    }

    pub fn with_ledgers(mut self) -> Self {
        self.ledgers = ledgers(&self.run.folder, &self.run.plan, &self.run.records);
        self
    }

    pub fn shown(&self) -> Shown<'_> {
        Shown {
            view: &self.view,
            folder: &self.folder,
            viewer: &self.viewer,
            supervisor: self.supervisor,
            now: now(),
            zone: &self.zone,
            ledgers: &self.ledgers,
        }
    }
}
