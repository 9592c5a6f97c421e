//! `tipstaff schema FORMAT`.

use super::args::SchemaArgs;
use super::failure::{Exit, Failure};
use super::print;
use crate::config;
use crate::context;
use crate::workflow;

pub fn schema(args: &SchemaArgs) -> Result<Exit, Failure> {
    let schema = match args.format.as_str() {
        "workflow" => Some(workflow::schema()),
        "config" => Some(config::schema()),
        other => context::schema(other),
    };
    let unknown = format!("no schema `{}`", args.format);
    print::json(&schema.ok_or_else(|| Failure::said(Exit::Usage, &unknown, None))?)?;
    Ok(Exit::Done)
}
