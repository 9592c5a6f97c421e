//! A child starts with what it was given and nothing else, or it is told exactly why it did not.

use std::path::{Path, PathBuf};

use tipstaff::process::{ProcessError, start};

use crate::support::{Stage, TIPSTAFF};

#[tokio::test]
async fn a_child_inherits_nothing() {
    let stage = Stage::new("");
    let mut spec = stage.spec();
    spec.program = PathBuf::from("env");
    spec.args = Vec::new();
    let path = std::env::var_os("PATH").unwrap();
    spec.env.insert("PATH".into(), path.clone());
    start(spec, Path::new(TIPSTAFF))
        .await
        .unwrap()
        .wait()
        .await
        .unwrap();

    let mut lines: Vec<_> = std::fs::read_to_string(stage.path("out"))
        .unwrap()
        .lines()
        .map(String::from)
        .collect();
    lines.sort_unstable();
    let path = format!("PATH={}", path.to_string_lossy());
    assert_eq!(
        lines,
        [path, format!("TIPSTAFF_CALL_MARK={}", stage.marker())]
    );
}

#[tokio::test]
async fn a_program_that_cannot_start_is_told_apart_from_one_that_is_missing() {
    let stage = Stage::new("");
    std::fs::write(stage.path("plain"), "no program").unwrap();
    std::fs::write(stage.path("script"), "#!/nonexistent/interpreter\n").unwrap();
    let mut permissions = std::fs::metadata(stage.path("script"))
        .unwrap()
        .permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
    std::fs::set_permissions(stage.path("script"), permissions).unwrap();

    let refused = async |program: PathBuf| {
        let spec = tipstaff::process::ChildSpec {
            program,
            ..stage.spec()
        };
        start(spec, Path::new(TIPSTAFF)).await.unwrap_err()
    };
    let missing = [
        stage.path("nothing"),
        PathBuf::from("no-such-program-anywhere"),
    ];
    for program in missing {
        let error = refused(program.clone()).await;
        assert!(matches!(&error, ProcessError::ProgramMissing { program: p } if *p == program));
    }
    for program in [stage.path("plain"), stage.path("script")] {
        let error = refused(program.clone()).await;
        let fits =
            matches!(&error, ProcessError::NotExecutable { program: p, .. } if *p == program);
        assert!(fits, "{error:?}");
    }
}

#[tokio::test]
async fn a_folder_or_a_stream_that_is_missing_is_named() {
    let stage = Stage::new("");
    let mut spec = stage.spec();
    spec.cwd = stage.path("nowhere");
    let error = start(spec, Path::new(TIPSTAFF)).await.unwrap_err();
    assert!(matches!(&error, ProcessError::Folder { path, .. } if path.ends_with("nowhere")));

    let mut spec = stage.spec();
    spec.stdin = stage.path("no-prompt");
    let error = start(spec, Path::new(TIPSTAFF)).await.unwrap_err();
    assert!(matches!(&error, ProcessError::Stream { path, .. } if path.ends_with("no-prompt")));

    let error = start(stage.spec(), Path::new("/nonexistent/tipstaff"))
        .await
        .unwrap_err();
    assert!(matches!(error, ProcessError::Warden { .. }));
    let error = start(stage.spec(), Path::new("/bin/true"))
        .await
        .unwrap_err();
    assert!(matches!(error, ProcessError::WardenGone { .. }));
}
