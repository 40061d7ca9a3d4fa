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

/// A folder with a version in `model` that knows a colour of each item: even ones are red, odd ones blue.
fn coloured() -> TempDir {
    let folder = folder();
    let mut items = String::from("ITEM_ID,COLOUR\n");
    for item in 0..10 {
        writeln!(items, "i{item},{}", if item % 2 == 0 { "red" } else { "blue" }).unwrap();
    }
    fs::write(folder.path().join("items.csv"), items).unwrap();
    let schema = r#"{"type": "record", "name": "Items", "version": "1.0", "fields": [
        {"name": "ITEM_ID", "type": "string"}, {"name": "COLOUR", "type": "string", "categorical": true}]}"#;
    fs::write(folder.path().join("items.avsc"), schema).unwrap();
    succeed(folder.path(), &format!("{TRAIN} --items items.csv --items-schema items.avsc"));
    folder
}

/// As [`succeed`], with arguments after the first that have spaces in them.
fn succeed_with(folder: &Path, arguments: &str, more: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_ensue"))
        .current_dir(folder)
        .arg("recommend")
        .args(arguments.split_whitespace())
        .args(more)
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments} {more:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

/// Ids of an array of lines of an answer.
fn ids(lines: &serde_json::Value) -> Vec<&str> {
    lines.as_array().unwrap().iter().map(|line| line["item_id"].as_str().unwrap()).collect()
}

// Oracle: the ring, and the colours by hand.
#[test]
fn a_query_goes_through_a_filter_and_carries_fields() {
    let folder = coloured();
    let expression = "EXCLUDE ItemID WHERE Items.COLOUR IN ($C)";
    let filter = ["--filter", expression, "--filter-value", "C=\"red\""];
    // The second command finds the log as the first left it: without the filter.
    for log in ["", " --log shop.log", " --log shop.log"] {
        let arguments = format!("query --version model --user u0 --metadata-column COLOUR{log}");
        let printed = succeed_with(folder.path(), &arguments, &filter);
        assert_eq!(printed.lines().count(), 5, "{printed}");
        assert!(printed.lines().all(|line| line.ends_with("  COLOUR=blue")), "{printed}");
    }
    let exactly = ["--filter", "INCLUDE ItemID WHERE Items.ITEM_ID IN (\"i8\")"];
    let printed = succeed_with(folder.path(), "query --version model --user u0", &exactly);
    assert_eq!(printed, "   1  i8\n");
}

// Oracle: the ring: i4 comes after i3, also for a program that starts anew.
#[test]
fn events_of_a_query_stay_in_its_log() {
    let folder = folder();
    succeed(folder.path(), TRAIN);
    let ask = "query --version model --user walker -n 1 --log shop.log";
    succeed(folder.path(), &format!("{ask} --event i3@2000"));
    assert_eq!(succeed(folder.path(), ask), "   1  i4\n");
    let without = succeed(folder.path(), "query --version model --user walker -n 1");
    assert!(without.starts_with("nothing is known of this user"), "{without}");
}

// Oracle: the ring: a recipe that answers for items takes that of the user's last event, i7, where none is named.
#[test]
fn items_are_asked_about_where_the_recipe_answers_for_items() {
    let folder = folder();
    succeed(folder.path(), TRAIN);
    let errors = fail(folder.path(), "query --version model --item i3", 1);
    assert!(errors.contains("answers for users"), "{errors}");
    succeed(folder.path(), &TRAIN.replace("markov", "aws-sims").replace("model", "related"));
    let of_item = succeed(folder.path(), "query --version related --item i7 -n 3 --json");
    let of_user = succeed(folder.path(), "query --version related --user u0 -n 3 --json");
    assert_eq!(of_item, of_user);
    let answer = json(&of_item);
    assert_eq!(ids(&answer["items"]).len(), 3);
    assert!(!ids(&answer["items"]).contains(&"i7"), "{answer}");
    let unheard = succeed(folder.path(), "query --version related --item unheard-of -n 1");
    assert!(unheard.starts_with("nothing is known of this item: popular items\n"), "{unheard}");
}

// Oracle: the ring: i8 comes after i7; what the model does not know is last and has no score; twice counts once.
#[test]
fn a_list_is_ranked() {
    let folder = folder();
    succeed(folder.path(), TRAIN);
    let rank = "rank --version model --user u0 --json --list";
    let answer = json(&succeed(folder.path(), &format!("{rank} i3,unheard-of,i8,i3")));
    assert_eq!(ids(&answer["personalized_ranking"]), ["i8", "i3", "unheard-of"]);
    assert_eq!(answer["known_user"], true);
    fs::write(folder.path().join("list.txt"), "i3\nunheard-of\n\ni8\ni3\n").unwrap();
    assert_eq!(json(&succeed(folder.path(), &format!("{rank}-file list.txt"))), answer);
    let printed = succeed(folder.path(), "rank --version model --user nobody --list i3");
    assert!(printed.starts_with("nothing is known of this user: popular items first\n   1  i3"));
    assert!(fail(folder.path(), "rank --version model --user u0", 2).contains("--list"));
}

// Oracle: the ring, and the lines by hand; an answer alone and in a batch is the same.
#[test]
fn a_batch_is_answered_in_order() {
    let folder = coloured();
    let questions = "{\"userId\": \"u0\"}\n{\"who\": 1}\n{\"userId\": \"u2\", \"itemList\": [\"i5\", \"i0\"]}\n";
    fs::write(folder.path().join("questions.jsonl"), questions).unwrap();
    let batch = "batch --version model --input questions.jsonl --output answers.jsonl -n 2";
    let printed = succeed(folder.path(), batch);
    assert_eq!(printed, "3 lines, 2 answered, 1 failed; written to answers.jsonl\n");
    let answers = || {
        let text = fs::read_to_string(folder.path().join("answers.jsonl")).unwrap();
        text.lines().map(json).collect::<Vec<_>>()
    };
    let alone = json(&succeed(folder.path(), "query --version model --user u0 -n 2 --json"));
    assert_eq!(answers()[0]["output"]["recommendedItems"], serde_json::json!(ids(&alone["items"])));
    assert!(answers()[1]["output"].is_null() && answers()[1]["error"].is_string());
    assert_eq!(answers()[2]["output"]["recommendedItems"], serde_json::json!(["i0", "i5"]));

    let blue = ["--filter", "INCLUDE ItemID WHERE Items.COLOUR IN (\"blue\")", "--json"];
    let report = json(&succeed_with(folder.path(), batch, &blue));
    assert_eq!(report, serde_json::json!({"lines": 3, "answered": 2, "failed": 1}));
    assert_eq!(answers()[2]["output"]["recommendedItems"], serde_json::json!(["i5"]));
    let missing = fail(folder.path(), &batch.replace("questions", "nothing"), 1);
    assert!(missing.contains("nothing.jsonl"), "{missing}");
}

// Oracle: the lines by hand.
#[test]
fn news_is_put_into_a_log() {
    let folder = coloured();
    let news = [
        r#"{"itemId": "i10", "properties": {"COLOUR": "red"}}"#,
        r#"{"userId": "walker"}"#,
        r#"{"user_id": "walker", "item_id": "i3", "timestamp": 2000}"#,
        "",
        r#"{"user_id": "walker", "item_id": "i3", "timestamp": 2000}"#,
        r#"{"user_id": "walker", "item_id": "unheard-of", "timestamp": 2001}"#,
        r#"{"sessionId": "s", "userId": "runner", "eventList": [{"eventType": "view", "sentAt": 2000, "itemId": "i5"}]}"#,
    ];
    fs::write(folder.path().join("news.jsonl"), news.join("\n")).unwrap();
    let put = "put --version model --log shop.log --events news.jsonl";
    let expected =
        "4 events (1 on unknown items, 0 not selected, 1 duplicates), 1 items, 1 users\n";
    assert_eq!(succeed(folder.path(), put), expected);
    for (user, next) in [("walker", "i4"), ("runner", "i6")] {
        let ask = format!("query --version model --log shop.log -n 1 --user {user}");
        assert_eq!(succeed(folder.path(), &ask), format!("   1  {next}\n"));
    }
    // Once more: all of it is known.
    let again = json(&succeed(folder.path(), &format!("{put} --json")));
    assert_eq!((&again["events"], &again["items"]), (&4.into(), &1.into()));
    for (wrong, expected) in [
        ("{\"colour\": \"red\"}", "line 2: neither an event"),
        ("{\"user_id\": \"u\", \"item_id\": \"i1\"}", "line 2: missing field `timestamp`"),
        ("[", "line 2: EOF"),
    ] {
        fs::write(folder.path().join("news.jsonl"), format!("\n{wrong}\n")).unwrap();
        let errors = fail(folder.path(), put, 1);
        assert!(errors.contains(expected), "{wrong}: {errors}");
    }
}

// Oracle: by hand: what is deleted is unknown to whoever asks after it, and its name is in no file.
#[test]
fn a_user_is_deleted_from_log_and_version() {
    let folder = folder();
    succeed(folder.path(), TRAIN);
    let ask = "query --version model --log shop.log -n 1 --user walker";
    succeed(folder.path(), &format!("{ask} --event i3@2000"));
    let delete = "delete-user --version model --log shop.log --user";
    assert_eq!(succeed(folder.path(), &format!("{delete} walker")), "deleted from shop.log\n");
    assert!(succeed(folder.path(), ask).starts_with("nothing is known of this user"));
    assert!(!fs::read_to_string(folder.path().join("shop.log")).unwrap().contains("walker"));
    let again = succeed(folder.path(), &format!("{delete} walker"));
    assert_eq!(again, "nothing was known of this user\n");

    let both = json(&succeed(folder.path(), &format!("{delete} u0 --out without --json")));
    let expected = serde_json::json!({"user_id": "u0", "known": true, "version": "without"});
    assert_eq!(both, expected);
    for version in ["model --log shop.log", "without", "without --log shop.log"] {
        let gone = succeed(folder.path(), &format!("query --version {version} -n 1 --user u0"));
        assert!(gone.starts_with("nothing is known of this user"), "{version}: {gone}");
        let other = succeed(folder.path(), &format!("query --version {version} -n 1 --user u1"));
        assert_eq!(other, "   1  i9\n", "{version}");
    }
    assert!(fail(folder.path(), "delete-user --version model --user u0", 2).contains("--log"));
}

// Oracle: the trials in the journal, the charts in the folder, and the settings that the search chose.
#[test]
fn a_search_keeps_its_trials_and_draws_them() {
    let folder = folder();
    let train = "train --interactions shop.csv --evaluation last-item --set import.min_interactions=100 --out model \
                 --set recipe.hidden_dimension=8 --set recipe.epochs=3 --hpo wide --journal trials.jsonl --charts charts";
    let printed = succeed(folder.path(), &format!("{train} --jobs 4 --threads 1"));
    assert!(printed.contains("search by normalized_discounted_cumulative_gain_at_10"), "{printed}");
    assert!(printed.contains("4 trials") && printed.contains("chosen"), "{printed}");
    for chart in ["history", "curves", "parallel", "importance", "pareto"] {
        let chart = fs::read_to_string(folder.path().join(format!("charts/{chart}.svg"))).unwrap();
        assert!(chart.starts_with("<svg"), "{chart}");
    }
    // More jobs go on from the journal.
    let json = succeed(folder.path(), &format!("{train} --jobs 5 --threads 1 --json"));
    assert_eq!(json.matches("\"number\":").count(), 5, "{json}");
    let journal = fs::read_to_string(folder.path().join("trials.jsonl")).unwrap();
    assert_eq!(journal.lines().filter(|line| line.contains("\"finish\"")).count(), 5);
    let refused = fail(folder.path(), &format!("{train} --jobs 0"), 1);
    assert!(refused.contains("max_number_of_training_jobs is 0"), "{refused}");
}
