//! Every kind of broken forecast data, with the exact message it gets. Oracle of all: the rule, read by a
//! person.

use ensue_data::forecast::{
    Aggregation, Domain, Era, Featurization, Filling, ForecastImport, Rules, Source,
};

use super::{Folder, RELATED, TARGET, import, request, schema};

const ROWS: &str = "tea,2019-01-01,1 tea,2019-01-02,2";
const HOURS: &str = "tea,2019-01-01~00:00:00,1 tea,2019-01-01~01:00:00,2";

/// What is said about a request.
fn said(make: impl FnOnce(&Folder) -> ForecastImport) -> String {
    let folder = Folder::new();
    let request = make(&folder);
    folder.message(&import(&request).unwrap_err())
}

/// What is said about daily rows of the target, the second of which is this.
fn row(second: &str) -> String {
    said(|folder| request(folder, "D", &format!("tea,2019-01-01,1 {second} tea,2019-01-03,1")))
}

/// What is said about these fields and rows of the target.
fn target(fields: &str, rows: &str) -> String {
    said(|folder| {
        let source = folder.rows("target.csv", fields, rows);
        ForecastImport::new(Domain::Custom, "D".parse().unwrap(), source)
    })
}

/// What is said about these fields and rows of the related series of a target of two days.
fn related(fields: &str, rows: &str) -> String {
    said(|folder| {
        let related = folder.rows("related.csv", fields, rows);
        request(folder, "D", ROWS).with_related(related).with_horizon(2)
    })
}

fn of_schema(file: &str, rule: &str) -> String {
    format!("the schema for {file} is refused: {rule}")
}

