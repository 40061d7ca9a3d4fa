//! Related series against the target and the horizon. Oracle of all: worked out by hand from B6.

use ensue_data::forecast::{Domain, Era, Featurization, Filling, ForecastImport, Rules, Source};

use super::{Folder, RELATED, import, prices, request, series};

/// Jam from 2019-01-02, tea from 2019-01-01; both to 2019-01-03.
const ROWS: &str =
    "tea,2019-01-01,1 tea,2019-01-02,2 tea,2019-01-03,3 jam,2019-01-02,4 jam,2019-01-03,5";

/// Rows with prices on consecutive days of January 2019 from `first`; `-` is no row, `?` an empty cell.
fn days(item: &str, first: usize, prices: &str) -> String {
    let days = prices.split(' ').enumerate().filter(|(_, price)| *price != "-");
    let rows = days.map(|(at, price)| {
        format!("{item},2019-01-{:02},{} ", first + at, price.trim_matches('?'))
    });
    rows.collect()
}

fn old() -> Rules {
    Rules { era: Era::Y2019, ..Rules::default() }
}

fn price(middle: Option<Filling>, back: Option<Filling>, future: Option<Filling>) -> Rules {
    let price = Featurization {
        middlefill: middle,
        backfill: back,
        futurefill: future,
        ..Featurization::new("price")
    };
    Rules { featurizations: vec![price], ..Rules::default() }
}

/// Prices of jam, then tea, under some rules; or what is refused.
fn said(rules: Rules, horizon: Option<usize>, rows: &str) -> Result<Vec<String>, String> {
    let folder = Folder::new();
    let related = folder.rows("related.csv", RELATED, rows);
    let request = request(&folder, "D", ROWS).with_related(related).with_rules(rules);
    let group = import(&ForecastImport { horizon, ..request });
    group.map(|group| prices(&group)).map_err(|error| folder.message(&error))
}

#[test]
fn values_before_the_target_and_beyond_the_horizon_are_not_used() {
    let rows = days("tea", 1, "1 2 3 4 5 6") + &days("jam", 1, "9 8 7 6 5");
    let expected = ["jam: 8 7 6 5", "tea: 1 2 3 4 5"].map(str::to_owned);
    assert_eq!(said(Rules::default(), Some(2), &rows).unwrap(), expected);
    assert_eq!(said(old(), Some(2), &rows).unwrap(), expected);
    // Without a horizon, as far as they go.
    let expected = ["jam: 8 7 6 5", "tea: 1 2 3 4 5 6"].map(str::to_owned);
    assert_eq!(said(Rules::default(), None, &rows).unwrap(), expected);
}

#[test]
fn historical_series_end_with_the_target() {
    let rows = days("tea", 1, "1 2 3") + &days("jam", 2, "8 7");
    let expected = ["jam: 8 7", "tea: 1 2 3"].map(str::to_owned);
    assert_eq!(said(Rules::default(), Some(2), &rows).unwrap(), expected);
    let error = said(old(), Some(2), &rows).unwrap_err();
    let expected = "related.csv: series [\"jam\"], feature price, 2019-01-04 00:00:00: the related series \
                    is too short for the horizon of 2: a series with values in it must reach its end, \
                    2019-01-05 00:00:00";
    assert_eq!(error, expected);
}

#[test]
fn one_value_in_the_horizon_makes_all_items_cover_it() {
    let rows = days("tea", 1, "1 2 3 4 5") + &days("jam", 2, "8 7 6");
    let error = said(Rules::default(), Some(2), &rows).unwrap_err();
    let expected = "related.csv: series [\"jam\"], feature price, 2019-01-05 00:00:00: the related series \
                    is too short for the horizon of 2: a series with values in it must reach its end, \
                    2019-01-05 00:00:00";
    assert_eq!(error, expected);
    let filled = price(None, None, Some(Filling::Max));
    let expected = ["jam: 8 7 6 8", "tea: 1 2 3 4 5"].map(str::to_owned);
    assert_eq!(said(filled, Some(2), &rows).unwrap(), expected);
}

