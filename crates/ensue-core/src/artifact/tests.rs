use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::*;

fn written(dir: &Path, content: &[u8]) {
    let mut artifact = ArtifactWriter::create(dir).unwrap().with_kind("test");
    artifact.write("a.bin", content).unwrap();
    artifact.write("deep/er/b.bin", b"bb").unwrap();
    artifact.commit().unwrap();
}

/// Everything in a folder, hidden names included.
fn listing(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn scratch() -> (tempfile::TempDir, PathBuf) {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("model");
    (scratch, dir)
}

#[test]
fn what_was_committed_is_read_back() {
    // Oracle: the bytes written; also over missing folders above and piece by piece.
    let (scratch, _) = scratch();
    let dir = scratch.path().join("not/yet/there");
    let mut artifact = ArtifactWriter::create(&dir).unwrap().with_kind("test");
    let mut file = artifact.writer("pieces").unwrap();
    for piece in 0..100_u8 {
        file.write_all(&[piece; 1000]).unwrap();
    }
    file.finish().unwrap();
    artifact.write_json("list.json", &[1, 2]).unwrap();
    artifact.commit().unwrap();

    let artifact = ArtifactReader::open(&dir).unwrap().expect_kind("test").unwrap();
    let pieces = artifact.read("pieces").unwrap();
    assert_eq!(pieces.len(), 100_000);
    assert_eq!((pieces[999], pieces[1000], pieces[99_999]), (0, 1, 99));
    assert_eq!(artifact.read_json::<Vec<u8>>("list.json").unwrap(), [1, 2]);
    assert_eq!(artifact.names().collect::<Vec<_>>(), ["pieces", "list.json"]);
    assert!(artifact.contains("pieces") && !artifact.contains("manifest.json"));
    assert_eq!(artifact.written_by(), env!("CARGO_PKG_VERSION"));
}

#[test]
fn an_older_artifact_is_replaced_as_a_whole() {
    // Oracle: the listing; nothing of the old one and no staging is left.
    let (scratch, dir) = scratch();
    written(&dir, b"old");
    let mut artifact = ArtifactWriter::create(&dir).unwrap();
    artifact.write("c.bin", b"new").unwrap();
    assert!(dir.join("a.bin").exists(), "the old one stands until commit");
    artifact.commit().unwrap();
    assert_eq!(listing(&dir), ["c.bin", "manifest.json"]);
    assert_eq!(listing(scratch.path()), ["model"]);
}

#[test]
fn an_empty_folder_is_filled() {
    // Oracle: the listing.
    let (scratch, dir) = scratch();
    fs::create_dir(&dir).unwrap();
    written(&dir, b"x");
    assert_eq!(listing(scratch.path()), ["model"]);
    assert_eq!(ArtifactReader::open(&dir).unwrap().read("a.bin").unwrap(), b"x");
}

#[test]
fn dropping_without_commit_leaves_no_trace() {
    // Oracle: the listing before.
    let (scratch, dir) = scratch();
    let mut artifact = ArtifactWriter::create(&dir).unwrap();
    artifact.write("deep/a.bin", b"x").unwrap();
    drop(artifact);
    assert_eq!(listing(scratch.path()), [""; 0]);
}

#[test]
fn a_full_disk_at_any_byte_leaves_the_older_artifact() {
    // Oracle: the older artifact's bytes, and the listing; the disk fills up at every byte of the
    // new one's 3000 + 2 and its manifest in turn.
    let (scratch, dir) = scratch();
    written(&dir, b"old");
    let attempt = |space: u64| {
        let mut artifact = ArtifactWriter::create(&dir)?.with_kind("test").with_space(space);
        artifact.write("a.bin", &[7; 3000])?;
        artifact.write("b.bin", b"bb")?;
        artifact.commit()
    };
    let mut space = 0;
    while let Err(error) = attempt(space) {
        let ArtifactError::Io { action: "write", source, .. } = error else { panic!("{error:?}") };
        assert_eq!(source.kind(), std::io::ErrorKind::StorageFull);
        assert_eq!(listing(scratch.path()), ["model"], "after {space} bytes");
        assert_eq!(ArtifactReader::open(&dir).unwrap().read("a.bin").unwrap(), b"old");
        space += if space < 2990 { 115 } else { 1 };
    }
    assert!(space > 3002, "the manifest takes space too: {space}");
    assert_eq!(ArtifactReader::open(&dir).unwrap().read("a.bin").unwrap(), [7; 3000]);
}

#[test]
fn a_file_that_was_not_finished_cannot_be_committed() {
    // Oracle: the error's facts; also when others were written after it.
    let (_scratch, dir) = scratch();
    let mut artifact = ArtifactWriter::create(&dir).unwrap();
    drop(artifact.writer("half").unwrap());
    let later = artifact.write("whole", b"x");
    assert!(matches!(later, Err(ArtifactError::Unfinished { name }) if name == "half"));
    let commit = artifact.commit();
    assert!(matches!(commit, Err(ArtifactError::Unfinished { name }) if name == "half"));
    assert!(!dir.exists());
}

#[test]
fn other_peoples_folders_and_files_are_not_replaced() {
    // Oracle: the content stays; other programs' manifest.json does not make an artifact.
    let (scratch, dir) = scratch();
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("thesis.tex"), "years of work").unwrap();
    let refused = |dir: &Path| {
        matches!(ArtifactWriter::create(dir), Err(ArtifactError::NotReplaceable { .. }))
    };
    assert!(refused(&dir));
    fs::write(dir.join("manifest.json"), r#"{"name":"an app"}"#).unwrap();
    assert!(refused(&dir));
    let file = scratch.path().join("file");
    fs::write(&file, "x").unwrap();
    assert!(refused(&file));
    assert_eq!(listing(scratch.path()), ["file", "model"]);
}

#[test]
fn a_folder_that_fills_up_while_staging_is_not_replaced() {
    // Oracle: the file that came there stays.
    let (scratch, dir) = scratch();
    let mut artifact = ArtifactWriter::create(&dir).unwrap();
    artifact.write("a.bin", b"x").unwrap();
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("thesis.tex"), "years of work").unwrap();
    assert!(matches!(artifact.commit(), Err(ArtifactError::NotReplaceable { .. })));
    assert_eq!(listing(&dir), ["thesis.tex"]);
    assert_eq!(listing(scratch.path()), ["model"]);
}

