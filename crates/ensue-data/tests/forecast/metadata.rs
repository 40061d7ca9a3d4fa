//! Metadata of items. Oracle of all: worked out by hand.

use ensue_data::forecast::{Domain, Era, ForecastImport, Rules};

use super::{Folder, import, request, series};

fn categories(
    folder: &Folder,
    fields: &str,
    rows: &str,
) -> (Vec<Vec<String>>, Vec<Vec<u32>>, Vec<String>) {
    let metadata = folder.rows("metadata.csv", fields, rows);
    let request = request(folder, "D", "tea,2019-01-01,1 jam,2019-01-01,1").with_metadata(metadata);
    let group = import(&request).unwrap();
    let features = group.panel.features().iter().map(|feature| feature.categories.clone());
    let codes = group.panel.series().iter().map(|one| one.categories().to_vec());
    (features.collect(), codes.collect(), group.warnings)
}

#[test]
fn categories_are_sorted_and_missing_ones_unknown() {
    let folder = Folder::new();
    let fields = "category string, item_id string, brand string";
    let (features, codes, warnings) = categories(&folder, fields, "hot,tea,x sweet,rye,a");
    assert_eq!(features, [["hot", "sweet"], ["a", "x"]]);
    // Jam, which has no row, rye without history, tea.
    assert_eq!(codes, [[u32::MAX; 2], [1, 0], [0, 1]]);
    assert!(warnings.is_empty());
}

#[test]
fn a_later_row_of_an_item_counts() {
    let folder = Folder::new();
    let fields = "item_id string, category string";
    let (_, codes, warnings) = categories(&folder, fields, "tea,cold tea,hot jam,sweet");
    assert_eq!(codes, [[2], [1]]);
    let warning =
        "1 rows of ITEM_METADATA have an item that a later row repeats; the later row counts";
    assert_eq!(warnings, [warning]);
}

#[test]
fn a_first_row_that_may_be_a_header_is_warned_of() {
    let folder = Folder::new();
    let fields = "item_id string, brand string";
    let of = |rows: &str| categories(&folder, fields, rows).2;
    let warning = |item: &str| {
        format!(
            "the first row of ITEM_METADATA makes an item {item:?} that the target series do not have, \
             while most other rows are of items that they have; if it is a header, it must have the schema's \
             names"
        )
    };
    assert_eq!(of("product,maker tea,acme jam,acme"), [warning("product")]);
    assert_eq!(of("product,maker tea,acme rye,acme jam,"), [warning("product")]);
    for rows in [
        "tea,acme jam,acme",
        "product,maker",
        // Most others are not known either.
        "product,maker tea,acme rye,acme",
        // An item or a brand that comes again, or is missing, is no name of a column.
        "product,maker tea,acme jam,maker",
        "product,maker tea,acme jam,acme product,acme tea,acme",
        "product, tea,acme jam,acme",
    ] {
        let warnings = of(rows);
        assert!(!warnings.contains(&warning("product")), "{rows}: {warnings:?}");
    }
    let metadata = folder.rows("metadata.csv", fields, "product,maker tea,acme jam,acme");
    let request = request(&folder, "D", "tea,2019-01-01,1 jam,2019-01-01,1");
    let said =
        |header| import(&request.clone().with_metadata(metadata.clone().with_header(header)));
    let expected = "metadata.csv: column 1 is product where the schema has item_id";
    assert_eq!(folder.message(&said(true).unwrap_err()), expected);
    let group = said(false).unwrap();
    assert_eq!((group.panel.len(), group.warnings.len()), (3, 0));
}