#[test]
fn each_region_of_a_related_series_needs_its_filling() {
    // Middle: jam on the 3rd, an empty cell of tea on the 2nd. Back and future: tea from the 3rd on.
    let rows = days("tea", 1, "1 ?") + &days("tea", 3, "?") + &days("jam", 2, "8 - 6 - 4 9");
    let at = |item: &str, day: usize, what: &str| {
        format!(
            "related.csv: series [{item:?}], feature price, 2019-01-{day:02} 00:00:00: the related series {what}"
        )
    };
    let gap = |filling: &str| {
        format!("has a gap; it must be complete, or a {filling} be set for the feature")
    };
    let rules = |middle, back, future| price(middle, back, future);
    let zero = Some(Filling::Zero);
    assert_eq!(
        said(rules(None, None, None), Some(3), &rows).unwrap_err(),
        at("jam", 3, &gap("middlefill"))
    );
    assert_eq!(
        said(rules(zero, None, None), Some(3), &rows).unwrap_err(),
        at("jam", 5, &gap("futurefill"))
    );
    let early = "is too short: it must reach the last step of the target, 2019-01-03 00:00:00";
    assert_eq!(said(rules(zero, None, zero), Some(3), &rows).unwrap_err(), at("tea", 2, early));
    let mean = Some(Filling::Mean);
    let value = Some(Filling::Value(0.5));
    let found = said(rules(mean, value, zero), Some(3), &rows).unwrap();
    assert_eq!(found, ["jam: 8 8 6 0 4", "tea: 1 0.5 0.5 0 0 0"]);
    let error = said(old(), Some(3), &rows).unwrap_err();
    assert_eq!(error, at("jam", 3, "has a gap; it must be complete"));
}

#[test]
fn related_series_restrict_the_group_to_their_items() {
    let folder = Folder::new();
    let rows = days("tea", 1, "1 2 3") + &days("rye", 1, "1 2 3");
    let related = folder.rows("related.csv", RELATED, &rows);
    let request = request(&folder, "D", ROWS).with_related(related);
    let group = import(&request).unwrap();
    assert_eq!(prices(&group), ["tea: 1 2 3"]);
    let warnings = [
        "1 of 2 series have no related series and are left out: related series restrict the group to \
         their items",
        "3 rows of RELATED_TIME_SERIES belong to no item of the target series or the metadata and are \
         not used",
    ];
    assert_eq!(group.warnings, warnings);
    let error = import(&request.with_rules(old())).unwrap_err();
    let expected = "related.csv: series [\"jam\"], feature price, 2019-01-02 00:00:00: the item has no \
                    related series; in 2019 every item of the target needs them";
    assert_eq!(folder.message(&error), expected);
    let nothing = said(Rules::default(), None, &days("rye", 1, "1 2 3")).unwrap_err();
    assert_eq!(nothing, "target.csv: the related series cover no item of the target series");
}

const WITH_SHOP: &str = "item_id string, timestamp timestamp, target_value float, shop string";
const SHOPS: &str = "tea,2019-01-01,1,east tea,2019-01-02,2,east tea,2019-01-01,3,west \
                     tea,2019-01-02,4,west jam,2019-01-02,5,east";

fn shops(folder: &Folder, fields: &str, rows: &str) -> ForecastImport {
    let target = folder.rows("target.csv", WITH_SHOP, SHOPS);
    let related: Source = folder.rows("related.csv", fields, rows);
    ForecastImport::new(Domain::Custom, "D".parse().unwrap(), target)
        .with_dimensions(["shop"])
        .with_related(related)
}

#[test]
fn related_series_of_fewer_dimensions_are_those_of_all_of_them() {
    let folder = Folder::new();
    let rows = days("tea", 1, "1 2") + &days("jam", 2, "3");
    let group = import(&shops(&folder, RELATED, &rows)).unwrap();
    assert_eq!(prices(&group), ["jam/east: 3", "tea/east: 1 2", "tea/west: 1 2"]);
}

#[test]
fn related_series_of_all_dimensions_are_each_their_own() {
    let folder = Folder::new();
    let fields = "shop string, item_id string, price integer, timestamp timestamp";
    let rows = "east,tea,1,2019-01-01 west,tea,2,2019-01-01 west,tea,3,2019-01-02 \
                east,tea,4,2019-01-02 east,jam,5,2019-01-02 north,tea,6,2019-01-02";
    let group = import(&shops(&folder, fields, rows)).unwrap();
    assert_eq!(prices(&group), ["jam/east: 5", "tea/east: 1 4", "tea/west: 2 3"]);
    assert_eq!(group.statistics[1].fields[0].count_distinct, Some(3));
}

