//! The order of rows does not matter, and no file ends the program.

use ensue_data::forecast::{Aggregation, Featurization, Rules, Source};
use proptest::prelude::*;

use super::{Folder, RELATED, TARGET, import, prices, request, schema, series};

/// Item, half a day, value.
type Row = (u8, u8, i32);

/// Rows, and the same in another order. Whole numbers add up to the same in any order.
fn rows() -> impl Strategy<Value = (Vec<Row>, Vec<Row>)> {
    let row = (0_u8..4, 0_u8..20, -50_i32..50);
    prop::collection::vec(row, 1..60)
        .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))
}

fn text(rows: &[Row]) -> String {
    let row = |(item, half, value): &Row| {
        format!("i{item},2019-01-{:02}~{:02}:00:00,{value}", half / 2 + 1, half % 2 * 12)
    };
    rows.iter().map(row).collect::<Vec<_>>().join(" ")
}

/// Cells that are right, and cells that are wrong in one way or another.
fn cell() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "tea",
        "jam",
        "",
        "2019-01-01",
        "2019-01-02",
        "2019-01-03 12:00:00",
        "0000-01-01",
        "9999-12-31 23:59:59",
        "2019-02-30",
        "1",
        "-0.5",
        "NaN",
        "inf",
        "1e308",
        "1e39",
        "timestamp",
        "item_id",
        "\"",
        "a,b",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    // Oracle: the same rows in another order.
    #[test]
    fn target_series_are_the_same_in_any_order((rows, shuffled) in rows()) {
        for how in [Aggregation::Sum, Aggregation::Avg, Aggregation::Min, Aggregation::Max] {
            let of = |rows: &[Row]| {
                let folder = Folder::new();
                let target = Featurization {
                    aggregation: Some(how),
                    ..Featurization::new("target_value")
                };
                let rules = Rules { featurizations: vec![target], ..Rules::default() };
                series(&import(&request(&folder, "D", &text(rows)).with_rules(rules)).unwrap())
            };
            prop_assert_eq!(of(&rows), of(&shuffled));
        }
    }

    // Oracle: the same rows in another order; each step has one.
    #[test]
    fn related_series_are_the_same_in_any_order(
        order in Just((1_u8..21).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let folder = Folder::new();
        let rows: Vec<_> = order.iter().map(|day| format!("tea,2019-01-{day:02},{day}")).collect();
        let related = folder.rows("related.csv", RELATED, &rows.join(" "));
        let request = request(&folder, "D", "tea,2019-01-03,1 tea,2019-01-05,1");
        let group = import(&request.with_related(related).with_horizon(2)).unwrap();
        prop_assert_eq!(prices(&group), ["tea: 3 4 5 6 7"]);
    }

    // Oracle: whatever the cells, the import returns; what it returns fits its panel, or names a place.
    #[test]
    fn any_cells_are_read_without_a_panic(
        target in prop::collection::vec([cell(), cell(), cell()], 1..5),
        related in prop::collection::vec([cell(), cell(), cell()], 1..5),
        frequency in prop::sample::select(vec!["Y", "M", "W", "D", "H", "1min"]),
        horizon in prop::option::of(0_usize..5),
    ) {
        let folder = Folder::new();
        let write = |name: &str, fields: &str, rows: &[[&str; 3]]| {
            let rows: Vec<_> = rows.iter().map(|row| row.join(",")).collect();
            Source::new(folder.write(name, rows.join("\n")), schema(fields))
        };
        let mut request = request(&folder, frequency, "");
        request.rules.max_points = 10_000;
        // Mostly right, so that what lies behind the first checks is reached.
        let sound = ["tea,2019-01-01 00:00:00,1", "tea,2019-01-04 00:00:00,1"];
        let rows: Vec<_> = target.iter().map(|row| row.join(",")).chain(sound.map(str::to_owned)).collect();
        request.target = Source::new(folder.write("target.csv", rows.join("\n")), schema(TARGET));
        let alone = import(&request);
        request.horizon = horizon;
        request.related = Some(write("related.csv", RELATED, &related));
        let both = import(&request);
        if let (Err(alone), Err(both)) = (&alone, &both) {
            let horizon_first = horizon == Some(0);
            prop_assert!(horizon_first || folder.message(alone) == folder.message(both));
        }
        if let Ok(group) = alone {
            prop_assert!(group.panel.series().iter().any(|series| series.observed() > 0));
        }
    }
}
