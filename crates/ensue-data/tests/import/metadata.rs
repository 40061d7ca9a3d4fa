//! What Users and Items files become.

use ensue_data::{DatasetGroup, ImportRequest, MISSING_TIMESTAMP, MetadataColumn, Source};

use super::{Folder, import, lax, schema};

const EVENTS: &str = "USER_ID,ITEM_ID,TIMESTAMP\nada,tea,30\nbob,jam,20\nada,jam,10\n";

fn with_items(folder: &Folder, fields: &[&str], text: &str) -> Result<DatasetGroup, String> {
    let events = Source::new(folder.write("events.csv", EVENTS));
    let items = Source::new(folder.write("items.csv", text)).with_schema(schema("Items", fields));
    let request = ImportRequest::new(events).with_items(items).with_rules(lax());
    import(&request).map_err(|error| folder.message(&error))
}

// Oracle: by hand. jam comes first in the items file but second in the events; oat has no event.
#[test]
fn metadata_is_keyed_by_the_ids_of_the_events() {
    let folder = Folder::new();
    let fields = [
        "ITEM_ID string",
        "GENRE string? categorical",
        "PRICE float?",
        "STOCK long",
        "FRESH boolean?",
        "CREATION_TIMESTAMP long?",
        "PROSE string? textual",
    ];
    let text = "ITEM_ID,GENRE,PRICE,STOCK,FRESH,CREATION_TIMESTAMP,PROSE\n\
                jam,Sweet|Red|Sweet,2.5,7,false,,\"It is, well, jam\"\noat,,,8,,5,\n";
    let group = with_items(&folder, &fields, text).unwrap();
    assert_eq!(group.items.iter().collect::<Vec<_>>(), ["tea", "jam", "oat"]);
    assert_eq!((group.interactions.n_users(), group.interactions.n_items()), (2, 3));
    let table = group.item_table.as_ref().unwrap();
    assert_eq!([0, 1, 2].map(|item| table.has_row(item)), [false, true, true]);
    let names: Vec<_> = table.columns().map(|(name, _)| name).collect();
    assert_eq!(names, ["GENRE", "PRICE", "STOCK", "FRESH", "CREATION_TIMESTAMP"]);
    let Some(MetadataColumn::Categorical(genre)) = table.column("GENRE") else { panic!() };
    assert_eq!(genre.vocabulary().iter().collect::<Vec<_>>(), ["Sweet", "Red"]);
    assert_eq!([genre.of(0), genre.of(1), genre.of(2)], [&[][..], &[0, 1], &[]]);
    let Some(MetadataColumn::Number(price)) = table.column("PRICE") else { panic!() };
    assert!(price[0].is_nan() && price[1] == 2.5 && price[2].is_nan());
    let Some(MetadataColumn::Number(stock)) = table.column("STOCK") else { panic!() };
    assert!(stock[0].is_nan() && stock[1..] == [7.0, 8.0]);
    let fresh = MetadataColumn::Boolean(vec![None, Some(false), None]);
    assert_eq!(table.column("FRESH"), Some(&fresh));
    let created = MetadataColumn::Timestamp(vec![MISSING_TIMESTAMP, MISSING_TIMESTAMP, 5]);
    assert_eq!(table.column("CREATION_TIMESTAMP"), Some(&created));
    assert_eq!(group.warnings, ["textual field PROSE of Items is not used"]);
    // Amazon's rule: given, else oldest interaction, else newest of the dataset.
    assert_eq!(group.creation_timestamps(), [30, 10, 5]);
}

// Oracle: Amazon's rule for CREATION_TIMESTAMP.
#[test]
fn items_without_anything_were_created_with_the_newest_event() {
    let folder = Folder::new();
    let group = with_items(&folder, &["ITEM_ID string"], "ITEM_ID\noat\ntea\n").unwrap();
    assert_eq!(group.creation_timestamps(), [30, 10, 30]);
    assert_eq!(group.warnings, ["Items has no metadata field, only ids"]);
}

// Oracle: by hand.
#[test]
fn users_have_their_file_too_and_later_rows_win() {
    let folder = Folder::new();
    let events = Source::new(folder.write("events.csv", EVENTS));
    let fields = ["USER_ID string", "AGE int"];
    let users = Source::new(folder.write("users.csv", "USER_ID,AGE\nbob,30\neve,40\nbob,31\n"))
        .with_schema(schema("Users", &fields));
    let request = ImportRequest::new(events).with_users(users).with_rules(lax());
    let group = import(&request).unwrap();
    assert_eq!(group.users.iter().collect::<Vec<_>>(), ["ada", "bob", "eve"]);
    assert_eq!((group.interactions.n_users(), group.interactions.len()), (3, 3));
    let Some(MetadataColumn::Number(age)) = group.user_table.as_ref().unwrap().column("AGE") else {
        panic!()
    };
    assert!(age[0].is_nan() && age[1..] == [31.0, 40.0]);
    let warning = "1 rows of Users have an id that a later row repeats; the later row counts";
    assert_eq!(group.warnings, [warning]);
}

// Oracle: the rules, by hand.
#[test]
fn broken_metadata_is_refused_with_its_cell() {
    let folder = Folder::new();
    let fields = ["ITEM_ID string", "GENRE string categorical", "CREATION_TIMESTAMP long"];
    let said = |row: &str| {
        let text = format!("ITEM_ID,GENRE,CREATION_TIMESTAMP\ntea,Hot,1\n{row}\n");
        with_items(&folder, &fields, &text).unwrap_err()
    };
    let cell = "items.csv: row 3, column";
    assert_eq!(said(",Hot,1"), format!("{cell} ITEM_ID, value \"\": must not be empty"));
    assert_eq!(said("jam,,1"), format!("{cell} GENRE, value \"\": must not be empty"));
    let negative = format!("{cell} CREATION_TIMESTAMP, value \"-5\": must not be negative");
    assert_eq!(said("jam,Red,-5"), negative);
    let long = said(&format!("jam,Red|{},1", "x".repeat(1001)));
    assert!(long.ends_with(": is 1001 characters long, at most 1000 are allowed"), "{long}");
    // The limit is that of one category, not of the list.
    let list = ["x".repeat(900), "y".repeat(900)].join("|");
    let text = format!("ITEM_ID,GENRE,CREATION_TIMESTAMP\ntea,{list},1\n");
    assert!(with_items(&folder, &fields, &text).is_ok());
}

// Oracle: the rule; without a schema the meaning of a column is unknown.
#[test]
fn metadata_without_a_schema_needs_known_columns() {
    let folder = Folder::new();
    let events = Source::new(folder.write("events.csv", EVENTS));
    let said = |text: &str| {
        let items = Source::new(folder.write("items.csv", text));
        let request = ImportRequest::new(events.clone()).with_items(items).with_rules(lax());
        import(&request).map(|group| group.creation_timestamps()).map_err(|e| folder.message(&e))
    };
    assert_eq!(said("CREATION_TIMESTAMP,ITEM_ID\n3,tea\n"), Ok(vec![3, 10]));
    let refused = "items.csv: column GENRE needs a schema that gives its type";
    assert_eq!(said("ITEM_ID,GENRE\ntea,Hot\n"), Err(refused.to_owned()));
}
