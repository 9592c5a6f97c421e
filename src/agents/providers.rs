//! Model providers as OpenCode names them: which variables sign in to them.

struct Known {
    provider: &'static str,
    keys: &'static [&'static str],
    /// Settings that go with them; a trailing `*` stands for any rest.
    also: &'static [&'static str],
}

const fn known(
    provider: &'static str,
    keys: &'static [&'static str],
    also: &'static [&'static str],
) -> Known {
    Known {
        provider,
        keys,
        also,
    }
}

const KNOWN: &[Known] = &[
    known("alibaba", &["DASHSCOPE_API_KEY"], &[]),
    known(
        "amazon-bedrock",
        &[
            "AWS_BEARER_TOKEN_BEDROCK",
            "AWS_ACCESS_KEY_ID",
            "AWS_PROFILE",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
        ],
        &["AWS_*"],
    ),
    known("anthropic", &["ANTHROPIC_API_KEY"], &["ANTHROPIC_BASE_URL"]),
    known("azure", &["AZURE_API_KEY"], &["AZURE_RESOURCE_NAME"]),
    known(
        "azure-cognitive-services",
        &["AZURE_COGNITIVE_SERVICES_API_KEY"],
        &["AZURE_COGNITIVE_SERVICES_RESOURCE_NAME"],
    ),
    known(
        "cloudflare-workers-ai",
        &["CLOUDFLARE_API_KEY", "CLOUDFLARE_API_TOKEN"],
        &["CLOUDFLARE_ACCOUNT_ID"],
    ),
    known("fireworks-ai", &["FIREWORKS_API_KEY"], &[]),
    known("github-copilot", &["GITHUB_TOKEN"], &[]),
    known("github-models", &["GITHUB_TOKEN"], &[]),
    known(
        "google",
        &[
            "GOOGLE_GENERATIVE_AI_API_KEY",
            "GEMINI_API_KEY",
            "GOOGLE_API_KEY",
        ],
        &[],
    ),
    known(
        "google-vertex",
        &["GOOGLE_APPLICATION_CREDENTIALS"],
        &[
            "GOOGLE_VERTEX_*",
            "GOOGLE_CLOUD_*",
            "VERTEX_LOCATION",
            "GCP_PROJECT",
            "GCLOUD_PROJECT",
        ],
    ),
    known(
        "google-vertex-anthropic",
        &["GOOGLE_APPLICATION_CREDENTIALS"],
        &[
            "GOOGLE_VERTEX_*",
            "GOOGLE_CLOUD_*",
            "VERTEX_LOCATION",
            "GCP_PROJECT",
            "GCLOUD_PROJECT",
        ],
    ),
    known("huggingface", &["HF_TOKEN"], &[]),
    known("moonshotai", &["MOONSHOT_API_KEY"], &[]),
    known("openai", &["OPENAI_API_KEY"], &["OPENAI_BASE_URL"]),
    known("togetherai", &["TOGETHER_API_KEY"], &[]),
    known("vercel", &["AI_GATEWAY_API_KEY"], &[]),
    known("zai", &["ZHIPU_API_KEY"], &[]),
    known("zhipuai", &["ZHIPU_API_KEY"], &[]),
];

/// The provider of a model id: `anthropic` of `anthropic/claude-opus-4-5`.
pub(super) fn provider_of(id: &str) -> Option<&str> {
    let (provider, model) = id.split_once('/')?;
    (!provider.is_empty() && !model.is_empty()).then_some(provider)
}

/// The variables any one of which signs in to a provider. For an unknown one its name in capitals
/// with `_API_KEY`, which also holds for most known ones (openrouter, groq, mistral, deepseek, xai).
pub(super) fn key_names(provider: &str) -> Vec<String> {
    match find(provider) {
        Some(known) => known.keys.iter().map(|&name| name.to_owned()).collect(),
        None => {
            let name: String = provider
                .chars()
                .map(|c| {
                    if c.is_ascii_alphanumeric() {
                        c.to_ascii_uppercase()
                    } else {
                        '_'
                    }
                })
                .collect();
            vec![format!("{name}_API_KEY")]
        }
    }
}

pub(super) fn takes(provider: &str, variable: &str) -> bool {
    if key_names(provider).iter().any(|name| name == variable) {
        return true;
    }
    find(provider).is_some_and(|known| {
        known
            .also
            .iter()
            .any(|pattern| match pattern.strip_suffix('*') {
                Some(start) => variable.starts_with(start),
                None => *pattern == variable,
            })
    })
}

/// Where a provider's own tools keep their sign-in, relative to the user's home.
pub(super) fn home_folder(provider: &str) -> Option<&'static str> {
    match provider {
        "amazon-bedrock" => Some(".aws"),
        "google-vertex" | "google-vertex-anthropic" => Some(".config/gcloud"),
        _ => None,
    }
}

fn find(provider: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.provider == provider)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_known_and_unknown_providers() {
        assert_eq!(key_names("openrouter"), ["OPENROUTER_API_KEY"]);
        assert_eq!(key_names("my-own.llm"), ["MY_OWN_LLM_API_KEY"]);
        assert!(takes("amazon-bedrock", "AWS_REGION"));
        assert!(!takes("anthropic", "AWS_REGION"));
        assert!(takes("google", "GEMINI_API_KEY"));
    }

    #[test]
    fn an_id_without_provider_has_none() {
        assert_eq!(
            provider_of("openrouter/anthropic/claude"),
            Some("openrouter")
        );
        for id in ["", "m1", "/m1", "mock/"] {
            assert_eq!(provider_of(id), None, "{id}");
        }
    }
}