#[test]
fn twenty_kinds_are_refused_with_their_place_and_reason() {
    let with_time = |row: usize, value: &str, rule: &str| {
        format!("target.csv: row {row}, column timestamp, value {value:?}: {rule}")
    };
    let with_target = |value: &str, rule: &str| {
        format!("target.csv: row 2, column target_value, value {value:?}: {rule}")
    };
    let with_price = |time: &str, rule: &str| {
        format!("related.csv: series [\"tea\"], feature price, {time} 00:00:00: {rule}")
    };
    let either = "must be a time written yyyy-MM-dd HH:mm:ss or yyyy-MM-dd";
    let no_time = "there is no such date or time of day";
    let table = [
        (
            "1 wrong form of time",
            row("tea,02.01.2019,1"),
            with_time(2, "02.01.2019", either),
        ),
        (
            "2 hour data in the short form",
            said(|folder| request(folder, "H", &format!("{HOURS} tea,2019-01-02,1"))),
            with_time(3, "2019-01-02", "data by the hour or minute need yyyy-MM-dd HH:mm:ss"),
        ),
        (
            "3 impossible date",
            row("tea,2019-02-29,1"),
            with_time(2, "2019-02-29", no_time),
        ),
        (
            "4 gap in a related series without a filling rule",
            related(RELATED, "tea,2019-01-01,1 tea,2019-01-03,1 tea,2019-01-04,1"),
            with_price(
                "2019-01-02",
                "the related series has a gap; it must be complete, or a middlefill be set for the feature",
            ),
        ),
        (
            "5 related series too short for the horizon",
            related(RELATED, "tea,2019-01-01,1 tea,2019-01-02,1 tea,2019-01-03,1"),
            with_price(
                "2019-01-04",
                "the related series is too short for the horizon of 2: a series with values in it must \
                 reach its end, 2019-01-04 00:00:00",
            ),
        ),
        (
            "6 related series starting late",
            related(RELATED, "tea,2019-01-02,1 tea,2019-01-03,1 tea,2019-01-04,1"),
            with_price(
                "2019-01-01",
                "the related series starts late: it must start on or before the target's first step",
            ),
        ),
        (
            "7 related series with the target in it",
            related(TARGET, "tea,2019-01-01,1"),
            of_schema(
                "related.csv",
                "RELATED_TIME_SERIES must not contain the target, target_value",
            ),
        ),
        (
            "8 string feature that is no dimension",
            related("item_id string, timestamp timestamp, price float, mood string", "tea,2019-01-01,1,x"),
            of_schema(
                "related.csv",
                "the attribute(s) [mood] present in the RELATED_TIME_SERIES schema should be of numeric \
                 type such as `integer` or `float`, or be added as a forecast dimension",
            ),
        ),
        (
            "9 unknown dimension",
            said(|folder| request(folder, "D", ROWS).with_dimensions(["shop"])),
            "import rule dimensions: shop is no attribute of TARGET_TIME_SERIES".to_owned(),
        ),
        (
            "10 reserved name",
            target("item_id string, timestamp timestamp, target_value float, state string", "tea,2019-01-01,1,x"),
            of_schema("target.csv", "attribute name state is reserved"),
        ),
        (
            "11 integer target with a fraction",
            target(
                "item_id string, timestamp timestamp, target_value integer",
                "tea,2019-01-01,1 tea,2019-01-02,1.5",
            ),
            with_target("1.5", "must be a whole number (integer)"),
        ),
        (
            "12 infinity",
            row("tea,2019-01-02,-inf"),
            with_target("-inf", "must be finite, or NaN where it is missing"),
        ),
        (
            "13 forecast frequency finer than the data",
            said(|folder| {
                let mut request = request(folder, "H", ROWS);
                request.target.frequency = Some("D".parse().unwrap());
                request
            }),
            "import rule frequency: H is finer than the data, which have D; it must be equal or coarser"
                .to_owned(),
        ),
        (
            "14 schema shorter than the row",
            row("tea,2019-01-02,1,east"),
            "target.csv: row 2: the row has 4 cells where the schema has 3 attributes".to_owned(),
        ),
        (
            "15 metadata not a string",
            said(|folder| {
                let metadata = folder.rows("metadata.csv", "item_id string, weight float", "tea,1");
                request(folder, "D", ROWS).with_metadata(metadata)
            }),
            of_schema(
                "metadata.csv",
                "attribute weight of ITEM_METADATA is of type float: metadata are categories and must be \
                 string",
            ),
        ),
        (
            "16 no usable series",
            target(TARGET, "tea,2019-01-01, jam,2019-01-02,NaN"),
            "target.csv: no records were ingested for this data: no series has a single target value"
                .to_owned(),
        ),
        (
            "17 related series of another frequency",
            said(|folder| {
                let related = folder.rows("related.csv", RELATED, "tea,2018-12-31,1");
                request(folder, "D", ROWS).with_related(related.with_frequency("W".parse().unwrap()))
            }),
            "related.csv: the related series have frequency W; they are not aggregated, so it must be the \
             forecast frequency D"
                .to_owned(),
        ),
        (
            "18 no item",
            row(",2019-01-02,1"),
            "target.csv: row 2, column item_id, value \"\": must not be empty".to_owned(),
        ),
        (
            "19 no time",
            row("tea,,1"),
            with_time(2, "", "must not be empty"),
        ),
        (
            "20 no number",
            row("tea,2019-01-02,many"),
            with_target("many", "must be a finite number (float)"),
        ),
    ];
    for (kind, found, expected) in table {
        assert_eq!(found, expected, "{kind}");
    }
}

#[test]
fn headers_that_are_not_the_schema_name_the_column() {
    let header = |header: &str| target(TARGET, &format!("{header} tea,2019-01-01,1"));
    let differs = |position: usize, found: &str, expected: &str| {
        format!("target.csv: column {position} is {found} where the schema has {expected}")
    };
    assert_eq!(header("timestamp,item_id,target_value"), differs(1, "timestamp", "item_id"));
    assert_eq!(header("item_id,timestamp,demand"), differs(3, "demand", "target_value"));
    assert_eq!(header("item_id,Timestamp,target_value"), differs(2, "Timestamp", "timestamp"));
    assert_eq!(header("product,date,sold"), differs(1, "product", "item_id"));
    let missing = "target.csv: the file is missing the following columns: [target_value]";
    assert_eq!(header("item_id,timestamp"), missing);
    let unknown = "target.csv: column shop is not in the schema";
    assert_eq!(header("item_id,timestamp,target_value,shop"), unknown);
    let empty = said(|folder| {
        let source = Source::new(
            folder.write("target.csv", "item_id,timestamp,target_value\n"),
            schema(TARGET),
        );
        ForecastImport::new(Domain::Custom, "D".parse().unwrap(), source)
    });
    assert_eq!(empty, "target.csv: the file has a header but no rows");
    assert_eq!(target(TARGET, ""), "target.csv: the file is empty");
    // Told that there is no header, the first record is a row.
    let found = said(|folder| {
        let source = folder.rows("target.csv", TARGET, "item_id,timestamp,target_value");
        ForecastImport::new(Domain::Custom, "D".parse().unwrap(), source.with_header(false))
    });
    assert!(found.starts_with("target.csv: row 1, column timestamp, value \"timestamp\": must be"));
}

