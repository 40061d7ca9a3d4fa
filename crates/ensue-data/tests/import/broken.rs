//! Every kind of broken CSV, with the exact message it gets. Oracle of all: the rule, read by a person.

use std::fmt::Write;

use ensue_data::{DataError, ImportRequest, ImportRules, Rule, Source};

use super::{Folder, gzip, import, import_file, lax, schema};

const HEADER: &str = "USER_ID,ITEM_ID,TIMESTAMP\n";

/// The message for an interactions file without a schema.
fn message(bytes: impl AsRef<[u8]>) -> String {
    let folder = Folder::new();
    let path = folder.write("events.csv", bytes);
    folder.message(&import_file(&path).unwrap_err())
}

/// The message for rows under a schema with fields of every type.
fn message_of_row(row: &str) -> String {
    let folder = Folder::new();
    let names = "USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP,AGE,BIG,FLAG,PLACE,IMPRESSION";
    let sound = "ada,tea,buy,1.5,10,1,2,true,home,tea|jam";
    let path = folder.write("events.csv", format!("{names}\n{sound}\n{row}\n{sound}\n"));
    let schema = schema(
        "Interactions",
        &[
            "USER_ID string",
            "ITEM_ID string",
            "EVENT_TYPE string",
            "EVENT_VALUE float?",
            "TIMESTAMP long",
            "AGE int",
            "BIG double?",
            "FLAG boolean",
            "PLACE string categorical",
            "IMPRESSION string?",
        ],
    );
    let request = ImportRequest::new(Source::new(path).with_schema(schema)).with_rules(lax());
    folder.message(&import(&request).unwrap_err())
}

#[test]
fn files_that_are_no_tables_are_refused() {
    let long = "x".repeat((1 << 20) + 1);
    let table: &[(&str, Vec<u8>, &str)] = &[
        ("empty", b"".to_vec(), "events.csv: the file is empty"),
        ("blank lines only", b"\n\r\n\n".to_vec(), "events.csv: the file is empty"),
        ("byte order mark only", b"\xef\xbb\xbf".to_vec(), "events.csv: the file is empty"),
        ("empty gzip", gzip(b""), "events.csv: the file is empty"),
        ("header only", HEADER.into(), "events.csv: the file has a header but no rows"),
        (
            "header without line end",
            HEADER.trim().into(),
            "events.csv: the file has a header but no rows",
        ),
        (
            "utf-16",
            b"\xff\xfeU\0S\0E\0R\0".to_vec(),
            "events.csv: row 1, column number 1, value \"\u{fffd}\u{fffd}U\\0S\\0E\\0R\\0\": the cell is not UTF-8",
        ),
        (
            "nul bytes in the header",
            b"USER_ID,ITEM\0_ID\n".to_vec(),
            "events.csv: row 1, column number 2, value \"ITEM\\0_ID\": the cell holds a NUL byte",
        ),
        (
            "open quote in the header",
            b"USER_ID,\"ITEM_ID\nada,tea\n".to_vec(),
            "events.csv: row 1, column number 2, value \"\\\"ITEM_ID\": the file ends inside a quoted cell",
        ),
        (
            "header without an end",
            long.into_bytes(),
            "events.csv: row 1, column number 1, value \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx... \
             (216 more)\": the cell is longer than 1048576 bytes; is a quote left open?",
        ),
    ];
    for (kind, bytes, expected) in table {
        assert_eq!(message(bytes), *expected, "{kind}");
    }
}

