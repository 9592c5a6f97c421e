//! The environment of a command that verifies changes: it runs what models wrote.

use std::ffi::OsStr;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::agents::{Environment, of_verification};
use crate::plan::VerifyRules;

/// Where toolchains and caches lie below the user's home, with the variable that leads there. A private home
/// would have them installed and downloaded for every command anew; none of them holds a key.
const TOOLS: &[(&str, &str)] = &[
    ("RUSTUP_HOME", ".rustup"),
    ("GOMODCACHE", "go/pkg/mod"),
    ("GOCACHE", ".cache/go-build"),
    ("npm_config_cache", ".npm"),
    ("PIP_CACHE_DIR", ".cache/pip"),
    ("UV_CACHE_DIR", ".cache/uv"),
    ("PYENV_ROOT", ".pyenv"),
    ("NVM_DIR", ".nvm"),
    ("VOLTA_HOME", ".volta"),
    ("ASDF_DATA_DIR", ".asdf"),
    ("MISE_DATA_DIR", ".local/share/mise"),
    ("SDKMAN_DIR", ".sdkman"),
];
/// Variables that only say where or how toolchains are.
const SETTINGS: &[&str] = &["RUSTUP_TOOLCHAIN", "JAVA_HOME", "GOROOT", "VIRTUAL_ENV"];
/// Of cargo's home, which also holds the keys of registries, what may be used.
const OF_CARGO: &[&str] = &["registry", "git", "bin", "config.toml"];

/// Makes an empty home and an empty temporary folder in this folder, and says what the whole environment of a
/// command is: the allowed ones of the user's variables, those that say where toolchains are, and what `rules`
/// add. `rehearsal` leaves out keys.
pub fn private_environment(
    at: &Path,
    user: &Environment,
    rules: &VerifyRules,
    rehearsal: bool,
) -> io::Result<Environment> {
    let (own_home, temporary) = (at.join("home"), at.join("tmp"));
    std::fs::create_dir_all(&temporary)?;
    // Without `CARGO_HOME`, cargo looks into the home that it is given.
    let own_cargo = own_home.join(".cargo");
    std::fs::create_dir_all(&own_cargo)?;
    let value = |name: &str| user.get(OsStr::new(name)).filter(|value| !value.is_empty());
    let home = value("HOME").map(Path::new);
    let place = |name: &str, below: &str| {
        let set = value(name).map(PathBuf::from);
        set.or_else(|| Some(home?.join(below)).filter(|at| at.is_dir()))
    };
    let mut env = Environment::new();
    for name in SETTINGS {
        env.extend(value(name).map(|value| (name.into(), value.clone())));
    }
    for (name, below) in TOOLS {
        env.extend(place(name, below).map(|place| (name.into(), place.into())));
    }
    if let Some(cargo) = place("CARGO_HOME", ".cargo") {
        for name in OF_CARGO.iter().filter(|name| cargo.join(name).exists()) {
            symlink(cargo.join(name), own_cargo.join(name))?;
        }
    }
    env.insert("HOME".into(), own_home.into());
    env.extend(of_verification(user, rules, rehearsal));
    env.insert("TMPDIR".into(), temporary.into());
    Ok(env)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

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
            let env = private_environment(&at, &user, &rules, rehearsal).unwrap();
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
