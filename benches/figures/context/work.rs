//! The work of the bench: a repository of modules, and tasks that each change one of them. Whoever does
//! it, it is the same reads, the same edits, the same commands.

use std::fmt::Write as _;

/// The modules of the repository; task K changes the K-th.
const MODULES: [&str; 8] = [
    "accounts", "billing", "catalog", "delivery", "events", "feeds", "groups", "history",
];
/// What the records of each module hold.
const FIELDS: [&str; 25] = [
    "amount", "author", "batch", "channel", "colour", "country", "currency", "deadline", "depth",
    "discount", "duration", "format", "height", "interval", "label", "language", "margin",
    "origin", "owner", "priority", "quantity", "region", "source", "status", "target",
];
/// The smallest module has so many of them.
const FEWEST_FIELDS: usize = 18;

/// How much of the project the planners read before they plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// The README, which says what each module is for.
    Overview,
    /// The README and every file that is to be changed.
    Everything,
}

/// Some tasks, and how they are planned.
#[derive(Debug, Clone, Copy)]
pub struct Work {
    pub tasks: usize,
    pub reading: Reading,
}

/// One task.
pub struct Task {
    pub id: String,
    pub title: String,
    pub instructions: String,
    /// The file to change, of 6 to 9 KB.
    pub source: String,
    /// The test that fails until it is changed.
    pub test: String,
    /// The piece of the file to be replaced, and what replaces it.
    pub old: String,
    pub new: String,
    /// What whoever did it says of it.
    pub report: String,
}

impl Work {
    /// What the user asks for.
    pub fn request(self) -> String {
        format!(
            "Records with a negative or missing amount must not get into {}: refuse them with a \
             RangeError that names the module and the record, and count what was refused.",
            MODULES[..self.tasks].join(", ")
        )
    }

    /// The tasks in their order.
    pub fn tasks(self) -> impl Iterator<Item = Task> {
        MODULES[..self.tasks].iter().zip(1..).map(task)
    }

    /// The command that runs the tests of all tasks.
    pub fn tests(self) -> String {
        let files: Vec<String> = self.tasks().map(|task| task.test).collect();
        format!("node --test {}", files.join(" "))
    }

    /// What the planners read.
    pub fn read_for_planning(self) -> Vec<String> {
        let mut files = vec!["README.md".to_owned()];
        if self.reading == Reading::Everything {
            files.extend(self.tasks().map(|task| task.source));
        }
        files
    }

    /// The plan: the same text, whoever writes it.
    pub fn plan(self) -> String {
        let mut plan = String::from(PLAN);
        for task in self.tasks() {
            let _ = write!(
                plan,
                "\n### {}: {}\n\n`{}`: {}\n\nDone when `node --test {}` passes.\n",
                task.id, task.title, task.source, task.instructions, task.test
            );
        }
        plan
    }
}

/// The files of the repository: all modules, however many tasks there are.
pub fn repository() -> Vec<(String, String)> {
    let mut readme = String::from("# records\n\nOne module for each kind of record.\n\n");
    let mut files = Vec::new();
    for (number, name) in MODULES.iter().enumerate() {
        let _ = writeln!(
            readme,
            "- `src/{name}.js`: reads, writes and normalizes the records of {name}; every module \
             keeps its own counters and is tested by `test/{name}.test.js`."
        );
        let source = source(name, FEWEST_FIELDS + number);
        assert!((6_000..9_000).contains(&source.len()), "{name}");
        files.push((source_path(name), source));
        files.push((test_path(name), test(name)));
    }
    files.push(("README.md".to_owned(), readme));
    files.push(("AGENTS.md".to_owned(), AGENTS.to_owned()));
    files.push(("package.json".to_owned(), PACKAGE.to_owned()));
    files
}

fn source_path(name: &str) -> String {
    format!("src/{name}.js")
}

fn test_path(name: &str) -> String {
    format!("test/{name}.test.js")
}

