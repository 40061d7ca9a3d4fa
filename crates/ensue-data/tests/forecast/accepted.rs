//! What is odd and accepted, with what comes of it. Oracle of all: worked out by hand from Amazon's rules.

use ensue_core::{Progress, Run};
use ensue_data::DataError;
use ensue_data::forecast::{Domain, Filling, ForecastGroup, ForecastImport, Source};

use super::{Folder, TARGET, filled, import, request, schema, series};

/// The series of some rows at some frequency.
fn of(frequency: &str, rows: &str) -> Vec<String> {
    let folder = Folder::new();
    series(&import(&request(&folder, frequency, rows)).unwrap())
}

#[test]
fn equal_times_aggregate() {
    let folder = Folder::new();
    let rows = "tea,2019-01-01,1 tea,2019-01-01,1 tea,2019-01-01,5 tea,2019-01-02,4";
    let group = import(&request(&folder, "D", rows)).unwrap();
    assert_eq!(series(&group), ["tea from 2019-01-01T00:00:00: 7 4"]);
    assert_eq!(group.aggregated_rows, 2);
}

#[test]
fn daily_data_may_have_both_forms_of_time() {
    let rows = "tea,2019-01-01,1 tea,2019-01-02~00:00:00,2 tea,2019-01-02~13:30:00,3";
    assert_eq!(of("D", rows), ["tea from 2019-01-01T00:00:00: 1 5"]);
}

#[test]
fn one_point_is_a_series() {
    assert_eq!(of("D", "tea,2019-01-01,1.5"), ["tea from 2019-01-01T00:00:00: 1.5"]);
}

#[test]
fn series_of_zeros_and_of_one_value_stay_as_they_are() {
    let rows = "tea,2019-01-01,0 tea,2019-01-02,0 jam,2019-01-01,7 jam,2019-01-02,7";
    assert_eq!(
        of("D", rows),
        ["jam from 2019-01-01T00:00:00: 7 7", "tea from 2019-01-01T00:00:00: 0 0"]
    );
}

#[test]
fn an_item_without_any_value_has_no_history() {
    let folder = Folder::new();
    let rows = "tea,2019-01-01,1 jam,2019-01-01, jam,2019-01-02,NaN tea,2019-01-03,3";
    let group = import(&request(&folder, "D", rows)).unwrap();
    assert_eq!(
        series(&group),
        ["jam from 2019-01-04T00:00:00: ", "tea from 2019-01-01T00:00:00: 1 0 3"]
    );
    let warning = "1 series of TARGET_TIME_SERIES have no value; they are series without history";
    assert_eq!(group.warnings, [warning]);
}

#[test]
fn an_item_that_only_the_metadata_have_has_no_history() {
    let folder = Folder::new();
    let fields = "item_id string, category string";
    let metadata = folder.rows("metadata.csv", fields, "jam,sweet tea,hot rye,");
    let request =
        request(&folder, "D", "tea,2019-01-01,1 tea,2019-01-02,2").with_metadata(metadata);
    let group = import(&request).unwrap();
    let expected = [
        "jam from 2019-01-03T00:00:00: ",
        "rye from 2019-01-03T00:00:00: ",
        "tea from 2019-01-01T00:00:00: 1 2",
    ];
    assert_eq!(series(&group), expected);
    let codes: Vec<_> = group.panel.series().iter().map(|one| one.categories()[0]).collect();
    assert_eq!(group.panel.features()[0].categories, ["hot", "sweet"]);
    assert_eq!(codes, [1, u32::MAX, 0]);
}

#[test]
fn cells_without_a_number_are_as_good_as_no_rows() {
    // Front, middle and back of tea; the back ends with jam.
    let rows = "tea,2019-01-01,NaN tea,2019-01-02,2 tea,2019-01-03,nan tea,2019-01-04,4 \
                tea,2019-01-05, jam,2019-01-05,1 tea,2019-01-06,NaN";
    assert_eq!(
        of("D", rows),
        ["jam from 2019-01-05T00:00:00: 1", "tea from 2019-01-02T00:00:00: 2 0 4 0"]
    );
    let folder = Folder::new();
    let rules = filled(Filling::Nan, Filling::Nan);
    let group = import(&request(&folder, "D", rows).with_rules(rules)).unwrap();
    assert_eq!(series(&group)[1], "tea from 2019-01-02T00:00:00: 2 NaN 4 NaN");
}

