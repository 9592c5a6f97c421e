//! Progress, plain lines, the JSON stream, `show`: all from the same events.
