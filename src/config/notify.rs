//! How a person hears of runs.

use crate::yaml::{Node, Reader};

use super::keys::NOTIFY_KEYS;

/// What is done when a run ends or waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Notify {
    /// A command for a shell.
    pub command: Option<String>,
    /// An address that is safe to send to.
    pub webhook: Option<String>,
    pub terminal: Option<bool>,
}

impl Notify {
    pub(super) fn under(self, over: Self) -> Self {
        Self {
            command: over.command.or(self.command),
            webhook: over.webhook.or(self.webhook),
            terminal: over.terminal.or(self.terminal),
        }
    }
}

pub(super) fn read(reader: &mut Reader, node: &Node) -> Notify {
    let Some(fields) = reader.known_fields(node, "`notify`", NOTIFY_KEYS) else {
        return Notify::default();
    };
    let command = fields
        .get("command")
        .and_then(|node| reader.name(node, "`command`"));
    let webhook = fields
        .get("webhook")
        .and_then(|node| reader.name(node, "`webhook`"));
    let terminal = fields
        .get("terminal")
        .and_then(|node| reader.flag(node, "`terminal`"));
    if let (Some(webhook), Some(node)) = (&webhook, fields.get("webhook"))
        && !is_safe(&webhook.value)
    {
        let message = "a webhook is not sent over a network as anybody can read it".to_owned();
        let mistake = reader.spot(node.place).error("bad-value", message);
        reader.report(mistake.with_hint("use `https://…`, or `http://` with localhost"));
    }
    Notify {
        command: command.map(|command| command.value),
        webhook: webhook.map(|webhook| webhook.value),
        terminal: terminal.map(|terminal| terminal.value),
    }
}

/// Whether nobody on the way can read what is sent there.
fn is_safe(address: &str) -> bool {
    let odd = |char: char| char.is_control() || char.is_whitespace() || matches!(char, '"' | '\\');
    if address.chars().any(odd) {
        return false;
    }
    let Some((scheme, rest)) = address.split_once("://") else {
        return false;
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    match scheme {
        "https" => !host.is_empty(),
        "http" => {
            let name = match host.strip_prefix('[') {
                Some(v6) => v6.split(']').next().unwrap_or_default(),
                None => host.split(':').next().unwrap_or_default(),
            };
            matches!(name, "localhost" | "127.0.0.1" | "::1")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_sent_where_others_can_read_it() {
        for safe in [
            "https://hooks.example/x",
            "http://127.0.0.1:8080/x",
            "http://localhost",
            "http://[::1]:9/x",
        ] {
            assert!(is_safe(safe), "{safe}");
        }
        for unsafe_ in [
            "http://hooks.example/x",
            "http://localhost.evil.example",
            "http://127.0.0.1:80@evil.example/",
            "file:///etc/passwd",
            "https:///x",
            "https://a.example/\nurl = b",
            "hooks.example",
        ] {
            assert!(!is_safe(unsafe_), "{unsafe_}");
        }
    }
}
