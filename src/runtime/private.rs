//! The environment of a command that verifies changes: it runs what models wrote.

use std::io;

use crate::agents::{Environment, of_verification};
use crate::plan::VerifyRules;

use super::cell::Inside;
use super::toolchains::Toolchains;

/// Makes an empty home and an empty temporary folder in the private folder, and says what the whole environment of
/// a command is: the allowed ones of the user's variables, those that say where toolchains are, and what `rules`
/// add. `rehearsal` leaves out keys.
pub fn private_environment(
    inside: &Inside,
    (user, toolchains): (&Environment, &Toolchains),
    rules: &VerifyRules,
    rehearsal: bool,
) -> io::Result<Environment> {
    let (home, temporary) = (inside.private.join("home"), inside.private.join("tmp"));
    std::fs::create_dir_all(inside.on_machine(&temporary))?;
    let mut env = of_verification(user, rules, rehearsal);
    env.entry("HOME".into())
        .or_insert_with(|| home.clone().into());
    toolchains.lend(&inside.on_machine(&home), &mut env)?;
    env.insert("TMPDIR".into(), temporary.into());
    Ok(env)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn command_gets_tools_and_what_was_named_but_no_key_and_no_home() {
        let temp = tempfile::tempdir().unwrap();
        let home = temp.path().join("user");
        for folder in [".rustup", ".cargo/registry", ".ssh"] {
            std::fs::create_dir_all(home.join(folder)).unwrap();
        }
        std::fs::write(home.join(".cargo/credentials.toml"), "token").unwrap();
        let user: Environment = [
            ("PATH", "/bin"),
            ("HOME", home.to_str().unwrap()),
            ("OPENAI_API_KEY", "sk-1234567890"),
            ("DATABASE_URL", "postgres://x"),
            ("SSH_AUTH_SOCK", "/s"),
            ("GOPRIVATE_TOKEN", "x"),
        ]
        .into_iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
        let mut rules = VerifyRules {
            pass_env: vec!["DATABASE_URL".to_owned()],
            ..VerifyRules::default()
        };
        rules.env.set("CI", "1");
        let lay_out = |rehearsal| {
            let at = tempfile::tempdir_in(temp.path()).unwrap().keep();
            let inside = Inside::same(&at.join("workspace"), &at, &at);
            let toolchains = Toolchains::of(&user);
            let env = private_environment(&inside, (&user, &toolchains), &rules, rehearsal);
            let env = env.unwrap();
            (at, env)
        };
        let (at, env) = lay_out(false);
        let names: Vec<&str> = env.keys().map(|name| name.to_str().unwrap()).collect();
        let expected = [
            "CI",
            "DATABASE_URL",
            "HOME",
            "NO_COLOR",
            "PATH",
            "RUSTUP_HOME",
            "TERM",
            "TMPDIR",
        ];
        assert_eq!(names, expected);
        assert_eq!(env[OsStr::new("HOME")], at.join("home").as_os_str());
        assert!(at.join("home").join(".cargo/registry").is_dir());
        assert!(!at.join("home").join(".cargo/credentials.toml").exists());
        let (_, rehearsed) = lay_out(true);
        assert!(!rehearsed.contains_key(OsStr::new("DATABASE_URL")));
    }
}
