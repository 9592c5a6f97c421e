#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

const HOUR: i64 = 3_600_000;

/// A user's sign-in and the folders of attempts.
struct Desk(tempfile::TempDir);

fn content(token: &str, expires_in: i64) -> String {
    let expiry = jiff::Timestamp::now().as_millisecond() + expires_in;
    format!(r#"{{"token":"{token}","expiry":{expiry}}}"#)
}

impl Desk {
    fn with(content: &str) -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        fs::write(desk.file().path, content).unwrap();
        desk
    }

    fn file(&self) -> SignInFile {
        SignInFile {
            path: self.0.path().join("creds.json"),
            below: "config/creds.json".into(),
            expiry: "/expiry".to_owned(),
            later: 0,
        }
    }

    fn now(&self) -> String {
        fs::read_to_string(self.file().path).unwrap()
    }

    fn try_hold(&self) -> Option<Held> {
        try_hold(self.file(), Duration::from_secs(1800)).unwrap()
    }

    fn folders(&self, attempt: &str) -> (PathBuf, PathBuf) {
        let at = self.0.path().join(attempt);
        let keys = self.0.path().join("keys").join(attempt);
        (at.join("private"), keys)
    }

    fn lend(&self, attempt: &str) -> Lent {
        let (private, keys) = self.folders(attempt);
        fs::create_dir_all(&keys).unwrap();
        let inside = Inside::same(&private, &private, &keys);
        self.try_hold()
            .unwrap()
            .lend(private, keys, &inside)
            .unwrap()
    }

    /// What an agent does that writes in place, through our link.
    fn refresh(&self, attempt: &str, content: &str) {
        fs::write(self.folders(attempt).0.join("config/creds.json"), content).unwrap();
    }
}

#[test]
fn refreshed_sign_in_goes_back_for_its_owner_alone() {
    let desk = Desk::with(&content("old", HOUR));
    let lent = desk.lend("a");
    let new = content("new", 2 * HOUR);
    desk.refresh("a", &new);
    assert_eq!(lent.give_back(), None);
    assert_eq!(desk.now(), new);
    let mode = fs::metadata(desk.file().path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn file_that_was_put_in_the_links_place_counts() {
    let desk = Desk::with(&content("old", HOUR));
    let lent = desk.lend("a");
    let new = content("new", 2 * HOUR);
    let below = desk.folders("a").0.join("config");
    fs::write(below.join("t"), &new).unwrap();
    fs::rename(below.join("t"), below.join("creds.json")).unwrap();
    drop(lent);
    assert_eq!(desk.now(), new);
}

#[test]
fn untouched_half_and_foreign_files_change_nothing() {
    let old = content("old", HOUR);
    let desk = Desk::with(&old);
    assert_eq!(desk.lend("a").give_back(), None);
    for half in ["", "{\"token\":", "{\"token\":\"x\"}"] {
        let lent = desk.lend("b");
        desk.refresh("b", half);
        assert!(lent.give_back().unwrap().contains("no whole sign-in"));
        assert_eq!(desk.now(), old);
        fs::remove_dir_all(desk.0.path().join("b")).unwrap();
    }
    // An agent's link to another file of the user's is not followed.
    let other = desk.0.path().join("other.json");
    fs::write(&other, content("other", 9 * HOUR)).unwrap();
    let lent = desk.lend("c");
    let at = desk.folders("c").0.join("config/creds.json");
    fs::remove_file(&at).unwrap();
    symlink(&other, &at).unwrap();
    drop(lent);
    assert_eq!(desk.now(), old);
}

#[test]
fn newer_one_stays_where_the_user_refreshed_meanwhile() {
    let desk = Desk::with(&content("old", HOUR));
    let (first, second) = (desk.lend("a"), desk.lend("b"));
    let newest = content("users", 3 * HOUR);
    fs::write(desk.file().path, &newest).unwrap();
    desk.refresh("a", &content("a", 2 * HOUR));
    drop(first);
    assert_eq!(desk.now(), newest);
    let newer = content("b", 4 * HOUR);
    desk.refresh("b", &newer);
    drop(second);
    assert_eq!(desk.now(), newer);
}

#[test]
fn one_that_may_be_refreshed_is_lent_to_one_call_at_a_time() {
    let desk = Desk::with(&content("old", HOUR / 4));
    let lent = desk.lend("a");
    assert!(desk.try_hold().is_none(), "someone else has it");
    desk.refresh("a", &content("new", HOUR));
    drop(lent);
    let held = [desk.try_hold().unwrap(), desk.try_hold().unwrap()];
    for held in held {
        assert!(String::from_utf8(held.content).unwrap().contains("new"));
        assert!(held.lock.is_none(), "it outlasts the call");
    }
}

#[test]
fn sign_in_of_a_killed_supervisor_is_recovered_once() {
    let desk = Desk::with(&content("old", HOUR));
    let lent = desk.lend("a");
    let new = content("new", 2 * HOUR);
    desk.refresh("a", &new);
    std::mem::forget(lent);
    recover_lent(desk.0.path());
    assert_eq!(desk.now(), new);
    fs::write(desk.file().path, "{}").unwrap();
    recover_lent(desk.0.path());
    assert_eq!(desk.now(), "{}");
}

#[test]
fn link_to_the_real_file_stays_a_link() {
    let desk = Desk::with("{}");
    let (path, real) = (desk.file().path, desk.0.path().join("real.json"));
    fs::write(&real, content("old", HOUR)).unwrap();
    fs::remove_file(&path).unwrap();
    symlink(&real, &path).unwrap();
    let lent = desk.lend("a");
    desk.refresh("a", &content("new", 2 * HOUR));
    drop(lent);
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
    assert!(fs::read_to_string(&real).unwrap().contains("new"));
}
