//! Blinding proposals and decoding verdicts.
