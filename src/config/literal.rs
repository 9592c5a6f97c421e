//! Models named on the spot: `agent:provider/model[@variant]`.

use thiserror::Error;

/// A model without an entry in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal {
    pub agent: String,
    /// The model's id as the agent wants it.
    pub id: String,
    pub variant: Option<String>,
}

/// Why a text with a colon is no literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LiteralError {
    #[error("the agent's name before `:` is missing")]
    NoAgent,
    #[error("the model's id after `:` is missing")]
    NoId,
    /// `@` with nothing behind it.
    #[error("the variant after `@` is missing")]
    NoVariant,
    #[error("there is a space or a control character in it")]
    Blank,
}

/// Reads a literal. `None` if the text has no colon, and so is a plain name.
///
/// Ids may hold colons and dates themselves (`opencode:openrouter/x:free`, `…@20251101`): only the first
/// colon separates, and what follows the last `@` is a variant only if it does not begin with a digit.
///
/// # Errors
///
/// If a part is missing or there is white space in it.
pub fn parse_literal(text: &str) -> Option<Result<Literal, LiteralError>> {
    let (agent, rest) = text.split_once(':')?;
    Some(read(agent, rest))
}

fn read(agent: &str, rest: &str) -> Result<Literal, LiteralError> {
    let blank = |c: char| c.is_whitespace() || c.is_control();
    if agent.contains(blank) || rest.contains(blank) {
        return Err(LiteralError::Blank);
    }
    if agent.is_empty() {
        return Err(LiteralError::NoAgent);
    }
    let (id, variant) = match rest.rsplit_once('@') {
        Some((_, "")) => return Err(LiteralError::NoVariant),
        Some((id, variant)) if !variant.starts_with(|c: char| c.is_ascii_digit()) => {
            (id, Some(variant))
        }
        Some(_) | None => (rest, None),
    };
    if id.is_empty() {
        return Err(LiteralError::NoId);
    }
    Ok(Literal {
        agent: agent.to_owned(),
        id: id.to_owned(),
        variant: variant.map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_taken_apart() {
        let read = |text| parse_literal(text).map(|read| read.map(|l| (l.agent, l.id, l.variant)));
        let parts = |agent: &str, id: &str, variant: Option<&str>| {
            Some(Ok((
                agent.to_owned(),
                id.to_owned(),
                variant.map(str::to_owned),
            )))
        };
        assert_eq!(read("claude-opus"), None);
        assert_eq!(read("oc:p/m"), parts("oc", "p/m", None));
        assert_eq!(read("oc:p/m@high"), parts("oc", "p/m", Some("high")));
        assert_eq!(read("oc:p/m:free"), parts("oc", "p/m:free", None));
        assert_eq!(read("oc:v/m@20251101"), parts("oc", "v/m@20251101", None));
        assert_eq!(read(":p/m"), Some(Err(LiteralError::NoAgent)));
        assert_eq!(read("oc:"), Some(Err(LiteralError::NoId)));
        assert_eq!(read("oc:@high"), Some(Err(LiteralError::NoId)));
        assert_eq!(read("oc:p/m@"), Some(Err(LiteralError::NoVariant)));
        assert_eq!(read("note: this"), Some(Err(LiteralError::Blank)));
    }
}
