//! The forecasting half of the program from outside: what it prints, where, and with which exit status.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder with `shop.csv`: eight weeks of three items in two places, the same every week. The third item sells in one
/// place only, and the first line is there twice.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut csv = String::from("timestamp,item_id,location,demand\n2024-01-01,tea,north,10\n");
    for day in 0..56 {
        let date = format!("2024-{:02}-{:02}", 1 + day / 28, 1 + day % 28);
        for (item, place, level) in
            [("tea", "north", 10), ("tea", "south", 20), ("jam", "north", 30), ("rye", "south", 5)]
        {
            writeln!(csv, "{date},{item},{place},{}", level + day % 7).unwrap();
        }
    }
    // The last three days of January are not there, and so are zero.
    fs::write(folder.path().join("shop.csv"), csv).unwrap();
    folder
}

fn ensue(folder: &Path, arguments: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ensue"))
        .current_dir(folder)
        .arg("forecast")
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

fn parsed(folder: &Path, arguments: &str) -> Value {
    serde_json::from_str(&succeed(folder, arguments)).unwrap()
}

/// Standard error of a command that has to end with `status` and print no result.
fn fail(folder: &Path, arguments: &str, status: i32) -> String {
    let output = ensue(folder, arguments);
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{arguments}: {errors}");
    assert_eq!(text(&output.stdout), "", "{arguments}");
    errors
}

const TRAIN: &str = "train --target shop.csv --domain RETAIL --frequency D --dimensions location --horizon 7 \
                     --algorithm SeasonalNaive --set algorithm.season=7 --windows 2 --out model";

// Oracle: the weeks repeat, and the last begins on February 22 with level + 0; a forecast by the last week is right in both
// windows.
#[test]
fn a_trained_predictor_is_measured_saved_asked_and_exported() {
    let folder = folder();
    let printed = succeed(folder.path(), TRAIN);
    assert!(printed.starts_with("4 series, 225 rows, 1 aggregated\n"), "{printed}");
    assert!(printed.contains("backtest: 2 window(s), 4 items, 2024-02-15T00:00:00"), "{printed}");
    assert!(printed.ends_with("saved in model\n"), "{printed}");
    let row = |name: &str| {
        let line = printed.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(row("SeasonalNaive")[5], "0.0000", "WAPE: {printed}");
    assert_ne!(row("Naive")[5], "0.0000", "WAPE: {printed}");

    let query = "query --predictor model --item jam --dimension location=north";
    let answer = succeed(folder.path(), &format!("{query} --from 2024-03-01 --to 2024-03-02"));
    let lines: Vec<Vec<&str>> =
        answer.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["timestamp", "p10", "p50", "p90"]);
    // The forecast begins on February 29, a leap day, with the first day of the week.
    assert_eq!(lines[1][..1], ["2024-03-01T00:00:00"]);
    assert_eq!(lines[2][0], "2024-03-02T00:00:00");
    assert_eq!([lines[1][2], lines[2][2]], ["31.0000", "32.0000"]);
    assert_eq!(lines.len(), 3);

    let exported = succeed(folder.path(), "export --predictor model --out all.csv");
    assert_eq!(exported, "4 series of 7 steps in all.csv\n");
    let table = fs::read_to_string(folder.path().join("all.csv")).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines[0], "item_id,location,date,p10,p50,p90");
    assert_eq!(lines.len(), 1 + 4 * 7);
    assert!(lines[1].starts_with("jam,north,2024-02-29T00:00:00Z,"), "{}", lines[1]);
    succeed(folder.path(), "export --predictor model --out all.parquet");
    assert!(fs::read(folder.path().join("all.parquet")).unwrap().starts_with(b"PAR1"));
}

