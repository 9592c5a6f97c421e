//! The table: which files act later. docs/security.md shows the same one, by a test.

use Acts::{ByThemselves, WhenRun};

/// When a changed file acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acts {
    /// Without anybody running the project.
    ByThemselves,
    /// When the project is built, tested or pushed.
    WhenRun,
}

impl Acts {
    /// Both, the more dangerous one first.
    pub const ALL: [Self; 2] = [Self::ByThemselves, Self::WhenRun];

    /// The heading of such files in lists.
    pub fn heading(self) -> &'static str {
        match self {
            Self::ByThemselves => "acts on its own",
            Self::WhenRun => "runs when you build, test or push",
        }
    }
}

/// Files of one kind.
pub struct Rule {
    pub acts: Acts,
    /// Why, as a fragment about one file.
    pub why: &'static str,
    /// Names of files and folders wherever they lie, `/` between parts: lowercase ASCII, at most one `*` a part.
    pub names: &'static [&'static str],
}

/// Files and folders by which agent CLIs are configured from the folder they start in.
pub const AGENT_CONFIGURATION: &[&str] = &[
    ".aider.conf.yml",
    ".amp",
    ".claude",
    ".claude.json",
    ".codex",
    ".continue",
    ".crush",
    ".crush.json",
    ".cursor",
    ".cursorrules",
    ".factory",
    ".gemini",
    ".goose",
    ".goosehints",
    ".kilocode",
    ".kiro",
    ".mcp.json",
    ".opencode",
    ".pi",
    ".qwen",
    ".roo",
    ".windsurf",
    ".windsurfrules",
    "crush.json",
    "opencode.json",
    "opencode.jsonc",
];

#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    Rule { acts: ByThemselves, why: "it configures agents", names: AGENT_CONFIGURATION },
    Rule { acts: ByThemselves, why: "it instructs or configures agents", names: &[
        "agents.md", "agents.override.md", "agent.md", "claude.md", "claude.local.md", "gemini.md", "qwen.md",
        "crush.md", "warp.md", "replit.md", ".agents", ".agent", ".clinerules", ".junie", ".rules", ".augment",
        ".augment-guidelines", ".trae", ".openhands", ".aiassistant", ".amazonq", ".tabnine", ".roomodes",
        ".roorules", ".kilocodemodes", ".github/instructions", ".github/prompts", ".github/agents",
        ".github/chatmodes", ".github/hooks", ".github/copilot-instructions.md", ".github/skills",
        ".clinerules-*", ".roorules-*", ".opencode.json", ".aider.model.settings.yml",
    ] },
    Rule { acts: ByThemselves, why: "shells and editors obey it where it lies", names: &[
        ".envrc", ".env", ".env.local", ".env.*.local", ".autoenv", ".autoenv.zsh", ".env.leave",
        ".autoenv.leave", "mise.toml", ".mise.toml", "mise.local.toml", ".mise.local.toml", ".mise",
        "mise.*.toml", ".mise.*.toml", ".config/mise", ".config/mise.toml", "mise/config.toml", ".vscode",
        "*.code-workspace", ".devcontainer", ".devcontainer.json", ".idea", ".fleet", ".zed", ".helix", ".vs",
        "*.sublime-project", ".theia", ".idx", ".gitpod.yml", ".replit", ".exrc", ".vimrc", ".nvimrc",
        ".nvim.lua", ".lazy.lua", ".vim", ".nvim", ".ycm_extra_conf.py", ".lvimrc", ".dir-locals.el",
        ".dir-locals-2.el", ".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".profile", ".zshrc",
        ".zshenv", ".zprofile", ".zlogin", ".zlogout", ".ssh", ".hg", ".jj",
        ".sl",
    ] },
    Rule { acts: ByThemselves, why: "git, or a hook of it, obeys it", names: &[
        ".gitattributes", ".gitmodules", ".gitconfig", ".lfsconfig", ".git", ".husky",
        ".githooks", ".git-hooks", "lefthook.*", ".lefthook.*", "lefthook-local.*", ".lefthook",
        ".pre-commit-config.yaml", ".pre-commit-hooks.yaml", "prek.toml", ".overcommit.yml", ".lintstagedrc*",
        "lint-staged.config.*", ".commitlintrc*", "commitlint.config.*",
    ] },
    Rule { acts: ByThemselves, why: "package managers, compilers or interpreters obey it", names: &[
        ".npmrc", ".pnpmfile.*", ".yarnrc", ".yarnrc.yml", ".yarn/plugins", ".yarn/releases", "bunfig.toml",
        ".cargo/config.toml", ".cargo/config", ".cargo/credentials.toml", "pip.conf", ".pypirc", ".condarc",
        "sitecustomize.py", "usercustomize.py", "*.pth", ".bundle/config", ".gemrc", ".irbrc", ".pryrc",
        ".rprofile", ".ghci", ".gdbinit", ".lldbinit", ".bazelrc", ".mvn", "nuget.config", ".curlrc", ".wgetrc",
    ] },
    Rule { acts: WhenRun, why: "what tests, builds or releases runs it", names: &[
        ".github/workflows", ".github/actions", ".github/dependabot.yml", "action.yml", "action.yaml",
        ".gitlab-ci.yml", ".circleci", ".buildkite", ".travis.yml", ".drone.yml", "azure-pipelines.yml",
        "bitbucket-pipelines.yml", "appveyor.yml", ".woodpecker.*", ".woodpecker", "jenkinsfile",
        "renovate.json",
    ] },
    Rule { acts: WhenRun, why: "building, testing or starting the project runs it", names: &[
        "build.rs", "cargo.toml", "rust-toolchain", "rust-toolchain.toml", "package.json", "binding.gyp",
        "*.config.js", "*.config.cjs", "*.config.mjs", "*.config.ts", "*.config.mts", "*.config.cts",
        "tsconfig.json", "tsconfig.*.json", "jsconfig.json", "pnpm-workspace.yaml", ".pnp.cjs", ".eslintrc*",
        ".prettierrc*", ".babelrc*", "gulpfile.*", "gruntfile.*", "makefile", "gnumakefile", "*.mk",
        "cmakelists.txt", "*.cmake", "meson.build", "configure.ac", "justfile", ".justfile", "taskfile.*",
        "rakefile", "gemfile", "*.gemspec", "setup.py", "setup.cfg", "pyproject.toml", "tox.ini", "noxfile.py",
        "conftest.py", "pytest.ini", "dockerfile*", "containerfile*", "docker-compose*", "compose.yml",
        "compose.yaml", "*.gradle", "*.gradle.kts", "gradlew", "gradlew.bat", "gradle/wrapper", "pom.xml",
        "mvnw", "mvnw.cmd", "directory.build.*", "*.csproj", "composer.json", "mix.exs", "build.zig",
        "build.sbt", "flake.nix", "shell.nix", "default.nix", "vagrantfile", "procfile", "tiltfile",
        "earthfile", "build.bazel", "module.bazel", "*.bzl",
    ] },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_they_are_compared_and_the_docs_have_all_of_them() {
        let docs = include_str!("../../docs/security.md").to_lowercase();
        for rule in RULES {
            for name in rule.names {
                let plain = name.is_ascii() && **name == *name.to_lowercase();
                let parts = name.split('/').all(|part| part.matches('*').count() <= 1);
                assert!(plain && parts, "{name}");
                assert!(
                    docs.contains(&format!("`{name}`")),
                    "docs/security.md lacks `{name}`"
                );
            }
        }
    }
}