#[test]
fn headers_and_byte_order_marks_are_optional() {
    let folder = Folder::new();
    let rows = "tea,2019-01-01,1\ntea,2019-01-02,2\n";
    let header = "item_id,timestamp,target_value\n";
    for text in [
        rows.to_owned(),
        format!("{header}{rows}"),
        format!("\u{feff}{rows}"),
        format!("\u{feff}{header}{rows}"),
        format!("\"item_id\",timestamp,target_value\r\n{}", rows.replace('\n', "\r\n")),
        format!("{rows}\n\n"),
        rows.trim().to_owned(),
    ] {
        let source = Source::new(folder.write("target.csv", &text), schema(TARGET));
        let request = ForecastImport::new(Domain::Custom, "D".parse().unwrap(), source);
        let group = import(&request).unwrap();
        assert_eq!(series(&group), ["tea from 2019-01-01T00:00:00: 1 2"], "{text:?}");
        assert_eq!(group.statistics[0].rows, 2, "{text:?}");
    }
}

#[test]
fn a_first_row_that_looks_like_a_header_is_what_the_caller_says() {
    let folder = Folder::new();
    let metadata =
        folder.rows("metadata.csv", "item_id string, category string", "category,none tea,hot");
    let request = request(&folder, "D", "tea,2019-01-01,1").with_metadata(metadata);
    let error = import(&request).unwrap_err();
    let expected = "metadata.csv: column 1 is category where the schema has item_id";
    assert_eq!(folder.message(&error), expected);
    let metadata = request.metadata.clone().unwrap().with_header(false);
    let group = import(&request.with_metadata(metadata)).unwrap();
    assert_eq!(group.panel.position(&["category"]), Some(0));
}

#[test]
fn statistics_count_each_column() {
    let folder = Folder::new();
    let rows = "tea,2019-01-01,1 jam,2019-01-02,NaN tea,2019-01-02, tea,2019-01-04,4";
    let group = import(&request(&folder, "D", rows)).unwrap();
    let [item, time, target] = group.statistics[0].fields.as_slice() else {
        panic!("three columns")
    };
    assert_eq!((item.count, item.count_distinct, item.min.as_deref()), (4, Some(2), None));
    assert_eq!((time.count, time.count_distinct), (4, Some(3)));
    let times = (time.min.as_deref(), time.max.as_deref());
    assert_eq!(times, (Some("2019-01-01 00:00:00"), Some("2019-01-04 00:00:00")));
    assert_eq!((target.count, target.count_null, target.count_nan), (4, 1, 1));
    assert_eq!((target.avg, target.stddev), (Some(2.5), Some(4.5_f64.sqrt())));
    let json = serde_json::to_value(&group.statistics[0]).unwrap();
    assert_eq!(json["dataset"], "TARGET_TIME_SERIES");
}

#[test]
fn progress_is_told_and_a_cancelled_import_returns_nothing() {
    let folder = Folder::new();
    let request = request(&folder, "D", "tea,2019-01-01,1 jam,2019-01-03,");
    let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let sink = std::sync::Arc::clone(&told);
    let mut run =
        Run::new("ndarray").on_progress(move |event| sink.lock().unwrap().push(event.clone()));
    ForecastGroup::import(&request, &mut run).unwrap();
    let file = request.target.path.clone();
    let told = told.lock().unwrap();
    assert_eq!(told[0], Progress::Import { file, rows: 2 });
    assert!(matches!(told[1], Progress::Warning { .. }), "{told:?}");
    run.cancel.cancel();
    let error = ForecastGroup::import(&request, &mut run).unwrap_err();
    assert!(matches!(error, DataError::Cancelled { row: 1, .. }), "{error:?}");
}