#[test]
fn several_features_keep_their_order_and_their_own_reach() {
    let folder = Folder::new();
    let fields = "item_id string, deal integer, timestamp timestamp, price float";
    // The price is historical, the deal is known for the horizon of one day.
    let rows = "tea,1,2019-01-01,0.5 tea,0,2019-01-02,0.25 tea,1,2019-01-03,";
    let related = folder.rows("related.csv", fields, rows);
    let target = "tea,2019-01-01,1 tea,2019-01-02,1";
    let request = request(&folder, "D", target).with_related(related).with_horizon(1);
    let group = import(&request).unwrap();
    assert_eq!(group.panel.related(), ["deal", "price"]);
    let tea = group.panel.series()[0].related();
    assert_eq!((tea[0].as_slice(), tea[1].as_slice()), (&[1.0, 0.0, 1.0][..], &[0.5, 0.25][..]));
}

#[test]
fn items_without_history_need_the_horizon_alone() {
    let folder = Folder::new();
    let category = "item_id string, category string";
    let metadata = folder.rows("metadata.csv", category, "rye,x fig,x tea,x jam,x");
    let rows = days("tea", 1, "1 2 3 4") + &days("jam", 1, "1 2 3 4") + &days("rye", 4, "7");
    let related = folder.rows("related.csv", RELATED, &rows);
    let request = request(&folder, "D", ROWS).with_related(related).with_metadata(metadata);
    let group = import(&request.clone().with_horizon(1)).unwrap();
    assert_eq!(prices(&group), ["jam: 2 3 4", "rye: 7", "tea: 1 2 3 4"]);
    assert_eq!(series(&group)[1], "rye from 2019-01-04T00:00:00: ");
    assert_eq!(group.warnings.len(), 1, "fig has no related series: {:?}", group.warnings);
    // Where nothing must reach into the horizon, nothing is needed.
    let rows = days("tea", 1, "1 2 3") + &days("jam", 1, "1 2 3");
    let related = folder.rows("related.csv", RELATED, &rows);
    let group = import(&request.with_related(related).with_horizon(1)).unwrap();
    assert_eq!(prices(&group), ["fig: ", "jam: 2 3", "rye: ", "tea: 1 2 3"]);
}

#[test]
fn what_reaches_beyond_the_horizon_is_warned_of_later_than_2019() {
    let rows = days("tea", 1, "1 2 3 4 5") + &days("jam", 1, "1 2 3 4");
    let warnings = |rules| {
        let folder = Folder::new();
        let related = folder.rows("related.csv", RELATED, &rows);
        let request = request(&folder, "D", ROWS).with_related(related).with_horizon(1);
        import(&request.with_rules(rules)).unwrap().warnings
    };
    let warning = "RELATED_TIME_SERIES reaches beyond the horizon; what lies there is not used";
    assert_eq!(warnings(Rules::default()), [warning]);
    assert!(warnings(old()).is_empty());
}

// Oracle: the compatibility example of B6: target D, related W, forecast W fits; related D does not.
#[test]
fn related_series_have_the_forecast_frequency() {
    let folder = Folder::new();
    let target = "tea,2019-01-01,1 tea,2019-01-02,2 tea,2019-01-08,3"; // a Tuesday, a week and a day
    let weekly = folder.rows("related.csv", RELATED, "tea,2018-12-31,1 tea,2019-01-07,2");
    let request = request(&folder, "W", target).with_related(weekly);
    let group = import(&request).unwrap();
    assert_eq!(series(&group), ["tea from 2018-12-31T00:00:00: 3 3"]);
    assert_eq!(prices(&group), ["tea: 1 2"]);
    let daily = folder.rows("related.csv", RELATED, &days("tea", 1, "1 2 3 4 5 6 7 8"));
    let error = import(&request.with_related(daily)).unwrap_err();
    let expected = "related.csv: row 2, column price, value \"2\": a second value in the step of \
                    2018-12-31 00:00:00; related series are not aggregated, so there may be one value a \
                    step of the forecast frequency W";
    assert_eq!(folder.message(&error), expected);
}