// Oracle: the JSON that the library's tests fix, in one object each; Amazon's names.
#[test]
fn json_is_one_object_with_the_same_content() {
    let folder = folder();
    let trained = parsed(folder.path(), &format!("{TRAIN} --json --seed 7"));
    assert_eq!(trained["series"], 4);
    assert_eq!(trained["aggregated_rows"], 1);
    assert_eq!(trained["seed"], 7);
    assert_eq!(trained["settings"]["algorithm"]["season"], 7);
    let measured = parsed(folder.path(), "backtest --predictor model --json");
    assert_eq!(measured, trained["backtest"]);
    let results = measured["PredictorEvaluationResults"].as_array().unwrap();
    assert_eq!(results[0]["TestWindows"].as_array().unwrap().len(), 3);
    let query =
        "query --predictor model --item jam --dimension location=north --json --to 2024-02-29";
    let answer = parsed(folder.path(), query);
    let points = &answer["Forecast"]["Predictions"]["p50"];
    assert_eq!(points, &json!([{"Timestamp": "2024-02-29T00:00:00", "Value": 30.0}]));
}

// Oracle: one table for each window and one for all; the exports' first lines in Amazon's layout.
#[test]
fn backtests_are_printed_by_window_and_exported() {
    let folder = folder();
    succeed(folder.path(), TRAIN);
    let printed = succeed(folder.path(), "backtest --predictor model --export tables");
    let headings: Vec<&str> = printed
        .lines()
        .filter(|line| line.starts_with("window ") || line.starts_with("backtest:"))
        .collect();
    assert_eq!(headings[0], "window 1 of 2");
    assert!(headings[1].starts_with("backtest: 1 window(s), 4 items, 2024-02-22T00:00:00"));
    assert_eq!(headings[2], "window 2 of 2");
    assert!(headings[4].starts_with("backtest: 2 window(s)"), "{printed}");
    let first = |name: &str| {
        let table = fs::read_to_string(folder.path().join("tables").join(name).join("part0.csv"));
        table.unwrap().lines().next().unwrap().to_owned()
    };
    assert_eq!(
        first("forecasted-values"),
        "item_id,location,timestamp,target_value,backtestwindow_start_time,backtestwindow_end_time,p10,p50,p90"
    );
    assert!(first("accuracy-metrics-values").starts_with("item_id,location,backtest_window,"));
    succeed(folder.path(), "backtest --predictor model --export tables --format parquet");
    assert!(folder.path().join("tables/forecasted-values/part0.parquet").exists());
}

// Oracle: flags win over the file, `--set` over both; a schema file stands for a header that is not there.
#[test]
fn settings_come_from_a_file_and_flags_override_them() {
    let folder = folder();
    let toml = "horizon = 3\nforecast_types = [\"mean\", 0.8]\n[algorithm]\nalgorithm = \"SeasonalNaive\"\n\
                season = 7\n[import]\ndomain = \"RETAIL\"\nfrequency = \"D\"\nera = \"2019\"\n";
    fs::write(folder.path().join("plan.toml"), toml).unwrap();
    let train = "train --target shop.csv --settings plan.toml --out model --json";
    let settings = |arguments: &str| parsed(folder.path(), arguments)["settings"].clone();
    let plain = settings(train);
    assert_eq!((&plain["horizon"], &plain["algorithm"]["season"]), (&json!(3), &json!(7)));
    assert_eq!(plain["forecast_types"], json!(["mean", "0.8"]));
    let flags = format!("{train} --horizon 4 --algorithm Naive --quantiles 0.5 --offset 9");
    let with_flags = settings(&flags);
    assert_eq!(with_flags["horizon"], 4);
    assert_eq!(with_flags["algorithm"]["algorithm"], "Naive");
    assert_eq!(with_flags["forecast_types"], json!(["0.5"]));
    assert_eq!(with_flags["backtest"]["back_test_window_offset"], 9);
    assert_eq!(settings(&format!("{flags} --set horizon=5"))["horizon"], 5);
    // Without the dimension, both places are one series.
    assert_eq!(parsed(folder.path(), train)["series"], 3);

    let table = fs::read_to_string(folder.path().join("shop.csv")).unwrap();
    let (_, rows) = table.split_once('\n').unwrap();
    fs::write(folder.path().join("bare.csv"), rows).unwrap();
    let schema = json!({"Attributes": [
        {"AttributeName": "timestamp", "AttributeType": "timestamp"},
        {"AttributeName": "item_id", "AttributeType": "string"},
        {"AttributeName": "location", "AttributeType": "string"},
        {"AttributeName": "demand", "AttributeType": "float"},
    ]});
    fs::write(folder.path().join("bare.json"), schema.to_string()).unwrap();
    let bare = train.replace("shop.csv", "bare.csv --target-schema bare.json");
    let (bare, plain) = (parsed(folder.path(), &bare), parsed(folder.path(), train));
    assert_eq!(bare["data_fingerprint"], plain["data_fingerprint"]);
}

