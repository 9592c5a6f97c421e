/// Where an attempt's agent finds the scripted model of a rehearsal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// `http://127.0.0.1:PORT/TOKEN/v1`, to which OpenAI's clients add `/chat/completions` or `/responses`.
    pub base_url: String,
    /// What the agent sends as a bearer token, `x-api-key` or `x-goog-api-key`. Good for this endpoint only,
    /// and no secret.
    pub key: String,
}

impl Endpoint {
    /// To which Anthropic's clients add `/v1/messages`, and Gemini's `/v1beta/models/…`.
    pub fn root(&self) -> &str {
        self.base_url.strip_suffix("/v1").unwrap_or(&self.base_url)
    }
}