#[test]
fn a_place_that_may_not_be_written_is_an_error_that_names_it() {
    // Oracle: a file where a folder is needed stops every user, root included.
    let (scratch, _) = scratch();
    fs::write(scratch.path().join("file"), "x").unwrap();
    let error = ArtifactWriter::create(&scratch.path().join("file/model")).unwrap_err();
    assert!(error.is_io(), "{error:?}");
    assert!(error.to_string().contains("file"), "{error}");
    assert!(std::error::Error::source(&error).is_some());
    let error = write_atomic(&scratch.path().join("nowhere/a.txt"), b"x").unwrap_err();
    assert!(error.is_io() && error.to_string().contains("nowhere"), "{error}");
}

#[test]
fn names_that_leave_the_folder_are_refused() {
    // Oracle: the rule.
    let (_scratch, dir) = scratch();
    let mut artifact = ArtifactWriter::create(&dir).unwrap();
    for name in [
        "",
        "..",
        "../a",
        "/etc/a",
        "a/../b",
        "a/",
        "a//b",
        "./a",
        "a\\b",
        "c:a",
        "a\0",
        "manifest.json",
    ] {
        let refused = artifact.write(name, b"x");
        assert!(matches!(refused, Err(ArtifactError::BadName { .. })), "{name:?}");
    }
    artifact.write("a.b-c/d_e.f", b"x").unwrap();
    let again = artifact.write("a.b-c/d_e.f", b"x");
    assert!(matches!(again, Err(ArtifactError::WrittenTwice { .. })));
    assert!(matches!(ArtifactWriter::create(Path::new("/")), Err(ArtifactError::BadName { .. })));
}

#[test]
fn a_truncated_or_changed_or_missing_file_is_refused() {
    // Oracle: the facts in the error.
    let (_scratch, dir) = scratch();
    written(&dir, b"12345");
    let path = dir.join("a.bin");
    fs::write(&path, b"123").unwrap();
    let error = ArtifactReader::open(&dir).unwrap_err();
    assert!(matches!(error, ArtifactError::WrongSize { found: 3, expected: 5, .. }), "{error:?}");

    fs::write(&path, b"12x45").unwrap();
    let error = ArtifactReader::open(&dir).unwrap().read("a.bin").unwrap_err();
    assert!(matches!(error, ArtifactError::WrongChecksum { .. }), "{error:?}");

    fs::remove_file(&path).unwrap();
    let error = ArtifactReader::open(&dir).unwrap_err();
    assert!(matches!(&error, ArtifactError::FileMissing { path: p } if p.ends_with("a.bin")));
}