// Oracle: the exit statuses that main.rs promises, and the words a person needs.
#[test]
fn what_goes_wrong_is_said_with_its_causes_and_a_status() {
    let folder = folder();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("broken.csv", "timestamp,item_id,demand\n2024-01-01,tea,3\n2024-02-30,tea,4\n");
    write("bare.csv", "2024-01-01,tea,3\n");
    write("prices.csv", "timestamp,item_id,price\n2024-01-01,tea,3\n");
    write("broken.json", "{");
    let usage = [
        ("train --target shop.csv --frequency D --horizon 7", "--out"),
        ("train --target shop.csv --out m --frequency sometimes", "15min".trim_start_matches("15")),
        ("train --target shop.csv --out m --domain SHOP", "INVENTORY_PLANNING"),
        ("train --target shop.csv --out m --quantiles 1.0", "0.01 to 0.99"),
        ("train --target shop.csv --out m --algorithm magic", "Deep_AR_Plus"),
        ("train --target shop.csv --out m --related-schema broken.json", "--related"),
        ("query --predictor m --item tea --from noon", "2025-02-04T18:00:00"),
        ("query --predictor m --item tea --dimension north", "NAME=VALUE"),
        ("backtest --predictor m --format parquet", "--export"),
    ];
    for (arguments, expected) in usage {
        let errors = fail(folder.path(), arguments, 2);
        assert!(errors.contains(expected), "{arguments}: {errors}");
    }
    let shop = "train --target shop.csv --domain RETAIL --frequency D --algorithm Naive --out m";
    let failure = [
        ("train --target shop.csv --out m --horizon 7".to_owned(), "--frequency D"),
        (shop.to_owned(), "--horizon 28"),
        (
            format!("{shop} --horizon 20 --set algorithm.algorithm=Deep_AR_Plus"),
            "horizon is 20, but must be at most 19",
        ),
        (format!("{shop} --horizon 30"), "must be less than half of the longest series"),
        (format!("{shop} --horizon 7 --windows 6"), "must be 1 to 5"),
        (format!("{shop} --horizon 7 --offset 6"), "must be at least the horizon, 7"),
        (format!("{shop} --horizon 7 --quantiles .1,.2,.3,.4,.5,.6"), "1 to 5 forecast types"),
        (format!("{shop} --horizon 7 --dimensions colour"), "colour"),
        (format!("{shop} --horizon 7 --set algorithm.seasons=7"), "seasons"),
        (format!("{shop} --horizon 7 --set import.fill=nan"), "fill"),
        (shop.replace("shop.csv", "nowhere.csv --horizon 7"), "nowhere.csv"),
        (
            shop.replace("shop.csv", "broken.csv --horizon 7"),
            "broken.csv: row 3, column timestamp, value \"2024-02-30\"",
        ),
        (shop.replace("shop.csv", "bare.csv --horizon 7"), "--target-schema"),
        (
            shop.replace("shop.csv", "shop.csv --horizon 7 --target-schema broken.json"),
            "because: the schema is not JSON",
        ),
        (shop.replace("RETAIL", "METRICS --horizon 7"), "metric_name"),
        (shop.replace("--domain", "--related prices.csv --horizon 7 --domain"), "prices.csv"),
        (
            format!("{shop} --horizon 7 --set algorithm.algorithm=Deep_AR_Plus --device abacus"),
            "this build has: ndarray",
        ),
        ("query --predictor nowhere --item tea".to_owned(), "nowhere"),
    ];
    for (arguments, expected) in failure {
        let errors = fail(folder.path(), &arguments, 1);
        assert!(errors.contains(expected), "{arguments}: {errors}");
        assert!(errors.lines().any(|line| line.starts_with("error: ")), "{arguments}: {errors}");
    }
    assert!(!folder.path().join("m").exists(), "a failed command leaves nothing behind");

    succeed(folder.path(), TRAIN);
    for (arguments, expected) in [
        ("--item tea", "the filters have no \"location\""),
        ("--item salt --dimension location=north", "nothing was forecast for item_id = \"salt\""),
        ("--item tea --dimension colour=red", "\"colour\" is no dimension"),
        ("--item tea --dimension location=north --from 2030-01-01", "2024-02-29T00:00:00"),
    ] {
        let errors = fail(folder.path(), &format!("query --predictor model {arguments}"), 1);
        assert!(errors.contains(expected), "{arguments}: {errors}");
    }
    let errors = fail(folder.path(), "export --predictor model --out all.xlsx", 1);
    assert!(errors.contains("all.xlsx"), "{errors}");
}