#[test]
fn headers_that_are_not_the_schema_are_refused() {
    let folder = Folder::new();
    let fields = ["USER_ID string", "ITEM_ID string", "TIMESTAMP long", "EVENT_TYPE string"];
    let schema = schema("Interactions", &fields);
    let table = [
        ("USER_ID,ITEM_ID", "the file is missing the following columns: [TIMESTAMP, EVENT_TYPE]"),
        (
            "USER_ID,ITEM_ID,EVENT_TYPE,TIMESTAMP",
            "column 3 is EVENT_TYPE where the schema has TIMESTAMP",
        ),
        (
            "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,TIMESTAMP",
            "column TIMESTAMP appears more than once",
        ),
        ("USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,PRICE", "column PRICE is not in the schema"),
        ("USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,", "column  is not in the schema"),
        (
            "user_id,ITEM_ID,TIMESTAMP,EVENT_TYPE",
            "the file is missing the following columns: [USER_ID]",
        ),
        (
            "ada;tea;10",
            "the file is missing the following columns: [USER_ID, ITEM_ID, TIMESTAMP, EVENT_TYPE]",
        ),
    ];
    for (header, expected) in table {
        let path = folder.write("events.csv", format!("{header}\nada,tea,10,buy\n"));
        let source = Source::new(path).with_schema(schema.clone());
        let error = import(&ImportRequest::new(source)).unwrap_err();
        assert_eq!(folder.message(&error), format!("events.csv: {expected}"), "{header}");
    }
    let missing = "events.csv: the file is missing the following columns: [USER_ID, TIMESTAMP]";
    assert_eq!(message("ITEM_ID\ntea\n"), missing);
    let unknown = "events.csv: column PRICE needs a schema that gives its type";
    assert_eq!(message("USER_ID,ITEM_ID,TIMESTAMP,PRICE\nada,tea,1,2\n"), unknown);
}

#[test]
fn rows_that_are_not_sound_are_refused_with_their_line() {
    let long = format!("{HEADER}ada,tea,1\nada,{},1\n", "x".repeat((1 << 20) + 1));
    let table: &[(&str, Vec<u8>, &str)] = &[
        (
            "nul byte",
            b"USER_ID,ITEM_ID,TIMESTAMP\nada,tea,1\nada,\0,1\n".to_vec(),
            "events.csv: row 3, column ITEM_ID, value \"\\0\": the cell holds a NUL byte",
        ),
        (
            "latin-1",
            b"USER_ID,ITEM_ID,TIMESTAMP\r\nada,tea,1\r\nada,th\xe9,1\r\n".to_vec(),
            "events.csv: row 3, column ITEM_ID, value \"th\u{fffd}\": the cell is not UTF-8",
        ),
        (
            "too few cells",
            format!("{HEADER}ada,tea,1\nada,tea\nada,tea,3\n").into(),
            "events.csv: row 3: the row has 2 cells where the header has 3",
        ),
        (
            "too many cells",
            format!("{HEADER}ada,\"te\na\",1\nada,tea,3,\n").into(),
            "events.csv: row 4: the row has 4 cells where the header has 3",
        ),
        (
            "blank line",
            format!("{HEADER}ada,tea,1\n\n\nada,tea,3\n").into(),
            "events.csv: row 3: the line is blank",
        ),
        (
            "huge cell",
            long.into(),
            "events.csv: row 3, column ITEM_ID, value \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx... \
             (216 more)\": the cell is longer than 1048576 bytes; is a quote left open?",
        ),
        (
            "open quote",
            format!("{HEADER}ada,\"tea,1\nada,tea,3\n").into(),
            "events.csv: row 2, column ITEM_ID, value \"\\\"tea\": the file ends inside a quoted cell",
        ),
        (
            "stray quote",
            format!("{HEADER}ada,5\" nail,1\n").into(),
            "events.csv: row 2, column ITEM_ID, value \"5\\\" nail\": a cell with a quote in it must be \
             quoted, and the quote written twice",
        ),
        (
            "backslash before a quote",
            format!("{HEADER}ada,\"5\\\" nail\",1\n").into(),
            "events.csv: row 2, column ITEM_ID, value \"\\\"5\\\\\\\" nail\\\"\": text follows the closing \
             quote; a quote inside a quoted cell is written twice",
        ),
        (
            "carriage return",
            format!("{HEADER}ada\r,tea,1\n").into(),
            "events.csv: row 2, column USER_ID, value \"ada\": a carriage return ends an unquoted cell in \
             the middle of a row",
        ),
        (
            "an earlier row with a bad value comes first",
            format!("{HEADER}ada,tea,x\nada,tea\n").into(),
            "events.csv: row 2, column TIMESTAMP, value \"x\": must be a whole number (long)",
        ),
    ];
    for (kind, bytes, expected) in table {
        assert_eq!(message(bytes), *expected, "{kind}");
        assert_eq!(message(gzip(bytes)), *expected, "{kind}, gzip");
    }
}

