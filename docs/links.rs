//! The book and the README hold together: pages are listed, links and includes lead somewhere.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn pages(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            pages(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

/// What stands between `open` and `close`, every time.
fn between<'a>(text: &'a str, open: &'a str, close: char) -> impl Iterator<Item = &'a str> {
    text.split(open).skip(1).filter_map(move |rest| rest.split_once(close).map(|(inner, _)| inner))
}

fn targets(text: &str) -> Vec<&str> {
    let links =
        between(text, "](", ')').filter(|link| !link.contains("://") && !link.starts_with('#'));
    let links = links.map(|link| link.split('#').next().unwrap_or(link));
    let includes = between(text, "{{#include ", '}');
    links.chain(includes).collect()
}

// Oracle: the file system.
#[test]
fn every_link_and_include_leads_to_a_file() {
    let mut all = vec![root().join("README.md"), root().join("datasets/README.md")];
    pages(&root().join("docs/src"), &mut all);
    let mut checked = 0;
    for page in &all {
        let text = fs::read_to_string(page).unwrap();
        for target in targets(&text) {
            let place = page.parent().unwrap().join(target);
            assert!(place.exists(), "{} points to {target}, which is not there", page.display());
            checked += 1;
        }
    }
    assert!(checked > 20, "only {checked} links found: is the search broken?");
}

// Oracle: the file system. A page that SUMMARY.md does not list is left out of the book without a word.
#[test]
fn every_page_is_in_the_summary() {
    let source = root().join("docs/src");
    let summary = fs::read_to_string(source.join("SUMMARY.md")).unwrap();
    let mut all = Vec::new();
    pages(&source, &mut all);
    for page in all.iter().filter(|page| !page.ends_with("SUMMARY.md")) {
        let name = page.strip_prefix(&source).unwrap().to_str().unwrap();
        assert!(summary.contains(&format!("({name})")), "{name} is not in SUMMARY.md");
    }
}

// Oracle: the rule that .ci/run relies on. It runs the first line of each kind.
#[test]
fn the_readme_prints_both_commands_on_lines_of_their_own() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let first = |start| readme.lines().find(|line| line.starts_with(start));
    assert_eq!(first("cargo run "), Some("cargo run --release --example quickstart"));
    assert_eq!(first("cargo test "), Some("cargo test --release --workspace"));
}