#[test]
fn what_is_no_artifact_of_this_format_is_refused() {
    // Oracle: the kind of error for each manifest.
    let (scratch, dir) = scratch();
    assert!(matches!(ArtifactReader::open(&dir), Err(ArtifactError::Missing { .. })));
    fs::create_dir(&dir).unwrap();
    assert!(matches!(ArtifactReader::open(&dir), Err(ArtifactError::NoManifest { .. })));
    let file = scratch.path().join("file");
    fs::write(&file, "x").unwrap();
    assert!(matches!(ArtifactReader::open(&file), Err(ArtifactError::NoManifest { .. })));

    let open = |manifest: &str| {
        fs::write(dir.join(MANIFEST), manifest).unwrap();
        ArtifactReader::open(&dir).unwrap_err()
    };
    for broken in ["", "{", "[]", "{}", r#"{"format":"1"}"#, r#"{"format":1}"#, "\u{0}"] {
        assert!(matches!(open(broken), ArtifactError::Malformed { .. }), "{broken}");
    }
    let foreign = open(r#"{"format":2,"something":"new"}"#);
    assert!(matches!(foreign, ArtifactError::ForeignFormat { found: 2, .. }));
    assert!(foreign.to_string().ends_with("has artifact format 2, this build reads format 1"));
    let escaping = open(
        r#"{"format":1,"kind":"","ensue":"0","files":[{"name":"../file","bytes":1,"checksum":""}]}"#,
    );
    assert!(matches!(escaping, ArtifactError::BadName { .. }), "{escaping:?}");
}

#[test]
fn another_kind_and_an_unlisted_file_are_refused() {
    // Oracle: the facts in the error.
    let (_scratch, dir) = scratch();
    written(&dir, b"x");
    fs::write(dir.join("stray"), "x").unwrap();
    let artifact = ArtifactReader::open(&dir).unwrap();
    assert!(matches!(artifact.read("stray"), Err(ArtifactError::NotListed { .. })));
    let error = artifact.read_json::<u8>("a.bin").unwrap_err();
    assert!(matches!(error, ArtifactError::Malformed { .. }));
    let error = artifact.expect_kind("model").unwrap_err();
    assert!(error.to_string().ends_with("holds a `test`, not a `model`"), "{error}");
}

#[test]
fn an_artifact_set_aside_by_a_killed_commit_is_found_and_later_replaced() {
    // Oracle: the bytes of the older artifact; the state is made by hand as the kill leaves it.
    let (scratch, dir) = scratch();
    written(&dir, b"old");
    fs::rename(&dir, scratch.path().join(".model.old-1-0")).unwrap();
    assert_eq!(ArtifactReader::open(&dir).unwrap().read("a.bin").unwrap(), b"old");
    written(&dir, b"new");
    assert_eq!(ArtifactReader::open(&dir).unwrap().read("a.bin").unwrap(), b"new");
    assert_eq!(listing(scratch.path()), ["model"]);
}

#[cfg(unix)]
#[test]
fn a_link_to_an_artifact_stays_a_link() {
    // Oracle: the link and what it points at.
    let (scratch, dir) = scratch();
    written(&dir, b"old");
    let link = scratch.path().join("latest");
    std::os::unix::fs::symlink(&dir, &link).unwrap();
    written(&link, b"new");
    assert!(link.is_symlink());
    assert_eq!(ArtifactReader::open(&dir).unwrap().read("a.bin").unwrap(), b"new");
}

#[test]
fn a_single_file_is_replaced_as_a_whole() {
    // Oracle: the content and the listing; a folder in its place is an error and stays.
    let (scratch, _) = scratch();
    let path = scratch.path().join("a.txt");
    write_atomic(&path, b"old and longer").unwrap();
    write_atomic(&path, b"new").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
    let folder = scratch.path().join("folder");
    fs::create_dir(&folder).unwrap();
    assert!(write_atomic(&folder, b"x").unwrap_err().is_io());
    assert_eq!(listing(scratch.path()), ["a.txt", "folder"]);
}

#[test]
fn parts_have_folders_of_their_own() {
    // Oracle: the bytes written under one name in two folders, one within the other.
    let (_scratch, dir) = scratch();
    let mut artifact = ArtifactWriter::create(&dir).unwrap().with_kind("test");
    artifact
        .within("one", |artifact| {
            artifact.write("a.bin", b"1")?;
            artifact.within("two", |artifact| artifact.write("a.bin", b"2"))
        })
        .unwrap();
    artifact.write("a.bin", b"0").unwrap();
    artifact.commit().unwrap();

    let whole = ArtifactReader::open(&dir).unwrap();
    let names: Vec<_> = whole.names().collect();
    assert_eq!(names, ["one/a.bin", "one/two/a.bin", "a.bin"]);
    let one = whole.within("one");
    assert_eq!(
        (whole.read("a.bin").unwrap(), one.read("a.bin").unwrap()),
        (b"0".into(), b"1".into())
    );
    assert_eq!(one.within("two").read("a.bin").unwrap(), b"2");
    assert!(whole.within("on").names().next().is_none());
    fs::write(dir.join("one/a.bin"), "x").unwrap();
    assert!(matches!(one.read("a.bin"), Err(ArtifactError::WrongChecksum { .. })));
}
