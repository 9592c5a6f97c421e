//! What is shipped beside the code.

use tipstaff::config::{self, Config};
use tipstaff::workflow::{bundled, bundled_names, check, parse};
use tipstaff::yaml::Source;

use crate::text::{read, root, tracked};

fn builtin() -> Config {
    config::load(&[]).unwrap()
}

#[test]
fn bundled_workflows_check_without_a_remark() {
    for name in bundled_names() {
        let workflow = parse(&Source::new(name, bundled(name).unwrap())).unwrap();
        assert_eq!(check(&workflow, &builtin()), [], "{name}");
    }
}

#[test]
fn every_workflow_file_is_bundled() {
    let mut names: Vec<&str> = bundled_names().collect();
    names.sort_unstable();
    let files = tracked();
    let files = files.iter().filter(|path| path.starts_with("workflows"));
    let stems: Vec<&str> = files
        .map(|path| path.file_stem().unwrap().to_str().unwrap())
        .collect();
    assert_eq!(names, stems);
}

/// The workflow that the format has to take letter for letter.
#[test]
fn the_first_workflow_is_kept_as_it_was_written() {
    let bytes = std::fs::read(root().join("fixtures/workflows/feature-build.yaml")).unwrap();
    assert_eq!(blake3::hash(&bytes).to_hex().as_str(), SEED);
}

const SEED: &str = "14a493905b9fd85147f4a326b71648a8a189c79aed21bcd265f512f1ce6b58bc";

/// The project speaks of itself alone: no path of the machine on which it was written.
#[test]
fn no_file_names_a_folder_of_somebodys_machine() {
    let checkout = format!("{}/", root().display());
    let home = ["/home/", "/Users/"];
    for path in tracked() {
        let Ok(text) = std::fs::read_to_string(root().join(&path)) else {
            continue;
        };
        let shown = path.display();
        let far = checkout.matches('/').count() > 3;
        assert!(
            !far || !text.contains(&checkout),
            "{shown} names {checkout}"
        );
        for folder in home {
            for (at, _) in text.match_indices(folder) {
                let rest = &text[at + folder.len()..];
                let name: String = rest.chars().take_while(|c| c.is_alphanumeric()).collect();
                let example = ["", "u", "user", "you"].contains(&name.as_str());
                assert!(example, "{shown} names {folder}{name}");
            }
        }
    }
    assert!(read("README.md").contains("tipstaff"));
}
