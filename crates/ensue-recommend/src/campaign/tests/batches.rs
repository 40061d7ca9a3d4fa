//! Batch inference: order, errors by line, files, cancelling.

use std::fs;

use ensue_core::CancelFlag;
use serde_json::{Value, json};

use super::*;

fn answers(campaign: &Campaign, input: &str, options: &BatchOptions) -> (Vec<Value>, BatchReport) {
    let mut output = Vec::new();
    let run = Run::new("ndarray");
    let report = campaign.batch_inference(input.as_bytes(), &mut output, options, &run).unwrap();
    let output = String::from_utf8(output).unwrap();
    (output.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), report)
}

#[test]
fn lines_are_answered_in_their_order_as_single_questions_are() {
    // Oracle: the same questions one by one; chunks of every size give the same.
    let campaign = campaign();
    campaign.put_event(&PutEvent::new("late", "i3", 10)).unwrap();
    let users: Vec<String> =
        (0..45).map(|user| format!("u{user}")).chain(["late".to_owned()]).collect();
    let input: String = users.iter().map(|user| format!("{{\"userId\":\"{user}\"}}\n")).collect();
    for chunk in [1, 7, 1024] {
        let options = BatchOptions { chunk, num_results: 4, ..BatchOptions::default() };
        let (lines, report) = answers(&campaign, &input, &options);
        assert_eq!(report, BatchReport { lines: 46, answered: 46, failed: 0 });
        for (user, line) in users.iter().zip(&lines) {
            let single = campaign.recommend(&RecommendRequest::new(user).with_num_results(4));
            let expected = json!({
                "input": {"userId": user},
                "output": {"recommendedItems": ids(&single.unwrap())},
                "error": null,
            });
            assert_eq!(line, &expected);
        }
    }
}

#[test]
fn a_bad_line_has_an_error_and_the_others_go_on() {
    // Oracle: by hand.
    let campaign = Campaign::new(described_version());
    campaign.create_filter("kind", "INCLUDE ItemID WHERE Items.KIND IN ($KIND)").unwrap();
    let long = format!("{{\"userId\":\"{}\"}}", "x".repeat(MAX_LINE));
    let input = [
        r#"{"userId": "p1", "filterValues": {"KIND": "\"odd\""}}"#,
        "",
        "nonsense",
        r#"{"userId": "p1"}"#,
        r#"{"itemId": "i1", "filterValues": {"KIND": "odd"}}"#,
        r#"{"userId": "p1", "color": "red"}"#,
        &long,
        r#"{"itemList": ["i1"]}"#,
        r#"{"userId": "p1", "itemList": ["i2", "i3", "i1"], "filterValues": {"KIND": "odd"}}"#,
    ]
    .join("\n");
    let options = BatchOptions { filter: Some("kind".to_owned()), ..BatchOptions::default() };
    let (lines, report) = answers(&campaign, &input, &options);
    assert_eq!(report, BatchReport { lines: 8, answered: 2, failed: 6 });
    let errors = [
        None,
        Some("not JSON"),
        Some("$KIND"),
        Some("answers for users"),
        Some("unknown field"),
        Some("more than"),
        Some("needs userId"),
        None,
    ];
    for (line, error) in lines.iter().zip(errors) {
        match error {
            None => assert!(line["error"].is_null() && line["output"].is_object(), "{line}"),
            Some(error) => {
                assert!(line["error"].as_str().unwrap().contains(error), "{line}");
                assert!(line["output"].is_null(), "{line}");
            }
        }
    }
    let ranked = lines[7]["output"]["recommendedItems"].as_array().unwrap();
    assert_eq!(ranked.len(), 2);
}

#[test]
fn files_are_whole_or_as_they_were() {
    // Oracle: the bytes in the folder.
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    fs::write(path("in"), "{\"userId\":\"u1\"}\n").unwrap();
    fs::write(path("out"), "old").unwrap();
    let campaign = campaign();
    let options = BatchOptions { num_results: 1, ..BatchOptions::default() };
    let cancel = CancelFlag::new();
    cancel.cancel();
    let run = Run::new("ndarray").with_cancel(cancel);
    let error = campaign.batch_inference_files(path("in"), path("out"), &options, &run);
    assert!(matches!(error.unwrap_err(), BatchError::Cancelled));
    assert_eq!(fs::read_to_string(path("out")).unwrap(), "old");
    let run = Run::new("ndarray");
    campaign.batch_inference_files(path("in"), path("out"), &options, &run).unwrap();
    let expected = r#"{"input":{"userId":"u1"},"output":{"recommendedItems":["i6"]},"error":null}"#;
    assert_eq!(fs::read_to_string(path("out")).unwrap(), format!("{expected}\n"));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    let error = campaign.batch_inference_files(path("none"), path("out"), &options, &run);
    assert!(matches!(error.unwrap_err(), BatchError::Open { .. }));
    let too_many = BatchOptions { num_results: 501, ..BatchOptions::default() };
    assert!(campaign.batch_inference(&b""[..], Vec::new(), &too_many, &run).is_err());
}