#[test]
fn dimensions_must_be_strings_of_the_target() {
    let dimensions = |names: &[&str]| {
        let fields = "item_id string, timestamp timestamp, target_value float, shop string";
        said(|folder| {
            let source = folder.rows("target.csv", fields, "tea,2019-01-01,1,east");
            let request = ForecastImport::new(Domain::Custom, "D".parse().unwrap(), source);
            request.with_dimensions(names.iter().copied())
        })
    };
    let no = |name: &str, reason: &str| {
        format!("import rule dimensions: {name} cannot be a forecast dimension: {reason}")
    };
    assert_eq!(dimensions(&["item_id"]), no("item_id", "the item always is one"));
    assert_eq!(dimensions(&["target_value"]), no("target_value", "it is no string"));
    assert_eq!(dimensions(&["timestamp"]), no("timestamp", "it is no string"));
    assert_eq!(dimensions(&["shop", "shop"]), "import rule dimensions: shop is named twice");
    let many: Vec<_> = (0..11).map(|at| format!("shop_{at}")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    let expected = "import rule dimensions: 11 forecast dimensions, at most 10 are allowed";
    assert_eq!(dimensions(&many), expected);
}

#[test]
fn settings_that_contradict_the_data_are_refused() {
    let with = |rules: Rules, horizon: Option<usize>| {
        said(|folder| {
            let rows = "tea,2019-01-01,1 tea,2019-01-02,1";
            let related = folder.rows("related.csv", RELATED, rows);
            let request = request(folder, "D", ROWS).with_related(related).with_rules(rules);
            ForecastImport { horizon, ..request }
        })
    };
    let of = |era, featurizations: &[Featurization]| Rules {
        era,
        featurizations: featurizations.to_vec(),
        ..Rules::default()
    };
    let price =
        |filling| Featurization { middlefill: Some(filling), ..Featurization::new("price") };
    let rule = |rule: &str| format!("import rule featurizations: {rule}");
    assert_eq!(with(Rules::default(), Some(0)), "import rule horizon: must be at least 1");
    let unknown = of(Era::Later, &[Featurization::new("prize")]);
    let expected = "prize is no attribute of the target or the features of the related series";
    assert_eq!(with(unknown, None), rule(expected));
    let item = of(Era::Later, &[Featurization::new("item_id")]);
    assert!(with(item, None).contains("item_id is no attribute"));
    let twice = of(Era::Later, &[price(Filling::Zero), price(Filling::Mean)]);
    assert_eq!(with(twice, None), rule("price is named twice"));
    let nan = of(Era::Later, &[price(Filling::Nan)]);
    let expected = "middlefill of price is nan; allowed: zero, value, mean, median, min, max";
    assert_eq!(with(nan, None), rule(expected));
    let large = of(Era::Later, &[price(Filling::Value(1e300))]);
    assert_eq!(with(large, None), rule("middlefill of price is value; allowed: a finite value"));
    let old = of(Era::Y2019, &[price(Filling::Zero)]);
    let expected = "middlefill of price is zero; allowed: none: only the target is filled (2019)";
    assert_eq!(with(old, None), rule(expected));
    let summed =
        Featurization { aggregation: Some(Aggregation::Sum), ..Featurization::new("price") };
    let expected = "aggregation of price is set; allowed: none: related series must have the forecast frequency";
    assert_eq!(with(of(Era::Later, &[summed]), None), rule(expected));
    let future = Featurization { futurefill: Some(Filling::Zero), ..Featurization::new("price") };
    assert_eq!(with(of(Era::Later, &[future]), None), rule("needs horizon as well"));
    let target = Featurization {
        middlefill: Some(Filling::Value(f64::NAN)),
        ..Featurization::new("target_value")
    };
    let expected = "middlefill of target_value is value; allowed: a finite value";
    assert_eq!(with(of(Era::Later, &[target]), None), rule(expected));
}

// Oracle: the enumeration of 2019.
#[test]
fn multiples_are_later_than_2019() {
    let old = Rules { era: Era::Y2019, ..Rules::default() };
    for frequency in ["2H", "3D", "2W", "2M", "20min", "59min"] {
        let found = said(|folder| request(folder, frequency, HOURS).with_rules(old.clone()));
        let expected = format!(
            "import rule frequency: is {frequency}; in 2019 only Y, M, W, D, H, 30min, 15min, 10min, 5min \
             and 1min are known"
        );
        assert_eq!(found, expected);
        let folder = Folder::new();
        assert!(import(&request(&folder, frequency, HOURS)).is_ok(), "{frequency}");
    }
    for frequency in ["Y", "M", "W", "D", "H", "30min", "15min", "10min", "5min", "1min"] {
        let folder = Folder::new();
        let request = request(&folder, frequency, HOURS).with_rules(old.clone());
        assert!(import(&request).is_ok(), "{frequency}");
    }
}

#[test]
fn a_mistyped_year_is_refused_and_not_filled() {
    let limited = |rows: &str, max_points| {
        said(|folder| {
            request(folder, "D", rows).with_rules(Rules { max_points, ..Rules::default() })
        })
    };
    let rule = |limit: usize, to: &str| {
        format!(
            "the series would take more than {limit} steps, from 2019-01-01 00:00:00 to {to} 00:00:00; is a \
             time mistyped? (rule max_points)"
        )
    };
    let found = limited("tea,2019-01-01,1 tea,2919-01-02,1", 1000);
    let expected = format!(
        "target.csv: row 2, column timestamp, value \"2919-01-02\": {}",
        rule(1000, "2919-01-02")
    );
    assert_eq!(found, expected);
    // Each item alone is short, but all are filled to the end of one.
    let found = limited("tea,2019-01-01,1 jam,2019-01-01,1 rye,2019-01-09,1", 18);
    assert_eq!(found, format!("target.csv: row 3: {}", rule(18, "2019-01-09")));
    let found = said(|folder| {
        let related = folder.rows("related.csv", RELATED, "tea,2019-01-01,1 tea,2019-01-02,1");
        request(folder, "D", ROWS).with_related(related).with_horizon(usize::MAX)
    });
    assert!(found.starts_with("import rule horizon: the series would take more than"), "{found}");
    let folder = Folder::new();
    let rules = Rules { max_points: 19, ..Rules::default() };
    let rows = "tea,2019-01-01,1 jam,2019-01-01,1 rye,2019-01-09,1";
    assert!(import(&request(&folder, "D", rows).with_rules(rules)).is_ok());
    let found = said(|folder| {
        let related = folder.rows("related.csv", RELATED, "tea,2019-01-01,1 tea,2919-01-02,1");
        let rules = Rules { max_points: 1000, ..Rules::default() };
        request(folder, "D", ROWS).with_related(related).with_rules(rules)
    });
    let expected = format!(
        "related.csv: row 2, column timestamp, value \"2919-01-02\": {}",
        rule(1000, "2919-01-02")
    );
    assert_eq!(found, expected);
}

#[test]
fn values_beyond_what_is_kept_are_refused() {
    let expected = "target.csv: row 2, column target_value, value \"1e308\": the sum of its step, 2019-01-01 \
                    00:00:00, is not finite";
    let found = target(TARGET, "tea,2019-01-01,1e308 tea,2019-01-01,1e308");
    assert_eq!(found, expected);
    let expected = "related.csv: row 1, column price, value \"1e300\": must be finite, or NaN where it is \
                    missing";
    assert_eq!(related(RELATED, "tea,2019-01-01,1e300"), expected);
    let missing = "related.csv: row 1, column item_id, value \"\": must not be empty";
    assert_eq!(related(RELATED, ",2019-01-01,1"), missing);
}

// Oracle: reading order, rows before columns, whatever their kind.
#[test]
fn the_first_fault_in_reading_order_is_named() {
    let found = target(TARGET, "tea,2019-01-01,1 tea,2019-01-02,x ,2019,x");
    assert!(found.starts_with("target.csv: row 2, column target_value, value \"x\""), "{found}");
    let found = target(TARGET, "tea,2019-01-01,1 ,2019,x");
    assert!(found.starts_with("target.csv: row 2, column item_id"), "{found}");
}
