//! The one failure type of the edge, and the documented exit codes.

use std::error::Error;
use std::process::ExitCode;

use crate::report::{Sgr, render_error};

/// Exit codes; see docs/exit-codes.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Done,
    /// The run failed, or tipstaff could not do its work.
    Failed,
    /// Wrong usage, an invalid workflow or configuration, an agent that is not there: nothing ran.
    Usage,
    /// The last audit's verdict is fail.
    AuditFailed,
    Waiting,
    Limited,
    /// A signal interrupted it: 128 and its number.
    Interrupted(u8),
    /// Whatever the command in the background ended with.
    Other(u8),
}

impl Exit {
    /// Of a run that this signal interrupted.
    pub fn of_signal(name: &str) -> Self {
        Self::Interrupted(match name {
            "SIGTERM" => 15,
            "SIGHUP" => 1,
            _ => 2,
        })
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
            Exit::Failed => Self::from(1),
            Exit::Usage => Self::from(2),
            Exit::AuditFailed => Self::from(3),
            Exit::Waiting => Self::from(4),
            Exit::Limited => Self::from(5),
            Exit::Interrupted(signal) => Self::from(128 + signal),
            Exit::Other(code) => Self::from(code),
        }
    }
}

/// Why a command could not do what it was asked.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    text: String,
    sgr: Sgr,
}

impl Failure {
    /// Of mistakes in files, rendered for standard error.
    pub fn coloured(text: String) -> Self {
        Self {
            exit: Exit::Usage,
            text,
            sgr: Sgr::Keep,
        }
    }

    pub fn new(exit: Exit, error: &dyn Error, hint: Option<&str>) -> Self {
        Self {
            exit,
            text: render_error(error, hint),
            sgr: Sgr::Escape,
        }
    }

    /// Of a mistake that is no error value: `error: MESSAGE` and a hint.
    pub fn said(exit: Exit, message: &str, hint: Option<&str>) -> Self {
        let hint = hint
            .map(|hint| format!("hint: {hint}\n"))
            .unwrap_or_default();
        Self {
            exit,
            text: format!("error: {message}\n{hint}"),
            sgr: Sgr::Escape,
        }
    }

    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// What the user is told.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn sgr(&self) -> Sgr {
        self.sgr
    }
}

impl<E: Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(Exit::Failed, &error, None)
    }
}