fn task((name, number): (&&str, usize)) -> Task {
    Task {
        id: format!("T{number}"),
        title: format!("Refuse records of {name} without a proper amount"),
        instructions: format!(
            "In src/{name}.js let normalize(record) refuse a record whose amount is missing, not a \
             finite number, or below zero: throw a RangeError whose message begins with \
             “{name}: ” and ends with the record's id, after adding one to counters.refused. \
             Everything else it does stays as it is, and no other function is touched. The counters \
             are part of what the module exports; keep their names."
        ),
        source: source_path(name),
        test: test_path(name),
        old: normalize(""),
        new: normalize(&check(name)),
        report: format!(
            "normalize() of src/{name}.js now refuses a record whose amount is missing, not finite \
             or below zero, with a RangeError that begins with “{name}: ”; counters.refused counts \
             them. test/{name}.test.js, which failed before, passes. Nothing else was touched."
        ),
    }
}

/// A module of a typical size: small functions, each with a comment.
fn source(name: &str, fields: usize) -> String {
    let mut text = format!(
        "// The records of {name}: reading, writing, normalizing.\n\n\
         export const counters = {{ read: 0, written: 0, normalized: 0, refused: 0 }};\n\n"
    );
    for field in &FIELDS[..fields] {
        let (first, rest) = field.split_at(1);
        let capital = format!("{}{rest}", first.to_uppercase());
        let _ = write!(
            text,
            "// The {field} of a record of {name}; null if it has none, an error if that is not allowed.\n\
             export function read{capital}(record, {{ strict = false }} = {{}}) {{\n  \
               const value = record.{field} ?? null;\n  \
               if (value === null && strict) throw new TypeError(`{name}: ${{record.id}} has no {field}`);\n  \
               counters.read += 1;\n  \
               return value;\n\
             }}\n\n"
        );
    }
    text.push_str(&normalize(""));
    text
}

/// The function that the task changes, with or without what it adds.
fn normalize(check: &str) -> String {
    format!(
        "// A record as the store wants it: without empty fields, with its id as text.\n\
         export function normalize(record) {{\n{check}  \
           const kept = Object.entries(record).filter(([, value]) => value !== null && value !== \"\");\n  \
           counters.normalized += 1;\n  \
           return {{ ...Object.fromEntries(kept), id: String(record.id) }};\n\
         }}\n"
    )
}

fn check(name: &str) -> String {
    format!(
        "  const amount = record.amount;\n  \
           if (typeof amount !== \"number\" || !Number.isFinite(amount) || amount < 0) {{\n    \
             counters.refused += 1;\n    \
             throw new RangeError(`{name}: the amount ${{amount}} is not allowed in ${{record.id}}`);\n  \
           }}\n"
    )
}

fn test(name: &str) -> String {
    format!(
        "import assert from \"node:assert/strict\";\n\
         import {{ test }} from \"node:test\";\n\
         import {{ counters, normalize }} from \"../src/{name}.js\";\n\n\
         test(\"{name} takes a proper record\", () => {{\n  \
           assert.deepEqual(normalize({{ id: 7, amount: 3, label: \"\" }}), {{ id: \"7\", amount: 3 }});\n\
         }});\n\n\
         for (const amount of [-1, undefined, Number.NaN]) {{\n  \
           test(`{name} refuses the amount ${{amount}}`, () => {{\n    \
             const before = counters.refused;\n    \
             assert.throws(() => normalize({{ id: 7, amount }}), /^RangeError: {name}: .*7$/);\n    \
             assert.equal(counters.refused, before + 1);\n  \
           }});\n\
         }}\n"
    )
}

const AGENTS: &str = "- No dependencies: Node's standard library only.
- Modules do not import each other; each keeps its own counters.
- Tests use `node:test`, one file a module.
";

const PACKAGE: &str = "{ \"name\": \"records\", \"private\": true, \"type\": \"module\" }\n";

const PLAN: &str = "# Refusing improper amounts

## Summary

Each module checks the amount at the one place through which every record passes: `normalize`. The
check is written out in each module, because modules do not import each other.

## Decisions

- A RangeError, as the modules' callers already tell it apart from a TypeError of a missing field.
- The counter `refused` is there already and unused; it counts from now on.
- Turned down: a shared helper. It would be the first import between modules.

## Constraints

- No other function changes. No dependency.
- A record that was taken before and has a proper amount is normalized as before.

## Risks

- A caller may pass amounts as text. That was never supported, and is refused now.

## Steps

None depends on another; they are listed in the order of the modules' names.
";
