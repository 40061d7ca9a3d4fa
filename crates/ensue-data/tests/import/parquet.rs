//! Parquet files: what sound ones become and what is said about others.

use std::fmt::Write;
use std::fs::File;
use std::path::{Path, PathBuf};

use ensue_data::{ImportRequest, ImportRules, Source};
use polars::prelude::{Column, DataFrame, NamedFrom, ParquetWriter, Series};

use super::{Folder, events, import, import_file, lax, schema};

/// Writes columns to a file in row groups of a given length.
fn write(path: &Path, columns: Vec<Column>, group: usize) {
    let mut frame = DataFrame::new_infer_height(columns).unwrap();
    let file = File::create(path).unwrap();
    ParquetWriter::new(file).with_row_group_size(Some(group)).finish(&mut frame).unwrap();
}

fn column<T, Phantom: ?Sized>(name: &str, values: T) -> Column
where
    Series: NamedFrom<T, Phantom>,
{
    Column::new(name.into(), values)
}

fn sound(rows: usize) -> Vec<Column> {
    let users: Vec<String> = (0..rows).map(|row| format!("u{}", row % 13)).collect();
    let items: Vec<String> = (0..rows).map(|row| format!("i{}", row % 7)).collect();
    let times: Vec<i64> = (0..rows as i64).collect();
    vec![column("TIMESTAMP", times), column("USER_ID", users), column("ITEM_ID", items)]
}

fn file(folder: &Folder, columns: Vec<Column>) -> PathBuf {
    let path = folder.path("events.parquet");
    write(&path, columns, 1 << 18);
    path
}

// Oracle: the same rows as CSV.
#[test]
fn parquet_gives_what_csv_gives() {
    let folder = Folder::new();
    let path = folder.path("events.parquet");
    let rows = 1000;
    write(&path, sound(rows), 300);
    let group = import_file(&path).unwrap();
    let mut text = "USER_ID,ITEM_ID,TIMESTAMP\n".to_owned();
    for row in 0..rows {
        writeln!(text, "u{},i{},{row}", row % 13, row % 7).unwrap();
    }
    let csv = import_file(&folder.write("events.csv", text)).unwrap();
    assert_eq!(events(&group), events(&csv));
    assert_eq!(group.interactions.fingerprint(), csv.interactions.fingerprint());
}

// Oracle: by hand; every type that a schema knows.
#[test]
fn typed_columns_are_read_by_name() {
    let folder = Folder::new();
    let columns = vec![
        column("EVENT_VALUE", [Some(1.5_f64), None]),
        column("FLAG", [true, false]),
        column("TIMESTAMP", [7_i32, 5]),
        column("ITEM_ID", ["tea", "jam"]),
        column("EVENT_TYPE", ["buy", "view"]),
        column("USER_ID", ["ada", "ada"]),
        column("VISIT", [3_i64, 4]),
    ];
    let fields = [
        "USER_ID string",
        "ITEM_ID string",
        "TIMESTAMP long",
        "EVENT_TYPE string",
        "EVENT_VALUE float?",
        "FLAG boolean",
        "VISIT long",
    ];
    let source = Source::new(file(&folder, columns)).with_schema(schema("Interactions", &fields));
    let rules = ImportRules { session_column: Some("VISIT".into()), ..lax() };
    let group = import(&ImportRequest::new(source).with_rules(rules)).unwrap();
    let ada = group.interactions.user(0);
    assert_eq!((ada.items, ada.timestamps), (&[1, 0][..], &[5, 7][..]));
    assert_eq!(group.interactions.event_type_names(), ["buy", "view"]);
    assert!(ada.values.unwrap()[0].is_nan() && ada.values.unwrap()[1] == 1.5);
    assert_eq!(ada.sessions, Some(&[1, 0][..]));
}

// Oracle: the rules, by hand.
#[test]
fn wrong_types_and_columns_are_refused() {
    let folder = Folder::new();
    let with = |at: usize, other: Column| {
        let mut columns = sound(2);
        columns[at] = other;
        columns
    };
    let mut extra = sound(2);
    extra.push(column("PRICE", [1.0, 2.0]));
    let table = [
        (
            with(0, column("TIMESTAMP", ["1", "2"])),
            "events.parquet: column TIMESTAMP is stored as Utf8View where the schema says long",
        ),
        (
            with(0, column("TIMESTAMP", [1.0, 2.0])),
            "events.parquet: column TIMESTAMP is stored as Float64 where the schema says long",
        ),
        (
            with(1, column("USER_ID", [1_i64, 2])),
            "events.parquet: column USER_ID is stored as Int64 where the schema says string",
        ),
        (
            with(1, column("user", ["a", "b"])),
            "events.parquet: the file is missing the following columns: [USER_ID]",
        ),
        (extra, "events.parquet: column PRICE needs a schema that gives its type"),
        (
            with(1, column("USER_ID", [Some("a"), None])),
            "events.parquet: row 2, column USER_ID, value \"\": must not be empty",
        ),
        (
            with(1, column("USER_ID", ["a", ""])),
            "events.parquet: row 2, column USER_ID, value \"\": must not be empty",
        ),
        (
            with(0, column("TIMESTAMP", [4_i64, -4])),
            "events.parquet: row 2, column TIMESTAMP, value \"-4\": must not be negative",
        ),
        (sound(0), "events.parquet: the file has a header but no rows"),
    ];
    for (columns, expected) in table {
        let error = import_file(&file(&folder, columns)).unwrap_err();
        assert_eq!(folder.message(&error), expected);
    }
}

// Oracle: the position of the fault, which lies behind several row groups and inside one of more rows than
// are decoded at a time.
#[test]
fn rows_are_counted_over_groups_and_parts_of_them() {
    let folder = Folder::new();
    let path = folder.path("events.parquet");
    let rows = 700_000;
    for group in [100_000, rows] {
        let mut columns = sound(rows);
        let times: Vec<i64> =
            (0..rows as i64).map(|row| if row == 666_666 { -1 } else { row }).collect();
        columns[0] = column("TIMESTAMP", times);
        write(&path, columns, group);
        let expected =
            "events.parquet: row 666667, column TIMESTAMP, value \"-1\": must not be negative";
        assert_eq!(folder.message(&import_file(&path).unwrap_err()), expected);
    }
}

// Oracle: no damage passes as sound data of another kind, and none panics.
#[test]
fn truncated_and_foreign_files_are_refused() {
    let folder = Folder::new();
    let whole = std::fs::read(file(&folder, sound(1000))).unwrap();
    let said = |bytes: &[u8]| {
        let path = folder.write("broken.parquet", bytes);
        folder.message(&import_file(&path).unwrap_err())
    };
    assert_eq!(said(b""), "broken.parquet: the file is empty");
    for cut in [1, 4, 8, 11, whole.len() / 2, whole.len() - 1] {
        assert_eq!(
            said(&whole[..cut]),
            "broken.parquet: not a complete Parquet file",
            "cut at {cut}"
        );
    }
    assert_eq!(said(b"USER_ID,ITEM_ID,TIMESTAMP\n"), "broken.parquet: not a complete Parquet file");
    // One flipped byte anywhere: an error or (in a value) another value, but never a panic.
    for at in (0..whole.len()).step_by(7) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x55;
        let path = folder.write("broken.parquet", damaged);
        let _ = import_file(&path);
    }
}
