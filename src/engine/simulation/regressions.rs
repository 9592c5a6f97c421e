//! Cases that failed once, as small as they became. Each is named after what must not happen again.
