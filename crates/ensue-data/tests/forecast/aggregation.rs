//! Rows to steps of the forecast frequency. Oracle of all: worked out by hand from Amazon's rules.

use ensue_data::forecast::{Aggregation, Domain, Featurization, ForecastImport, Rules};

use super::{Folder, import, request, series};

fn by(how: Aggregation) -> Rules {
    let aggregation = Some(how);
    let target = Featurization { aggregation, ..Featurization::new("target_value") };
    Rules { featurizations: vec![target], ..Rules::default() }
}

// Oracle: the example of the developer guide's page on data alignment.
#[test]
fn the_documented_example_of_an_hour_adds_up() {
    let folder = Folder::new();
    let rows = "tea,2018-03-03~02:20:00,50 tea,2018-03-03~02:45:00,20";
    let group = import(&request(&folder, "H", rows)).unwrap();
    assert_eq!(series(&group), ["tea from 2018-03-03T02:00:00: 70"]);
}

#[test]
fn each_method_makes_one_value_of_a_step() {
    // Two steps; in the first the earliest row comes last, and two rows have its time.
    let rows = "tea,2019-01-01~05:00:00,8 tea,2019-01-01~09:00:00,1 tea,2019-01-02~00:00:00,5 \
                tea,2019-01-01~02:00:00,4 tea,2019-01-01~02:00:00,3 tea,2019-01-01~01:00:00,NaN";
    for (how, expected) in [
        (Aggregation::Sum, "16 5"),
        (Aggregation::Avg, "4 5"),
        (Aggregation::First, "4 5"),
        (Aggregation::Min, "1 5"),
        (Aggregation::Max, "8 5"),
    ] {
        let folder = Folder::new();
        let group = import(&request(&folder, "D", rows).with_rules(by(how))).unwrap();
        assert_eq!(
            series(&group),
            [format!("tea from 2019-01-01T00:00:00: {expected}")],
            "{how:?}"
        );
        assert_eq!(group.aggregated_rows, 3);
    }
}

#[test]
fn steps_begin_where_amazon_says() {
    // 2019-05-15 is a Wednesday.
    let rows = "tea,2019-05-15~14:47:59,1";
    for (frequency, start) in [
        ("Y", "2019-01-01T00:00:00"),
        ("M", "2019-05-01T00:00:00"),
        ("W", "2019-05-13T00:00:00"),
        ("D", "2019-05-15T00:00:00"),
        ("H", "2019-05-15T14:00:00"),
        ("30min", "2019-05-15T14:30:00"),
        ("1min", "2019-05-15T14:47:00"),
    ] {
        let folder = Folder::new();
        let group = import(&request(&folder, frequency, rows)).unwrap();
        assert_eq!(series(&group), [format!("tea from {start}: 1")], "{frequency}");
    }
}

const FIELDS: &str =
    "timestamp timestamp, target_value float, shop string, item_id string, city string";
const ROWS: &str = "2019-01-01,1,east,tea,rome 2019-01-01,2,west,tea,rome 2019-01-01,4,east,tea,oslo \
                    2019-01-02,8,east,jam,rome 2019-01-02,16,east,tea,rome";

fn by_dimensions(dimensions: &[&str]) -> (Vec<String>, Vec<String>) {
    let folder = Folder::new();
    let target = folder.rows("target.csv", FIELDS, ROWS);
    let request = ForecastImport::new(Domain::Custom, "D".parse().unwrap(), target);
    let group = import(&request.with_dimensions(dimensions.iter().copied())).unwrap();
    assert_eq!(group.panel.dimensions()[1..], *dimensions);
    (series(&group), group.warnings)
}

#[test]
fn dimensions_tell_series_apart_in_the_order_asked_for() {
    let (found, warnings) = by_dimensions(&["city", "shop"]);
    let expected = [
        "jam/rome/east from 2019-01-02T00:00:00: 8",
        "tea/oslo/east from 2019-01-01T00:00:00: 4 0",
        "tea/rome/east from 2019-01-01T00:00:00: 1 16",
        "tea/rome/west from 2019-01-01T00:00:00: 2 0",
    ];
    assert_eq!((found.as_slice(), warnings.len()), (&expected.map(str::to_owned)[..], 0));
}

#[test]
fn what_is_no_forecast_dimension_is_aggregated() {
    let (found, warnings) = by_dimensions(&["shop"]);
    let expected = [
        "jam/east from 2019-01-02T00:00:00: 8",
        "tea/east from 2019-01-01T00:00:00: 5 16",
        "tea/west from 2019-01-01T00:00:00: 2 0",
    ];
    assert_eq!(found, expected);
    let warning = "TARGET_TIME_SERIES is aggregated over what is no forecast dimension: city";
    assert_eq!(warnings, [warning]);
    let (found, _) = by_dimensions(&[]);
    let expected = ["jam from 2019-01-02T00:00:00: 8", "tea from 2019-01-01T00:00:00: 7 16"];
    assert_eq!(found, expected);
}

#[test]
fn data_that_look_coarser_than_the_forecast_are_warned_of() {
    let warned = |frequency: &str, rows: &str, declared: Option<&str>| {
        let folder = Folder::new();
        let mut request = request(&folder, frequency, rows);
        request.target.frequency = declared.map(|declared| declared.parse().unwrap());
        import(&request).unwrap().warnings
    };
    let weekly = "tea,2019-01-07,1 tea,2019-01-14,1 jam,2019-01-07,1 jam,2019-01-21,1";
    let warning = "no series of TARGET_TIME_SERIES has values in two successive steps of D, but at best \
                   every 7: are the data coarser than the forecast frequency?";
    assert_eq!(warned("D", weekly, None), [warning]);
    assert!(warned("D", weekly, Some("D")).is_empty(), "the caller knows");
    assert!(warned("W", weekly, None).is_empty());
    assert!(
        warned("D", "tea,2019-01-07,1 tea,2019-01-14,1", None).is_empty(),
        "one pair says little"
    );
}

// Oracle: the names of the fields in B1; hours of the target make days of the forecast.
#[test]
fn every_domain_imports_its_own_fields() {
    for domain in Domain::ALL {
        let folder = Folder::new();
        let (item, target) = (domain.item(), domain.target());
        let fields = format!("{item} string, timestamp timestamp, {target} integer");
        let rows = "a,2019-01-01~01:00:00,1 a,2019-01-01~02:00:00,2";
        let source = folder.rows("target.csv", &fields, rows).with_frequency("H".parse().unwrap());
        let group = import(&ForecastImport::new(domain, "D".parse().unwrap(), source)).unwrap();
        assert_eq!(series(&group), ["a from 2019-01-01T00:00:00: 3"], "{domain}");
        assert_eq!(group.panel.dimensions(), [item]);
        assert_eq!(group.statistics[0].fields[2].name, target);
    }
}