// Oracle: the table does not exist either, and reading it comes next: the place is what the error is about.
#[test]
fn a_place_that_cannot_be_saved_to_is_refused_before_anything_is_read() {
    let folder = folder();
    fs::create_dir(folder.path().join("photos")).unwrap();
    fs::write(folder.path().join("photos/photo.jpg"), "mine").unwrap();
    for place in ["photos", "shop.csv", "shop.csv/model"] {
        let train = TRAIN.replace("shop.csv", "nowhere.csv").replace("model", place);
        let errors = fail(folder.path(), &train, 1);
        assert!(errors.contains("shop.csv") || errors.contains("photos"), "{place}: {errors}");
        assert!(!errors.contains("nowhere.csv"), "{place}: {errors}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "something was left behind");
}

// Oracle: what `datasets/demand.rs` plants. The price explains what the last days do not show, and what is new sells about as
// its category does: some pieces a day.
#[test]
fn deepar_beats_its_baselines_on_the_bundled_demand_and_forecasts_what_is_new() {
    let folder = tempfile::tempdir().unwrap();
    let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("../datasets/demand");
    let file = |name: &str| bundled.canonicalize().unwrap().join(name).display().to_string();
    let train = format!(
        "train --target {} --related {} --metadata {} --domain RETAIL --frequency D --horizon 28 --out shop --json \
         --set algorithm.epochs=5 --set algorithm.num_eval_samples=50 --checkpoint kept",
        file("target.csv.gz"),
        file("related.csv.gz"),
        file("items.csv"),
    );
    let trained = parsed(folder.path(), &train);
    assert_eq!((&trained["series"], &trained["series_with_history"]), (&json!(31), &json!(30)));
    let loss = |at: usize| {
        let result = &trained["backtest"]["PredictorEvaluationResults"][at];
        result["TestWindows"][0]["Metrics"]["AverageWeightedQuantileLoss"].as_f64().unwrap()
    };
    assert!(loss(0) < 0.6 * loss(1).min(loss(2)), "{} {} {}", loss(0), loss(1), loss(2));
    assert!(!folder.path().join("kept").exists(), "checkpoints go when all is done");
    let answer = parsed(folder.path(), "query --predictor shop --item tea-new --json");
    let points = answer["Forecast"]["Predictions"]["p50"].as_array().unwrap();
    let total: f64 = points.iter().map(|point| point["Value"].as_f64().unwrap()).sum();
    assert_eq!(points.len(), 28);
    assert!((28.0..28.0 * 100.0).contains(&total), "{total}");
    other_prices_and_what_moves_the_forecast(folder.path(), &file);
}

// Oracle: the same plan: four fifths of a price sell half as much again, so a lower one sells more; and the price moves demand
// further than the brand does.
fn other_prices_and_what_moves_the_forecast(folder: &Path, file: &dyn Fn(&str) -> String) {
    let tables = format!(
        "--predictor shop --target {} --related {} --metadata {} --domain RETAIL",
        file("target.csv.gz"),
        file("related.csv.gz"),
        file("items.csv"),
    );
    let cheaper = json!({
        "WhatIfForecastName": "cheaper",
        "TimeSeriesTransformations": [{
            "Action": {"AttributeName": "price", "Operation": "MULTIPLY", "Value": 0.8},
            "TimeSeriesConditions": [
                {"AttributeName": "category", "AttributeValue": "tea", "Condition": "EQUALS"},
            ],
        }],
    });
    fs::write(folder.join("cheaper.json"), cheaper.to_string()).unwrap();
    let what_if = format!("what-if {tables} --what-if cheaper.json");
    let answer = parsed(folder, &format!("{what_if} --json"));
    let percent = |item: &str| {
        let rows = answer["series"].as_array().unwrap().iter();
        let row = rows.clone().find(|row| row["key"][0] == item && row["forecast_type"] == "p50");
        row.unwrap()["change_percent"].as_f64().unwrap()
    };
    // Five epochs learn a part of it.
    assert!((3.0..200.0).contains(&percent("tea-01")), "{}", percent("tea-01"));
    assert_eq!(percent("coffee-01"), 0.0, "it has another category");
    let printed =
        succeed(folder, &format!("{what_if} --out table.csv --chart tea.svg --item tea-01"));
    assert!(printed.contains("cheaper") && printed.contains("all 31 series"), "{printed}");
    assert!(fs::read_to_string(folder.join("tea.svg")).unwrap().contains("cheaper"));
    let table = fs::read_to_string(folder.join("table.csv")).unwrap();
    assert_eq!(table.lines().count(), 1 + 31 * 3);
    fs::write(folder.join("wrong.json"), cheaper.to_string().replace("\"price\"", "\"prise\""))
        .unwrap();
    let errors = fail(folder, &format!("what-if {tables} --what-if wrong.json"), 1);
    assert!(errors.contains("\"prise\", but only related series can change"), "{errors}");

    let explain = format!("explain {tables} --items tea-01,coffee-01");
    let explained = parsed(folder, &format!("{explain} --json"));
    let share = |name: &str| explained["impact"][name].as_f64().unwrap().abs();
    let names = ["price", "promotion_applied", "category", "brand"];
    let sum: f64 = names.iter().map(|name| share(name)).sum();
    assert!((sum - 1.0).abs() < 1e-9, "{explained}");
    assert!(share("price") > share("brand"), "{explained}");
    let printed = succeed(folder, &format!("{explain} --out impact.csv"));
    assert!(printed.starts_with("impact on p50 of Deep_AR_Plus, 2 series\n"), "{printed}");
    let table = fs::read_to_string(folder.join("impact.csv")).unwrap();
    assert_eq!(table.lines().count(), 1 + 2 * 28);
    let errors = fail(folder, &format!("explain {tables} --set limits=relaxed"), 1);
    assert!(
        errors.contains("limits") && errors.contains("only settings of the import"),
        "{errors}"
    );
    let errors = fail(folder, &format!("{what_if} --dimensions location"), 1);
    assert!(errors.contains("\"location\", but the predictor has \"\""), "{errors}");
    let errors = fail(folder, &format!("{what_if} --out table.xlsx"), 1);
    assert!(errors.contains("written as .csv or .parquet"), "{errors}");
    let errors = fail(folder, &format!("explain {tables} --items salt"), 1);
    assert!(errors.contains("there is no item \"salt\""), "{errors}");
}
