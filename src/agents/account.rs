//! Whose limits the requests of a model count for.

use serde_json::Value;

use super::carried::AuthEntry;
use super::environment::value;
use super::providers::provider_of;
use super::{Carried, Environment, SignIn, of};
use crate::files;
use crate::model::{AccountName, AgentName, Digest, names_a_secret};
use crate::plan::AgentSpec;

const LARGEST: u64 = 1 << 20;
/// What stays in a sign-in while its tokens are refreshed.
const IDS: [&str; 5] = [
    "account_id",
    "accountId",
    "accountUuid",
    "organizationUuid",
    "email",
];

/// An agent and what signs it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// As it is shown.
    pub name: AccountName,
    /// The same wherever the same key or sign-in is used. It tells nothing of it.
    pub digest: Digest,
}

/// The account that an agent asks a model through. Where nothing is known of a sign-in, it is the agent's with the
/// model's provider.
pub fn account(
    (name, agent): (&AgentName, &AgentSpec),
    model: &str,
    (carried, environment): (&Carried, &Environment),
) -> Account {
    let adapter = of(agent.kind);
    let provider = match adapter.product.and_then(|product| product.provider) {
        Some(_) => None,
        None => provider_of(model),
    };
    let signed_in = (adapter.signed_in)(model, carried, environment);
    let mut parts = vec![format!("{:?} {provider:?}", agent.kind)];
    parts.extend(match signed_in {
        SignIn::Key(name) => text_of(environment, &name),
        SignIn::Auth | SignIn::Refreshed => match (adapter.sign_in_file(environment), provider) {
            (Some(file), _) => of_file(&file.path, None),
            (None, provider) => of_opencode(carried, provider),
        },
        SignIn::ProviderConfig => provider.map(|provider| {
            let settings: Vec<&Value> = carried.settings(provider).collect();
            format!("{settings:?}")
        }),
        SignIn::Ambient | SignIn::Free | SignIn::None => Some(name.to_string()),
    });
    // Its own variables come before the user's.
    let own = agent.env.iter().filter(|(name, _)| names_a_secret(name));
    parts.extend(own.map(|(name, secret)| format!("{name}={}", secret.expose())));
    let shown = match provider {
        Some(provider) => format!("{name}/{provider}"),
        None => name.to_string(),
    };
    Account {
        name: AccountName::new(shown),
        digest: Digest::new(blake3::hash(parts.join("\0").as_bytes()).to_hex().as_str()),
    }
}

fn text_of(environment: &Environment, name: &str) -> Option<String> {
    Some(value(environment, name)?.to_string_lossy().into_owned())
}

fn of_opencode(carried: &Carried, provider: Option<&str>) -> Option<String> {
    match carried.auth.get(provider?)? {
        AuthEntry::Key(entry) => Some(entry.to_string()),
        AuthEntry::Refreshed => of_file(carried.auth_file.as_ref()?, provider),
    }
}

/// Its account's id where a sign-in holds one; tokens change, the file does not.
fn of_file(path: &std::path::Path, below: Option<&str>) -> Option<String> {
    let content = files::read(path, LARGEST).unwrap_or_default();
    let content: Value = serde_json::from_slice(&content).unwrap_or_default();
    let part = below.map_or(Some(&content), |key| content.get(key));
    let id = part.and_then(id_in);
    Some(id.unwrap_or_else(|| path.to_string_lossy().into_owned()))
}

fn id_in(content: &Value) -> Option<String> {
    let map = content.as_object()?;
    let own = IDS.iter().find_map(|name| map.get(*name)?.as_str());
    let own = own.filter(|id| !id.is_empty()).map(str::to_owned);
    own.or_else(|| map.values().find_map(id_in))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::agents::testing::Bench;
    use crate::plan::AgentKind;

    fn of_bench(bench: &Bench, model: &str) -> Account {
        let signed_in = (&bench.carried, &bench.environment);
        account((&"one".into(), &bench.agent), model, signed_in)
    }

    #[test]
    fn a_key_is_an_account_and_not_to_be_found_in_it() {
        let mut bench = Bench::new(AgentKind::Claude);
        let key = |bench: &mut Bench, key: &str| {
            bench
                .environment
                .insert("ANTHROPIC_API_KEY".into(), key.into());
            of_bench(bench, "opus")
        };
        let one = key(&mut bench, "sk-1");
        assert_eq!(one.name.as_str(), "one");
        assert!(!format!("{one:?}").contains("sk-1"));
        assert_ne!(key(&mut bench, "sk-2").digest, one.digest);
        assert_eq!(key(&mut bench, "sk-1"), one);
        bench.agent.env.set("ANTHROPIC_API_KEY", "sk-3");
        assert_ne!(of_bench(&bench, "opus").digest, one.digest);
    }

    #[test]
    fn a_refreshed_token_is_the_same_account() {
        for kind in [AgentKind::Claude, AgentKind::Codex, AgentKind::Gemini] {
            let home = tempfile::tempdir().unwrap();
            let bench = Bench::new(kind).signed_in(home.path());
            let before = of_bench(&bench, "m");
            let file = of(kind).sign_in_file(&bench.environment).unwrap();
            let content = std::fs::read_to_string(&file.path).unwrap();
            std::fs::write(&file.path, content.replace("-1", "-2")).unwrap();
            assert_eq!(of_bench(&bench, "m"), before, "{kind:?}");
        }
    }

    #[test]
    fn providers_of_one_agent_are_apart() {
        let bench = Bench::new(AgentKind::Command);
        let [one, two] = ["a/x", "b/x"].map(|model| of_bench(&bench, model));
        assert_eq!((one.name.as_str(), two.name.as_str()), ("one/a", "one/b"));
        assert_ne!(one.digest, two.digest);
        assert_eq!(of_bench(&bench, "a/y"), one);
    }
}
