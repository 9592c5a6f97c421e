//! A run's folder, read as a user would read it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::processes::{marked, until};

/// A run's folder.
pub struct Run {
    folder: PathBuf,
}

impl Run {
    /// At this place.
    pub fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Its name.
    /// The name that hints call it by.
    pub fn name(&self) -> String {
        self.id().splitn(3, '-').last().unwrap().to_owned()
    }

    pub fn id(&self) -> String {
        self.folder
            .file_name()
            .unwrap()
            .to_string_lossy()
            .into_owned()
    }

    /// A path in it.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.join(name)
    }

    /// Reads a file of it.
    #[track_caller]
    pub fn read(&self, name: impl AsRef<Path>) -> String {
        let path = self.path(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// A file of the last attempt of a call of the first phase, `plan`.
    #[track_caller]
    pub fn of_call(&self, call: &str, file: &str) -> String {
        let calls = self.path(format!("phases/01-plan/calls/plan.{call}"));
        let attempts = std::fs::read_dir(&calls).unwrap().flatten();
        let last = attempts.map(|entry| entry.path()).max().unwrap();
        self.read(last.join(file))
    }

    /// The events of its journal, each with its name and its data; a torn last line is none, and so is
    /// a journal that is not there yet.
    pub fn events(&self) -> Vec<(String, Value)> {
        let lines = std::fs::read_to_string(self.path("journal.jsonl")).unwrap_or_default();
        let records = lines
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        records
            .map(|record| {
                let event = record["event"].clone();
                (event["type"].as_str().unwrap().to_owned(), event)
            })
            .collect()
    }

    /// The data of all events of that name.
    pub fn all(&self, name: &str) -> Vec<Value> {
        let events = self.events().into_iter();
        events
            .filter_map(|(known, data)| (known == name).then_some(data))
            .collect()
    }

    /// The calls of all events of that name, sorted.
    pub fn calls(&self, name: &str) -> Vec<String> {
        let events = self.all(name).into_iter();
        let mut calls: Vec<_> = events
            .map(|data| data["call"].as_str().unwrap().to_owned())
            .collect();
        calls.sort_unstable();
        calls
    }

    /// Which call is behind each label.
    #[track_caller]
    pub fn labels(&self) -> BTreeMap<String, String> {
        let sealed = self
            .all("proposals_sealed")
            .pop()
            .expect("proposals are sealed");
        serde_json::from_value::<Vec<(String, String)>>(sealed["labels"].clone())
            .unwrap()
            .into_iter()
            .collect()
    }

    /// Waits until the journal tells of so many events of that name.
    #[track_caller]
    pub fn until(&self, count: usize, name: &str) -> &Self {
        until(&format!("there are {count} of {name}"), || {
            self.all(name).len() >= count
        });
        self
    }

    /// The processes with its mark.
    pub fn processes(&self) -> Vec<u32> {
        marked(&format!("{}/", self.id()))
    }

    /// None of its processes is left.
    #[track_caller]
    pub fn has_no_process(&self) -> &Self {
        assert_eq!(self.processes(), Vec::<u32>::new(), "processes are left");
        self
    }
}
