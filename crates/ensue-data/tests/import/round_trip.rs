//! Any text that CSV can carry comes back, however it is cut into blocks.

use std::fmt::Write;

use ensue_data::{DataError, DatasetGroup};
use proptest::prelude::*;

use super::{Folder, events, gzip, import_file};

/// A cell by RFC 4180, quoted only where it must be or where asked for.
fn cell(value: &str, quoted: bool) -> String {
    if quoted || value.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", value.replace('"', "\"\""))
    } else {
        value.to_owned()
    }
}

fn csv(rows: &[(String, String, i64, bool)], end: &str) -> String {
    let mut text = format!("USER_ID,ITEM_ID,TIMESTAMP{end}");
    for (user, item, time, quoted) in rows {
        write!(text, "{},{},{time}{end}", cell(user, *quoted), cell(item, *quoted)).unwrap();
    }
    text
}

/// The same through memory instead of a file.
fn expected(rows: &[(String, String, i64, bool)]) -> Result<DatasetGroup, DataError> {
    let rows = rows.iter().map(|(user, item, time, _)| (user.as_str(), item.as_str(), *time));
    DatasetGroup::from_events(rows, &super::lax())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    // Oracle: the same events through `from_events`, which knows nothing of CSV.
    #[test]
    fn any_text_survives_a_csv_file(
        rows in prop::collection::vec(
            ("[a-z,\"\n\r |\\\\é]{1,6}", "[^\0]{1,12}", 0..1000_i64, any::<bool>()), 1..60),
        windows in any::<bool>(),
        zipped in any::<bool>(),
    ) {
        let folder = Folder::new();
        let text = csv(&rows, if windows { "\r\n" } else { "\n" });
        let bytes = if zipped { gzip(text.as_bytes()) } else { text.into_bytes() };
        let group = import_file(&folder.write("events.csv", bytes)).unwrap();
        let expected = expected(&rows).unwrap();
        prop_assert_eq!(events(&group), events(&expected));
        prop_assert_eq!(group.users, expected.users);
        prop_assert_eq!(group.items, expected.items);
        prop_assert_eq!(group.duplicates_dropped, expected.duplicates_dropped);
    }

    // Oracle: whatever the bytes, the import returns, and an error names the file.
    #[test]
    fn any_bytes_are_read_without_a_panic(
        bytes in prop::collection::vec(prop_oneof![Just(b','), Just(b'\n'), Just(b'"'), Just(b'1'), any::<u8>()], 0..80),
    ) {
        let folder = Folder::new();
        let text = [b"USER_ID,ITEM_ID,TIMESTAMP\n".as_slice(), &bytes].concat();
        if let Err(error) = import_file(&folder.write("events.csv", text)) {
            prop_assert!(folder.message(&error).starts_with("events.csv: "), "{}", error);
        }
    }
}

// Oracle: the same events through `from_events`. Cells of 3 lines and of some KiB make blocks end everywhere.
#[test]
fn long_cells_survive_the_ends_of_blocks() {
    let rows: Vec<_> = (0..4000_usize)
        .map(|row| {
            let user = format!("u{}\nä\"{}", row % 100, ",".repeat(row % 7));
            // Ids are limited to 256 characters, so many rows make the volume.
            let item = format!("{}\n{}", "é\"".repeat(row % 120), row % 50);
            (user, item, row as i64, row % 3 == 0)
        })
        .cycle()
        .take(40_000)
        .enumerate()
        .map(|(at, (user, item, _, quoted))| (user, item, at as i64, quoted))
        .collect();
    let folder = Folder::new();
    let text = csv(&rows, "\n");
    assert!(text.len() > 9 << 20, "{} bytes are too few blocks", text.len());
    let group = import_file(&folder.write("events.csv", &text)).unwrap();
    assert_eq!(events(&group), events(&expected(&rows).unwrap()));
    // A fault after all of them stands on the line that an editor shows.
    let line = text.lines().count() + 1;
    let path = folder.write("events.csv", format!("{text}ada,tea,x\n"));
    let said = folder.message(&import_file(&path).unwrap_err());
    assert!(said.starts_with(&format!("events.csv: row {line}, column TIMESTAMP")), "{said}");
}
