//! What is known of models by their id, whichever agent runs them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::plan::Price;
use crate::yaml::{Reader, Source, parse};

use super::layer::{Layer, ModelEntry};
use super::read::read_layer;

static KNOWN: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::read(&source()));

/// Data of models, as it was on one day.
pub struct Catalogue {
    /// The day, `2026-11-28`.
    pub date: String,
    models: BTreeMap<String, ModelEntry>,
    /// Whole ids by those without a provider.
    bare: BTreeMap<String, String>,
}

/// What is known of one model.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KnownModel {
    /// Whose model it is.
    pub family: Option<String>,
    pub price: Option<Price>,
    /// Size of the window in tokens.
    pub context: Option<u64>,
}

/// What tipstaff brings along.
pub fn catalogue() -> &'static Catalogue {
    &KNOWN
}

fn source() -> Source {
    Source::new("models.yaml", include_str!("models.yaml"))
}

impl Catalogue {
    fn read(source: &Source) -> Self {
        let mut reader = Reader::new(source.name.clone(), Vec::new());
        let root = parse(source).root;
        let fields = root.as_ref().and_then(|root| reader.fields(root, ""));
        let date = fields.and_then(|fields| reader.text(fields.get("date")?, "the date"));
        let layer = fields.map_or_else(Layer::default, |fields| read_layer(&mut reader, fields));
        let bare = layer.models.keys().filter_map(|id| {
            let (_, bare) = id.split_once('/')?;
            Some((bare.to_owned(), id.clone()))
        });
        Self {
            date: date.map(|date| date.value).unwrap_or_default(),
            bare: bare.collect(),
            models: layer.models,
        }
    }

    /// A model of this provider, without it.
    pub fn any_of(&self, provider: &str) -> Option<&str> {
        let ids = self.models.keys().filter_map(|id| id.split_once('/'));
        let mut own = ids.filter(|(of, _)| *of == provider);
        own.next().map(|(_, id)| id)
    }

    /// The id of a known model with its provider, whichever of its names it is called by.
    pub fn whole<'a>(&'a self, id: &'a str) -> Option<&'a str> {
        let id = self.bare.get(id).map_or(id, String::as_str);
        let other = &self.models.get(id)?.id;
        Some(other.as_ref().map_or(id, |other| &other.value))
    }

    /// What is known of the model with this id, with its provider or, as agents with one provider write it, without.
    pub fn model(&self, id: &str) -> KnownModel {
        let known = self.whole(id);
        let Some((id, entry)) = known.and_then(|id| self.models.get_key_value(id)) else {
            return KnownModel::default();
        };
        let provider = id.split_once('/').map(|(provider, _)| provider.to_owned());
        KnownModel {
            family: entry.family.clone().or(provider),
            price: entry.price,
            context: entry.context,
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::yaml::{Severity, has_errors};

    #[test]
    fn file_is_without_mistakes() {
        let parsed = parse(&source());
        assert!(!has_errors(&parsed.diagnostics), "{:?}", parsed.diagnostics);
        let mut reader = Reader::new("models.yaml".into(), Vec::new());
        let root = parsed.root.unwrap();
        let fields = reader.fields(&root, "").unwrap();
        read_layer(&mut reader, fields);
        let mistakes = reader.finish();
        assert!(
            mistakes.iter().all(|m| m.severity != Severity::Error),
            "{mistakes:?}"
        );
        let Catalogue { date, models, bare } = catalogue();
        let parts: Vec<u32> = date.split('-').map(|part| part.parse().unwrap()).collect();
        assert!(matches!(parts[..], [(2026..), 1..=12, 1..=31]), "{date}");
        assert!(models.len() > 40);
        assert_eq!(
            bare.len(),
            models.len(),
            "an id without its provider is one model's"
        );
        for (id, entry) in models {
            if let Some(other) = &entry.id {
                let target = models.get(&other.value).unwrap();
                assert!(target.id.is_none() && entry.price.is_none(), "{id}");
                continue;
            }
            assert!(entry.context.unwrap() >= 100_000, "{id}");
            let Some(price) = entry.price else { continue };
            assert!(price.input > 0.0 && price.output > price.input, "{id}");
            let read = price.cache_read.unwrap_or(price.input);
            let write = price.cache_write.unwrap_or(price.input);
            assert!(
                read > 0.0 && read <= price.input && price.input <= write,
                "{id}"
            );
        }
    }

    #[test]
    fn model_is_the_same_whichever_agent_names_it() {
        let of = |id| catalogue().model(id);
        let opus = of("anthropic/claude-opus-5-5");
        assert_eq!(opus.family.as_deref(), Some("anthropic"));
        assert!(opus.price.is_some() && opus.context.is_some());
        assert_eq!(of("claude-opus-5-5"), opus);
        assert_eq!(of("opus"), opus);
        assert_eq!(of("anthropic/opus"), opus);
        // Another seller has other prices.
        assert_eq!(of("azure/gpt-4o"), KnownModel::default());
        assert_eq!(of("no-such-model"), KnownModel::default());
    }
}
