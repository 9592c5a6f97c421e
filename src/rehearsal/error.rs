//! What can go wrong with a rehearsal before a model is asked.

use std::io;
use std::path::PathBuf;

/// Why a rehearsal cannot start.
#[derive(Debug, thiserror::Error)]
pub enum RehearsalError {
    /// The scenario's text is not a valid scenario.
    #[error("{path}:{line}:{column}: {message}{}", source_line_below(.line, .source_line))]
    Invalid {
        /// The file as the user knows it, or the scenario's name.
        path: String,
        /// The line, from 1; 0 if unknown.
        line: usize,
        /// The column in characters, from 1; 0 if unknown.
        column: usize,
        message: String,
        /// The line itself; empty if unknown.
        source_line: String,
    },
    #[error("failed to read scenario `{path}`")]
    Read { path: PathBuf, source: io::Error },
    /// Neither a bundled scenario nor a file has that name.
    #[error("no scenario `{name}`: neither a file nor one of {known}{}", did_you_mean(.suggestion))]
    Unknown {
        name: String,
        known: String,
        /// The bundled one that looks most like it.
        suggestion: Option<String>,
    },
    /// The log of requests cannot be opened.
    #[error("failed to open the rehearsal's log `{path}`")]
    Log { path: PathBuf, source: io::Error },
    /// No port on loopback, or no thread for the server.
    #[error("failed to start the rehearsal's model server on 127.0.0.1")]
    Start { source: io::Error },
}

fn source_line_below(line: &usize, text: &str) -> String {
    match text {
        "" => String::new(),
        text => format!("\n  {line} | {text}"),
    }
}

fn did_you_mean(suggestion: &Option<String>) -> String {
    match suggestion {
        Some(name) => format!(" (did you mean `{name}`?)"),
        None => String::new(),
    }
}