#[test]
fn numbers_are_categories_by_their_value() {
    let folder = Folder::new();
    let fields = "workforce_type string, wages float, shift_length integer";
    let metadata = folder.rows("metadata.csv", fields, "cook,10.0,8 clerk,10,12 guard,NaN,");
    let target = "workforce_type string, timestamp timestamp, workforce_demand float";
    let target = folder.rows("target.csv", target, "cook,2019-01-01,1");
    let request = ForecastImport::new(Domain::WorkForce, "D".parse().unwrap(), target);
    let group = import(&request.clone().with_metadata(metadata)).unwrap();
    let features = group.panel.features();
    assert_eq!(features[0].categories, ["10"]);
    assert_eq!(features[1].categories, ["12", "8"]);
    let codes: Vec<_> = group.panel.series().iter().map(ensue_core::Series::categories).collect();
    assert_eq!(codes, [&[0, 0][..], &[0, 1], &[u32::MAX, u32::MAX]]);
    let wages = &group.statistics[1].fields[1];
    assert_eq!((wages.count_nan, wages.avg), (1, Some(10.0)));
    let metadata = folder.rows("metadata.csv", fields, "cook,much,8");
    let error = import(&request.with_metadata(metadata)).unwrap_err();
    let expected =
        "metadata.csv: row 1, column wages, value \"much\": must be a finite number (float)";
    assert_eq!(folder.message(&error), expected);
}

#[test]
fn items_without_history_take_every_combination_of_the_other_dimensions() {
    let folder = Folder::new();
    let fields =
        "item_id string, timestamp timestamp, target_value float, shop string, city string";
    let rows = "tea,2019-01-01,1,east,rome tea,2019-01-01,1,west,oslo jam,2019-01-01,1,east,rome";
    let target = folder.rows("target.csv", fields, rows);
    let metadata = folder.rows("metadata.csv", "item_id string, category string", "rye,dry");
    let request = ForecastImport::new(Domain::Custom, "D".parse().unwrap(), target);
    let group = import(&request.with_dimensions(["shop", "city"]).with_metadata(metadata)).unwrap();
    let keys: Vec<_> = group.panel.series().iter().map(|one| one.key().join("/")).collect();
    let expected =
        ["jam/east/rome", "rye/east/rome", "rye/west/oslo", "tea/east/rome", "tea/west/oslo"];
    assert_eq!(keys, expected);
    assert_eq!(series(&group)[2], "rye/west/oslo from 2019-01-02T00:00:00: ");
}

#[test]
fn more_series_without_history_than_allowed_are_refused() {
    let folder = Folder::new();
    let fields = "item_id string, timestamp timestamp, target_value float, shop string";
    let rows = "tea,2019-01-01,1,east tea,2019-01-01,1,west jam,2019-01-01,1,north";
    let target = folder.rows("target.csv", fields, rows);
    let metadata =
        folder.rows("metadata.csv", "item_id string, category string", "tea,hot rye,dry fig,x");
    let request = ForecastImport::new(Domain::Custom, "D".parse().unwrap(), target);
    let request = request.with_dimensions(["shop"]).with_metadata(metadata);
    let limited =
        |max_points| import(&request.clone().with_rules(Rules { max_points, ..Rules::default() }));
    // Two new items in three shops, at 32 steps each.
    assert_eq!(limited(192).unwrap().panel.len(), 9);
    let expected = "metadata.csv: 2 items are not in the target series; with 3 combinations of the other \
                    dimensions each they would make 6 series without history, each of which counts as \
                    32 steps, where 191 are allowed in all (rule max_points)";
    assert_eq!(folder.message(&limited(191).unwrap_err()), expected);
}

#[test]
fn metadata_that_the_domain_did_not_have_are_warned_of() {
    let folder = Folder::new();
    let fields = "item_id string, timestamp timestamp, value float";
    let target = folder.rows("target.csv", fields, "home,2019-01-01,1");
    let metadata = folder.rows("metadata.csv", "item_id string, topic string", "home,news");
    let request = ForecastImport::new(Domain::WebTraffic, "D".parse().unwrap(), target);
    let request = request.with_metadata(metadata);
    let old = Rules { era: Era::Y2019, ..Rules::default() };
    let group = import(&request.clone().with_rules(old)).unwrap();
    let warning = "the WEB_TRAFFIC domain has no ITEM_METADATA; it is used as it is";
    assert_eq!(group.warnings, [warning]);
    assert_eq!(group.panel.features()[0].categories, ["news"]);
    assert!(import(&request).unwrap().warnings.is_empty());
}