#[test]
fn values_that_break_a_rule_are_refused_with_their_cell() {
    let (id, category) = ("i".repeat(257), "c".repeat(1001));
    let table = [
        (",tea,buy,1,1,1,1,true,a,", "USER_ID", "", "must not be empty"),
        ("\"\",tea,buy,1,1,1,1,true,a,", "USER_ID", "", "must not be empty"),
        ("ada,,buy,1,1,1,1,true,a,", "ITEM_ID", "", "must not be empty"),
        ("ada,tea,,1,1,1,1,true,a,", "EVENT_TYPE", "", "must not be empty"),
        ("ada,tea,buy,1,,1,1,true,a,", "TIMESTAMP", "", "must not be empty"),
        ("ada,tea,buy,1,-1,1,1,true,a,", "TIMESTAMP", "-1", "must not be negative"),
        ("ada,tea,buy,1,1.5,1,1,true,a,", "TIMESTAMP", "1.5", "must be a whole number (long)"),
        (
            "ada,tea,buy,1,2019-01-01,1,1,true,a,",
            "TIMESTAMP",
            "2019-01-01",
            "must be a whole number (long)",
        ),
        ("ada,tea,buy,1, 7,1,1,true,a,", "TIMESTAMP", " 7", "must be a whole number (long)"),
        (
            "ada,tea,buy,much,1,1,1,true,a,",
            "EVENT_VALUE",
            "much",
            "must be a finite number (float)",
        ),
        ("ada,tea,buy,NaN,1,1,1,true,a,", "EVENT_VALUE", "NaN", "must be a finite number (float)"),
        (
            "ada,tea,buy,1,1,3000000000,1,true,a,",
            "AGE",
            "3000000000",
            "must be a whole number (int)",
        ),
        ("ada,tea,buy,1,1,,1,true,a,", "AGE", "", "must not be empty"),
        ("ada,tea,buy,1,1,1,inf,true,a,", "BIG", "inf", "must be a finite number (double)"),
        ("ada,tea,buy,1,1,1,1,True,a,", "FLAG", "True", "must be true or false, in lower case"),
        ("ada,tea,buy,1,1,1,1,1,a,", "FLAG", "1", "must be true or false, in lower case"),
        (
            "ITEM_ID,tea,buy,1,1,1,1,true,a,",
            "USER_ID",
            "ITEM_ID",
            "is a reserved name and may not be a value",
        ),
        (
            "ada,tea,TIMESTAMP,1,1,1,1,true,a,",
            "EVENT_TYPE",
            "TIMESTAMP",
            "is a reserved name and may not be a value",
        ),
        (
            "ada,tea,buy,1,1,1,1,true,b|USER_ID,",
            "PLACE",
            "b|USER_ID",
            "is a reserved name and may not be a value",
        ),
    ];
    for (row, column, value, rule) in table {
        let expected = format!("events.csv: row 3, column {column}, value {value:?}: {rule}");
        assert_eq!(message_of_row(row), expected, "{row}");
    }
    let i40 = "i".repeat(40);
    assert_eq!(
        message_of_row(&format!("ada,{id},buy,1,1,1,1,true,a,")),
        format!(
            "events.csv: row 3, column ITEM_ID, value \"{i40}... (217 more)\": is 257 characters long, at \
             most 256 are allowed"
        )
    );
    let c40 = "c".repeat(40);
    let expected = |column| {
        format!(
            "events.csv: row 3, column {column}, value \"{c40}... (961 more)\": is 1001 characters long, at \
             most 1000 are allowed"
        )
    };
    assert_eq!(message_of_row(&format!("ada,tea,buy,1,1,1,1,true,{category},")), expected("PLACE"));
    assert_eq!(
        message_of_row(&format!("ada,tea,buy,1,1,1,1,true,a,{category}")),
        expected("IMPRESSION")
    );
}

#[test]
fn the_first_fault_in_reading_order_is_named_across_blocks() {
    // Rows enough for several blocks of 4 MiB; the fault stands in the last.
    let rows = 600_000;
    let mut text = HEADER.to_owned();
    for row in 0..rows {
        writeln!(text, "user-{},item-{},{row}", row % 5000, row % 700).unwrap();
    }
    text.push_str("ada,tea,late\nada,,1\n");
    let expected = format!(
        "events.csv: row {}, column TIMESTAMP, value \"late\": must be a whole number (long)",
        rows + 2
    );
    assert_eq!(message(&text), expected);
    assert_eq!(message(gzip(text.as_bytes())), expected);
}

