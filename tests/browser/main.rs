//! A report in a real browser: headless Chromium, which `scripts/test --all` installs. Without it these tests fail.
#![expect(clippy::unwrap_used, reason = "tests")]

#[expect(
    dead_code,
    unused_imports,
    reason = "shared with the other tests, which use other parts of it"
)]
#[path = "../promises/support/mod.rs"]
mod support;

mod a_report_is_quiet_and_fits;
mod chromium;
