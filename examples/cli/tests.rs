//! The program from outside: what it prints, where, and with which exit status.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A folder with `shop.csv`: forty people who walk around a ring of ten items, three of them noted twice.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut csv = String::from("USER_ID,ITEM_ID,TIMESTAMP\n");
    for user in 0..40 {
        for step in 0..8 {
            writeln!(csv, "u{user},i{},{}", (user + step) % 10, 1000 + 60 * step).unwrap();
        }
    }
    csv += "u0,i0,1000\nu1,i1,1000\nu2,i2,1000\n";
    fs::write(folder.path().join("shop.csv"), csv).unwrap();
    folder
}

fn ensue(folder: &Path, arguments: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ensue"))
        .current_dir(folder)
        .arg("recommend")
        .args(arguments.split_whitespace())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn succeed(folder: &Path, arguments: &str) -> String {
    let output = ensue(folder, arguments);
    assert!(output.status.success(), "{arguments}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// Standard error of a command that has to end with `status` and print no result.
fn fail(folder: &Path, arguments: &str, status: i32) -> String {
    let output = ensue(folder, arguments);
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{arguments}: {errors}");
    assert_eq!(text(&output.stdout), "", "{arguments}");
    errors
}

const TRAIN: &str = "train --interactions shop.csv --recipe markov --evaluation last-item \
                     --set import.min_interactions=100 --out model";

// Oracle: the ring. Whoever had i3 last gets i4 next, so the chain is right about every last item.
#[test]
fn a_trained_version_is_measured_saved_and_asked() {
    let folder = folder();
    let printed = succeed(folder.path(), TRAIN);
    assert!(
        printed.starts_with("40 users, 10 items, 320 interactions, 3 duplicates dropped\n"),
        "{printed}"
    );
    assert!(printed.contains("evaluation last-item: 40 queries"), "{printed}");
    assert!(printed.ends_with("saved in model\n"), "{printed}");
    let row = printed.lines().find(|line| line.starts_with("markov")).unwrap();
    assert_eq!(row.split_whitespace().collect::<Vec<_>>()[1..4], ["kept", "1.0000", "1.0000"]);
    assert!(printed.lines().any(|line| line.starts_with("aws-popularity-count")), "{printed}");

    let again = succeed(folder.path(), "evaluate --version model");
    assert!(printed.contains(&again), "{again} is not part of {printed}");

    // u0 walked i0 to i7.
    let answer = succeed(folder.path(), "query --version model --user u0 -n 2");
    assert_eq!(answer.lines().next(), Some("   1  i8"));
    assert_eq!(answer.lines().count(), 2);
    let moved = succeed(
        folder.path(),
        "query --version model --user u0 -n 1 --event i1@2000 --event i2@2060",
    );
    assert_eq!(moved, "   1  i3\n");
    let stranger = succeed(folder.path(), "query --version model --user nobody -n 1");
    assert!(stranger.starts_with("nothing is known of this user: popular items\n"), "{stranger}");
}

// Oracle: the JSON by hand, and the human table of the test above.
#[test]
fn json_is_one_object_with_the_same_content() {
    let folder = folder();
    let parse = |text: String| serde_json::from_str::<serde_json::Value>(&text).unwrap();
    let trained = parse(succeed(folder.path(), &format!("{TRAIN} --json --seed 7")));
    assert_eq!(trained["users"], 40);
    assert_eq!(trained["duplicates_dropped"], 3);
    assert_eq!(trained["seed"], 7);
    assert_eq!(trained["solution"]["recipe"]["recipe"], "markov");
    assert_eq!(trained["evaluation"]["rows"][0]["seen_kept"]["mean_reciprocal_rank_at_25"], 1.0);
    let measured = parse(succeed(folder.path(), "evaluate --version model --json"));
    assert_eq!(measured, trained["evaluation"]);
    let answer = parse(succeed(folder.path(), "query --version model --user u0 -n 1 --json"));
    assert_eq!(answer, serde_json::json!({"items": [{"item_id": "i8"}], "known_user": true}));
}

// Oracle: the ring goes on in the other table; half of it is in the catalogue under other numbers, one item is new.
#[test]
fn a_version_is_measured_on_another_table() {
    let folder = folder();
    succeed(folder.path(), TRAIN);
    let later = "USER_ID,ITEM_ID,TIMESTAMP\nnew1,i8,1\nnew1,i9,2\nnew2,i5,1\nnew2,unheard-of,2\n";
    fs::write(folder.path().join("later.csv"), later).unwrap();
    let printed =
        succeed(folder.path(), "evaluate --version model --interactions later.csv --json");
    let measured: serde_json::Value = serde_json::from_str(&printed).unwrap();
    let own = &measured["rows"][0]["seen_kept"];
    assert_eq!(own["queries"], 2);
    assert_eq!(own["hit_rate_at_5"], 0.5);
}

// Oracle: flags win over the file, `--set` over both.
#[test]
fn settings_come_from_a_file_and_flags_override_them() {
    let folder = folder();
    let toml = "evaluation = \"newest-tenth\"\n[recipe]\nrecipe = \"aws-popularity-count\"\n\
                [import]\nmin_interactions = 100\n";
    fs::write(folder.path().join("plan.toml"), toml).unwrap();
    let train = "train --interactions shop.csv --settings plan.toml --out model --json";
    let solution = |arguments: &str| -> serde_json::Value {
        let printed = succeed(folder.path(), arguments);
        serde_json::from_str::<serde_json::Value>(&printed).unwrap()["solution"].clone()
    };
    assert_eq!(solution(train)["recipe"]["recipe"], "aws-popularity-count");
    assert_eq!(solution(train)["evaluation"], "newest-tenth");
    let flags = format!("{train} --evaluation last-item --set recipe.count_by=events");
    assert_eq!(solution(&flags)["evaluation"], "last-item");
    assert_eq!(solution(&flags)["recipe"]["count_by"], "events");
    assert_eq!(
        solution(&format!("{flags} --set evaluation=temporal-holdout"))["evaluation"],
        "temporal-holdout"
    );
}

// Oracle: the exit statuses that main.rs promises, and the words a person needs.
#[test]
fn what_goes_wrong_is_said_with_its_causes_and_a_status() {
    let folder = folder();
    let broken = "USER_ID,ITEM_ID,TIMESTAMP\nu0,i0,1000\nu0,i1,yesterday\n";
    fs::write(folder.path().join("broken.csv"), broken).unwrap();
    fs::write(folder.path().join("broken.toml"), "[recipe\n").unwrap();
    fs::write(folder.path().join("broken.avsc"), "{").unwrap();
    let usage = [
        ("train --interactions shop.csv", "--out"),
        ("train --interactions shop.csv --out m --recipe aws-magic", "aws-hrnn"),
        ("train --interactions shop.csv --out m --evaluation sometimes", "newest-tenth"),
        ("train --interactions shop.csv --out m --set bptt", "NAME=VALUE"),
        ("query --version m --user u --event i3@noon", "Unix seconds"),
        ("forecast", "forecast"),
    ];
    for (arguments, expected) in usage {
        let errors = fail(folder.path(), arguments, 2);
        assert!(errors.contains(expected), "{arguments}: {errors}");
    }
    let small = "--set import.min_interactions=1 --set import.min_users_with_two=1";
    let failure = [
        ("train --interactions nowhere.csv --out m".to_owned(), "nowhere.csv"),
        (
            format!("train --interactions broken.csv --out m {small}"),
            "broken.csv: row 3, column TIMESTAMP, value \"yesterday\"",
        ),
        ("train --interactions shop.csv --out m".to_owned(), "1000"),
        (
            "train --interactions shop.csv --out m --settings broken.toml".to_owned(),
            "because: TOML parse error",
        ),
        (
            "train --interactions shop.csv --out m --schema broken.avsc".to_owned(),
            "because: the schema is not JSON",
        ),
        ("train --interactions shop.csv --out m --set recipe.hidden=3".to_owned(), "hidden"),
        (TRAIN.replace("markov", "aws-hrnn --device abacus"), "this build has: ndarray"),
        ("query --version nowhere --user u0".to_owned(), "nowhere"),
    ];
    for (arguments, expected) in failure {
        let errors = fail(folder.path(), &arguments, 1);
        assert!(errors.contains(expected), "{arguments}: {errors}");
        assert!(errors.lines().any(|line| line.starts_with("error: ")), "{arguments}: {errors}");
    }
    assert!(!folder.path().join("m").exists(), "a failed command leaves nothing behind");
    succeed(folder.path(), TRAIN);
    let errors = fail(folder.path(), "query --version model --user u0 -n 501", 1);
    assert_eq!(errors, "error: 501 results are asked for, 0 to 500 are allowed\n");
    let errors = fail(folder.path(), "query --version shop.csv --user u0", 1);
    assert!(errors.contains("shop.csv"), "{errors}");
}

// Oracle: the table does not exist either, and reading it comes next: the place is what the error is about.
#[test]
fn a_place_that_cannot_be_saved_to_is_refused_before_anything_is_read() {
    let folder = folder();
    fs::create_dir(folder.path().join("photos")).unwrap();
    fs::write(folder.path().join("photos/photo.jpg"), "mine").unwrap();
    for place in ["photos", "shop.csv", "shop.csv/model"] {
        let train = format!("train --interactions nowhere.csv --recipe markov --out {place}");
        let errors = fail(folder.path(), &train, 1);
        assert!(errors.contains("shop.csv") || errors.contains("photos"), "{place}: {errors}");
        assert!(!errors.contains("nowhere.csv"), "{place}: {errors}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "something was left behind");
}

// Oracle: the structure that `datasets/make-dataset.rs` plants. The last item leaves four candidates for the next one, a
// memory of more leaves one; popularity knows neither.
#[test]
fn the_default_recipe_beats_its_baselines_on_the_bundled_shop() {
    let folder = tempfile::tempdir().unwrap();
    let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("../datasets/quickstart");
    let table = bundled.canonicalize().unwrap().join("interactions.csv.gz");
    let train = format!("train --interactions {} --out shop --json", table.display());
    let trained: serde_json::Value = serde_json::from_str(&succeed(folder.path(), &train)).unwrap();
    let ndcg = |recipe: &str| {
        let rows = trained["evaluation"]["rows"].as_array().unwrap();
        let row = rows.iter().find(|row| row["recipe"] == recipe).unwrap();
        row["seen_kept"]["normalized_discounted_cumulative_gain_at_10"].as_f64().unwrap()
    };
    let (hrnn, markov, popular) = (ndcg("aws-hrnn"), ndcg("markov"), ndcg("aws-popularity-count"));
    assert!(markov > popular + 0.3, "markov {markov}, popularity {popular}");
    assert!(hrnn > markov + 0.05, "hrnn {hrnn}, markov {markov}");
}
