//! What stands where nothing was observed, in the target. Oracle of all: worked out by hand.

use ensue_data::forecast::{Era, Featurization, Filling, Rules};

use super::{Folder, filled, import, request, series};

/// Tea starts late, has a gap of two, and ends three steps before jam does.
const ROWS: &str = "jam,2019-01-01,1 jam,2019-01-09,1 \
                    tea,2019-01-02,2 tea,2019-01-03,6 tea,2019-01-06,9";

fn tea(rules: Rules) -> String {
    let folder = Folder::new();
    let group = import(&request(&folder, "D", ROWS).with_rules(rules)).unwrap();
    series(&group)[1].strip_prefix("tea from 2019-01-02T00:00:00: ").unwrap().to_owned()
}

#[test]
fn zero_is_the_default_and_the_front_stays_empty() {
    assert_eq!(tea(Rules::default()), "2 6 0 0 9 0 0 0");
    assert_eq!(tea(Rules { era: Era::Y2019, ..Rules::default() }), "2 6 0 0 9 0 0 0");
}

#[test]
fn middle_and_back_have_their_own_filling() {
    for (middle, back, expected) in [
        (Filling::Nan, Filling::Zero, "2 6 NaN NaN 9 0 0 0"),
        (Filling::Zero, Filling::Nan, "2 6 0 0 9 NaN NaN NaN"),
        (Filling::Value(0.5), Filling::Value(-1.0), "2 6 0.5 0.5 9 -1 -1 -1"),
        (Filling::Mean, Filling::Median, "2 6 4 4 9 6 6 6"),
        (Filling::Median, Filling::Min, "2 6 4 4 9 2 2 2"),
        (Filling::Min, Filling::Max, "2 6 2 2 9 9 9 9"),
        (
            Filling::Max,
            Filling::Mean,
            "2 6 6 6 9 5.666666666666667 5.666666666666667 5.666666666666667",
        ),
    ] {
        assert_eq!(tea(filled(middle, back)), expected, "{middle:?} {back:?}");
    }
}

#[test]
fn of_2019_are_zero_and_nan() {
    let old = |middle, back| Rules { era: Era::Y2019, ..filled(middle, back) };
    assert_eq!(tea(old(Filling::Nan, Filling::Nan)), "2 6 NaN NaN 9 NaN NaN NaN");
    let folder = Folder::new();
    let request = request(&folder, "D", ROWS).with_rules(old(Filling::Zero, Filling::Mean));
    let error = folder.message(&import(&request).unwrap_err());
    let expected =
        "import rule featurizations: backfill of target_value is mean; allowed: zero, nan (2019)";
    assert_eq!(error, expected);
}

#[test]
fn the_future_of_the_target_is_not_filled() {
    let folder = Folder::new();
    let future =
        Featurization { futurefill: Some(Filling::Zero), ..Featurization::new("target_value") };
    let rules = Rules { featurizations: vec![future], ..Rules::default() };
    let request = request(&folder, "D", ROWS).with_horizon(3).with_rules(rules);
    let error = folder.message(&import(&request).unwrap_err());
    let expected = "import rule featurizations: futurefill of target_value is zero; allowed: none: the \
                    horizon of the target is what is forecast";
    assert_eq!(error, expected);
}

#[test]
fn statistics_of_huge_values_are_finite() {
    let folder = Folder::new();
    let rows = "tea,2019-01-01,1e308 tea,2019-01-02,1e308 tea,2019-01-04,1 jam,2019-01-05,1";
    for (middle, back) in [(Filling::Mean, Filling::Median), (Filling::Median, Filling::Mean)] {
        let group = import(&request(&folder, "D", rows).with_rules(filled(middle, back))).unwrap();
        let tea = group.panel.series()[1].target();
        assert_eq!(tea[..4], [1e308, 1e308, 1e308, 1.0], "{middle:?}");
        let expected = if back == Filling::Mean { 1e308 / 3.0 * 2.0 } else { 1e308 };
        assert!((tea[4] / expected - 1.0).abs() < 1e-14, "{back:?}: {}", tea[4]);
    }
}
