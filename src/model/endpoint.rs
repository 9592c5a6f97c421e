/// Where an attempt's agent finds the scripted model of a rehearsal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The OpenAI interface, `http://127.0.0.1:PORT/TOKEN/v1`; nothing is added to it.
    pub base_url: String,
    /// What the agent sends as a bearer token. Good for this endpoint only, and no secret.
    pub key: String,
}
