//! What sound interaction files become.

use std::fmt::Write;
use std::sync::{Arc, Mutex};

use ensue_core::{CancelFlag, Progress, Run};
use ensue_data::{DataError, DatasetGroup, ImportRequest, ImportRules, Source};

use super::{Folder, events, gzip, import, import_file, lax, schema};

fn event(user: &str, item: &str, time: i64) -> (String, String, i64) {
    (user.to_owned(), item.to_owned(), time)
}

// Oracle: written by hand; users in order of appearance, events by time, ties as in the file.
#[test]
fn events_are_ordered_by_user_and_time() {
    let folder = Folder::new();
    let text = "USER_ID,ITEM_ID,TIMESTAMP\nada,tea,30\nbob,tea,20\nada,jam,10\nada,rye,10\n";
    let expected = [
        event("ada", "jam", 10),
        event("ada", "rye", 10),
        event("ada", "tea", 30),
        event("bob", "tea", 20),
    ];
    let variants: [(&str, Vec<u8>); 6] = [
        ("plain", text.into()),
        ("carriage returns", text.replace('\n', "\r\n").into()),
        ("byte order mark", format!("\u{feff}{text}").into()),
        ("no last line end", text.trim_end().into()),
        ("blank lines at the end", format!("{text}\r\n\n").into()),
        (
            "gzip in two members",
            [gzip(&text.as_bytes()[..50]), gzip(&text.as_bytes()[50..])].concat(),
        ),
    ];
    for (kind, bytes) in variants {
        let group = import_file(&folder.write("events.csv", bytes)).unwrap();
        assert_eq!(events(&group), expected, "{kind}");
        assert_eq!(group.items.iter().collect::<Vec<_>>(), ["tea", "jam", "rye"]);
        assert_eq!(group.warnings, [""; 0]);
    }
}

// Oracle: polars takes a block that starts like zlib data for one; ours must never look so.
#[test]
fn text_that_looks_compressed_is_still_text() {
    let folder = Folder::new();
    for id in ["x\u{1}", "x^", "(µ/ý"] {
        let text = format!("USER_ID,ITEM_ID,TIMESTAMP\n{id},tea,30\n");
        let group = import_file(&folder.write("events.csv", text)).unwrap();
        assert_eq!(events(&group), [event(id, "tea", 30)]);
    }
}

// Oracle: RFC 4180 by hand.
#[test]
fn quoted_cells_keep_separators_quotes_and_line_ends() {
    let folder = Folder::new();
    let text = "\"USER_ID\",ITEM_ID,TIMESTAMP\r\n\"a,\"\"b\"\"\r\nc\",\" tea \",\"7\"\r\n";
    let group = import_file(&folder.write("events.csv", text)).unwrap();
    assert_eq!(events(&group), [event("a,\"b\"\r\nc", " tea ", 7)]);
}

// Oracle: by hand; the second view at 20 repeats the first, the buy at 20 does not.
#[test]
fn repeated_events_are_dropped_and_counted() {
    let folder = Folder::new();
    let text = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE\n\
                ada,tea,20,view,1\nada,tea,20,buy,2\nbob,tea,20,view,3\nada,tea,20,view,4\nada,tea,21,view,\n";
    let path = folder.write("events.csv", text);
    let group = import_file(&path).unwrap();
    assert_eq!((group.interactions.len(), group.duplicates_dropped), (4, 1));
    assert_eq!(group.interactions.event_type_names(), ["view", "buy"]);
    let ada = group.interactions.user(0);
    assert_eq!(ada.event_types, Some(&[0, 1, 0][..]));
    let values = ada.values.unwrap();
    assert_eq!(values[..2], [1.0, 2.0]);
    assert!(values[2].is_nan());
    // Without the column, the type does not tell events apart. Forty events at one time take the
    // path through a set, which must find the same.
    let mut text = "USER_ID,ITEM_ID,TIMESTAMP\n".to_owned();
    for row in 0..40 {
        writeln!(text, "ada,item-{},5", row % 30).unwrap();
    }
    let group = import_file(&folder.write("events.csv", text)).unwrap();
    assert_eq!((group.interactions.len(), group.duplicates_dropped), (30, 10));
    assert_eq!(group.interactions.user(0).items, (0..30).collect::<Vec<_>>());
}