#[test]
fn gzip_that_is_cut_short_or_damaged_is_refused() {
    let mut text = HEADER.to_owned();
    for row in 0..1000 {
        writeln!(text, "user-{},item-{},{row}", row % 37, row * 7919 % 101).unwrap();
    }
    let whole = gzip(text.as_bytes());
    for cut in [3, 12, whole.len() / 2, whole.len() - 1] {
        let expected = "events.csv: the gzip data end too early; the file is truncated";
        assert_eq!(message(&whole[..cut]), expected, "cut at {cut}");
    }
    let mut damaged = whole.clone();
    let last = damaged.len() - 6;
    damaged[last] ^= 1; // in the checksum
    assert_eq!(message(&damaged), "events.csv: the gzip data are corrupt");
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let folder = Folder::new();
    let error = import_file(&folder.path("none.csv")).unwrap_err();
    assert!(matches!(error, DataError::Io { .. }), "{error:?}");
    assert_eq!(
        folder.message(&error),
        "cannot read none.csv: No such file or directory (os error 2)"
    );
    let path = folder.write("events.txt", HEADER);
    let error = import_file(&path).unwrap_err();
    let expected = "events.txt: the file name must end in .csv, .csv.gz or .parquet";
    assert_eq!(folder.message(&error), expected);
}

#[test]
fn too_little_data_is_refused_by_default() {
    let folder = Folder::new();
    let mut text = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE\n".to_owned();
    for row in 0..1000 {
        // 24 users have two or more events, the others one.
        let user = if row < 500 { row % 24 } else { row };
        let kind = if row == 0 { "buy" } else { "view" };
        writeln!(text, "u{user},i{},{row},{kind}", row % 10).unwrap();
    }
    let path = folder.write("events.csv", text);
    let said = |rules| {
        let request = ImportRequest::new(Source::new(&path)).with_rules(rules);
        import(&request).map_err(|error| folder.message(&error)).map(|group| group.users.len())
    };
    let error = said(ImportRules::default()).unwrap_err();
    let expected =
        "events.csv: dataset has fewer than 25 users with at least 2 interactions each: 24";
    assert_eq!(error, expected);
    assert_eq!(said(ImportRules { min_users_with_two: 24, ..Default::default() }), Ok(524));
    let views = ImportRules { event_type: Some("view".into()), ..Default::default() };
    let expected = "events.csv: dataset has fewer than 1000 interactions after filtering by event type view: 999";
    assert_eq!(said(views).unwrap_err(), expected);
    let many = ImportRules { min_interactions: 1001, ..Default::default() };
    assert_eq!(
        said(many).unwrap_err(),
        "events.csv: dataset has fewer than 1001 interactions: 1000"
    );
}

#[test]
fn rules_that_contradict_themselves_or_the_file_are_refused() {
    let folder = Folder::new();
    let path = folder.write("events.csv", format!("{HEADER}ada,tea,1\n"));
    let said = |rules| {
        let request = ImportRequest::new(Source::new(&path)).with_rules(rules);
        folder.message(&import(&request).unwrap_err())
    };
    let threshold = |value| ImportRules { event_value_threshold: Some(value), ..lax() };
    assert_eq!(said(threshold(1.0)), "import rule event_value_threshold: needs event_type as well");
    assert_eq!(
        said(threshold(f32::NAN)),
        "import rule event_value_threshold: must be a finite number"
    );
    let kind = ImportRules { event_type: Some("buy".into()), ..lax() };
    assert_eq!(said(kind), "import rule event_type: the interactions have no column EVENT_TYPE");
    let session = ImportRules { session_column: Some("INVOICE".into()), ..lax() };
    assert_eq!(
        said(session),
        "import rule session_column: the interactions have no column INVOICE"
    );
    let schema = schema("Users", &["USER_ID string"]);
    let request = ImportRequest::new(Source::new(&path).with_schema(schema));
    let error = import(&request).unwrap_err();
    let expected = Rule::WrongDataset { found: "Users", expected: "Interactions" };
    assert_eq!(error.rule(), Some(&expected));
}