// Oracle: by hand. What is filtered out leaves no ids behind.
#[test]
fn events_are_filtered_by_type_and_value() {
    let folder = Folder::new();
    let text = "USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP\n\
                ada,tea,view,9,1\nbob,jam,buy,3,2\ncat,rye,buy,,3\ndan,oat,buy,2.5,4\n";
    let path = folder.write("events.csv", text);
    let kept = |event_value_threshold| {
        let rules = ImportRules { event_type: Some("buy".into()), event_value_threshold, ..lax() };
        let group = import(&ImportRequest::new(Source::csv(&path)).with_rules(rules)).unwrap();
        assert_eq!(group.interactions.event_type_names(), ["buy"]);
        group.users.iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(kept(None), ["bob", "cat", "dan"]);
    assert_eq!(kept(Some(2.5)), ["bob", "dan"]);
    assert_eq!(kept(Some(2.6)), ["bob"]);
}

// Oracle: by hand; only equality of sessions matters.
#[test]
fn sessions_come_from_a_column_of_their_own() {
    let folder = Folder::new();
    let text = "USER_ID,ITEM_ID,TIMESTAMP,INVOICE\nada,tea,1,A1\nada,jam,2,A1\nada,tea,3,B7\n";
    let path = folder.write("events.csv", text);
    let rules = ImportRules { session_column: Some("INVOICE".into()), ..lax() };
    let request = ImportRequest::new(Source::new(&path)).with_rules(rules);
    let group = import(&request).unwrap();
    assert_eq!(group.interactions.user(0).sessions, Some(&[0, 0, 1][..]));
    assert_eq!(group.warnings, [""; 0]);
}

// Oracle: by hand; rows that the import leaves out name no context.
#[test]
fn what_describes_a_moment_becomes_a_context() {
    let folder = Folder::new();
    let text = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,DEVICE,DEGREES\nada,tea,1,buy,phone|tv,20.5\n\
                bob,jam,2,view,phone,7\nada,jam,3,buy,,\nada,tea,4,buy,phone|tv,20.5\n";
    let path = folder.write("events.csv", text);
    let fields = [
        "USER_ID string",
        "ITEM_ID string",
        "TIMESTAMP long",
        "EVENT_TYPE string",
        "DEVICE string? categorical",
        "DEGREES float?",
    ];
    let source = Source::new(&path).with_schema(schema("Interactions", &fields));
    let rules = ImportRules { event_type: Some("buy".into()), ..lax() };
    let group = import(&ImportRequest::new(source).with_rules(rules)).unwrap();
    assert_eq!(group.warnings, [""; 0]);
    let contexts = group.interactions.user(0).contexts.unwrap().to_vec();
    assert_eq!((contexts.len(), contexts[0] == contexts[2]), (3, true));
    let table = group.context_table.unwrap();
    let fields = |json: &str| serde_json::from_str::<ensue_data::FieldValues>(json).unwrap();
    assert_eq!(table.row(contexts[0]), fields(r#"{"DEVICE": "phone|tv", "DEGREES": 20.5}"#));
    assert_eq!(table.row(contexts[1]), fields("{}"));
}

// Oracle: by hand.
#[test]
fn what_is_odd_but_allowed_is_warned_of() {
    let folder = Folder::new();
    let text = "USER_ID,ITEM_ID,TIMESTAMP,IMPRESSION\nada,tea,1,tea|jam\nada,jam,1546300800000,\n";
    let path = folder.write("events.csv", text);
    let fields = ["USER_ID string", "ITEM_ID string", "TIMESTAMP long", "IMPRESSION string?"];
    let source = Source::new(&path).with_schema(schema("Interactions", &fields));
    let heard = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&heard);
    let mut run = Run::new("ndarray").on_progress(move |p| sink.lock().unwrap().push(p.clone()));
    let request = ImportRequest::new(source).with_rules(lax());
    let group = DatasetGroup::import(&request, &mut run).unwrap();
    assert_eq!(
        group.warnings,
        [
            "columns of Interactions checked but not kept: IMPRESSION",
            "row 3: TIMESTAMP counts seconds, but a value above 100000000000 looks like milliseconds",
        ]
    );
    let mut expected = vec![Progress::Import { file: path, rows: 2 }];
    expected.extend(group.warnings.iter().map(|w| Progress::Warning { message: w.clone() }));
    assert_eq!(*heard.lock().unwrap(), expected);
}

// Oracle: the flag is up before the first block.
#[test]
fn a_cancelled_import_returns_nothing() {
    let folder = Folder::new();
    let path = folder.write("events.csv", "USER_ID,ITEM_ID,TIMESTAMP\nada,tea,1\n");
    let cancel = CancelFlag::new();
    cancel.cancel();
    let mut run = Run::new("ndarray").with_cancel(cancel);
    let error = DatasetGroup::import(&ImportRequest::new(Source::new(path)), &mut run).unwrap_err();
    assert!(matches!(error, DataError::Cancelled { row: 2, .. }), "{error:?}");
}

// Oracle: by hand, the same rules as for files.
#[test]
fn events_in_memory_keep_the_same_rules() {
    let said = |event| {
        let error = DatasetGroup::from_events([("ada", "tea", 1), event], &lax()).unwrap_err();
        error.to_string()
    };
    assert_eq!(
        said(("", "tea", 1)),
        "events: row 2, column USER_ID, value \"\": must not be empty"
    );
    assert_eq!(
        said(("ada", "", 1)),
        "events: row 2, column ITEM_ID, value \"\": must not be empty"
    );
    let negative = "events: row 2, column TIMESTAMP, value \"-1\": must not be negative";
    assert_eq!(said(("ada", "tea", -1)), negative);
    let few = DatasetGroup::from_events([("ada", "tea", 1)], &ImportRules::default()).unwrap_err();
    assert_eq!(few.to_string(), "events: dataset has fewer than 1000 interactions: 1");
}

// Oracle: 255 codes fit beside the one that means none.
#[test]
fn event_types_are_at_most_255() {
    let folder = Folder::new();
    let mut text = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE\n".to_owned();
    for row in 0..255 {
        writeln!(text, "ada,tea,{row},type-{row}").unwrap();
    }
    let group = import_file(&folder.write("events.csv", &text)).unwrap();
    assert_eq!(group.interactions.event_type_names().len(), 255);
    text.push_str("ada,tea,999,one-more\n");
    let path = folder.write("events.csv", &text);
    let expected = "events.csv: row 257, column EVENT_TYPE, value \"one-more\": more than 255 different \
                    event types";
    assert_eq!(folder.message(&import_file(&path).unwrap_err()), expected);
}
