use ensue_testkit::well_formed;
use proptest::prelude::*;

use super::draw::{Axis, label, worth_showing};
use super::*;
use crate::{Assignment, Direction, Measurement, Space, Trial, TrialState};

fn trial(number: u64, state: TrialState, values: &[f64], measured: &[f64]) -> Trial {
    let mut assignment = Assignment::default();
    assignment.set("rate", 10_f64.powi(-1 - (number % 4) as i32));
    assignment.set("kind", if number.is_multiple_of(2) { "a<b" } else { "c" });
    let measurements =
        (1..).zip(measured).map(|(step, value)| Measurement { step, value: *value }).collect();
    Trial { number, assignment, state, measurements, values: values.to_vec(), seconds: 1.0 }
}

/// Three complete trials, one ended early, one failed, one that runs, one that diverged.
fn study() -> Vec<Trial> {
    vec![
        trial(0, TrialState::Complete, &[0.5, 3.0], &[0.9, 0.7, 0.5]),
        trial(1, TrialState::Complete, &[0.8, 1.0], &[0.9, 0.8]),
        trial(2, TrialState::Stopped, &[0.95], &[0.95]),
        trial(3, TrialState::Failed, &[], &[0.9, f64::NAN]),
        trial(4, TrialState::Complete, &[0.2, 9.0], &[0.6, f64::NAN, 0.4, 0.3]),
        trial(5, TrialState::Running, &[], &[0.7, 0.6]),
        trial(6, TrialState::Complete, &[f64::NAN, 1.0], &[f64::INFINITY]),
    ]
}

fn space() -> Space {
    serde_json::from_str(
        r#"[
            {"name": "rate", "domain": {"type": "float", "low": 1e-4, "high": 0.1, "scale": "logarithmic"}},
            {"name": "kind", "domain": {"type": "categorical", "choices": ["a<b", "c", "none"]}},
            {"name": "depth", "domain": {"type": "integer", "low": 1, "high": 9},
             "only_if": {"parameter": "kind", "is": ["none"]}}
        ]"#,
    )
    .unwrap()
}

/// How many elements have a class. The legend counts, too.
fn marks(svg: &str, class: &str) -> usize {
    svg.matches(&format!("class=\"{class}\"")).count()
}

fn all_charts(title: &str, trials: &[Trial]) -> [String; 5] {
    let importances: Vec<(String, f64)> =
        trials.iter().map(|trial| (format!("{title}{}", trial.number), trial.seconds)).collect();
    [
        history(title, trials, Direction::Minimize),
        learning_curves(title, trials, Direction::Maximize),
        parallel_coordinates(title, &space(), trials, Direction::Minimize),
        importance(title, &importances),
        pareto(title, trials, [Direction::Minimize, Direction::Maximize], ["a", title]),
    ]
}

#[test]
fn charts_are_well_formed_and_repeat() {
    let title = "<Trials> & \"more\"\u{7}";
    for (chart, again) in all_charts(title, &study()).into_iter().zip(all_charts(title, &study())) {
        // Oracle: the rules of XML, and the same call.
        assert_eq!(well_formed(&chart), Ok(()));
        assert_eq!(chart, again);
        assert!(chart.contains("&lt;Trials&gt; &amp; &quot;more&quot; </text>"));
        assert!(!chart.contains("NaN") && !chart.contains("inf\""), "{chart}");
    }
    // The check can fail.
    for bad in ["<a>", "<a></b>", "<a>&</a>", "<a b=\"></a>", "<a/>x"] {
        assert!(well_formed(bad).is_err(), "{bad}");
    }
}

#[test]
fn nothing_gives_a_chart_that_says_so() {
    for chart in all_charts("Nothing", &[]) {
        // Oracle: the contract.
        assert_eq!(well_formed(&chart), Ok(()));
        assert!(chart.contains(" yet.</text>"), "{chart}");
        assert_eq!(marks(&chart, "note"), 1);
    }
    let nan = [trial(0, TrialState::Complete, &[f64::NAN, f64::NAN], &[f64::NAN])];
    assert!(
        history("", &nan, Direction::Minimize).contains("No trial has ended with a value yet.")
    );
}

#[test]
fn history_shows_every_trial() {
    let chart = history("History", &study(), Direction::Minimize);
    // Oracle: by counting in the study, and one of each in the legend.
    assert_eq!(marks(&chart, "dot"), 3 + 1);
    assert_eq!(marks(&chart, "hollow"), 1 + 1);
    assert_eq!(marks(&chart, "cross"), 1 + 1);
    assert_eq!(marks(&chart, "best"), 1 + 1);
    assert!(chart.contains("1 without a finite value not shown"));
    assert!(chart.contains("best so far: 0.2<"));
    assert!(history("", &study(), Direction::Maximize).contains("best so far: 0.8<"));
    assert!(chart.contains("<title>trial 2: 0.95, ended early</title>"));
}

#[test]
fn the_best_line_is_a_staircase() {
    let trials: Vec<Trial> = (0..)
        .zip([4.0, 6.0, 2.0, 3.0])
        .map(|(number, value)| trial(number, TrialState::Complete, &[value], &[]))
        .collect();
    let chart = history("", &trials, Direction::Minimize);
    let path = chart.lines().find(|line| line.contains("class=\"best\"")).unwrap();
    // Oracle: by hand. The axes reach from 0 to 3 and from 2 to 6: 4 at trial 0, still 4 and then 2 at trial 2, 2 at
    // the end.
    let (x, y) = (|n: f64| 86.0 + 642.0 * n / 3.0, |v: f64| 366.0 - 296.0 * (v - 2.0) / 4.0);
    let expected = format!(
        "d=\"M{} {}L{} {}L{} {}L{} {}\"",
        x(0.0),
        y(4.0),
        x(2.0),
        y(4.0),
        x(2.0),
        y(2.0),
        x(3.0),
        y(2.0)
    );
    assert!(path.contains(&expected), "{path} {expected}");
}

#[test]
fn curves_mark_what_was_ended_early() {
    let chart = learning_curves("Curves", &study(), Direction::Minimize);
    // Oracle: by hand. Lines: trials 0, 1, 5; trial 4 is best, and its NaN leaves a dot and a line. Single dots: trials
    // 2, 3 and 4.
    assert_eq!(marks(&chart, "curve"), 3 + 1);
    assert_eq!(marks(&chart, "best"), 1 + 1);
    assert_eq!((marks(&chart, "dot"), marks(&chart, "top")), (2, 1));
    assert_eq!(marks(&chart, "hollow"), 1 + 1);
    assert_eq!(marks(&chart, "cross"), 1 + 1);
    assert!(chart.contains("3 measurements without a finite value not shown"));
}

#[test]
fn parallel_coordinates_have_an_axis_for_each() {
    let chart = parallel_coordinates("Parallel", &space(), &study(), Direction::Minimize);
    // Oracle: by hand. Four trials have a finite value; ranks 0 to 3 of four fall into fifths 0, 1, 2, 3.
    for class in ["q0", "q1", "q2", "q3"] {
        assert_eq!(marks(&chart, class), 1, "{class}");
    }
    assert_eq!(marks(&chart, "q4"), 0);
    assert_eq!(marks(&chart, "strong"), 4);
    for text in [">rate<", ">kind<", ">depth<", ">value<", ">a&lt;b<", ">0.0001<", ">0.1<", ">9<"] {
        assert!(chart.contains(text), "{text}");
    }
    // Trial 4, the best: rate 0.1 at the top, `a<b` at the bottom, no depth and so below the axis, lowest value.
    assert!(chart.contains(
        "<path class=\"q0\" d=\"M80 84L208 360L336 382L464 360\"><title>trial 4: 0.2</title>"
    ));
}

#[test]
fn importance_bars_are_sorted_and_to_scale() {
    let bars = [("small", 0.1), ("large", 0.4), ("unknown", f64::NAN), ("negative", -1.0)];
    let chart = importance("Importance", &bars.map(|(name, value)| (name.to_owned(), value)));
    let widths: Vec<&str> = chart
        .lines()
        .filter(|line| line.contains("class=\"bar\""))
        .map(|line| line.split("width=\"").nth(1).unwrap().split('"').next().unwrap())
        .collect();
    // Oracle: by hand. The longest is 480 pixels, and a quarter of it 120.
    assert_eq!(widths, ["480", "120", "0", "0"]);
    let position = |name: &str| chart.find(&format!(">{name}<")).unwrap();
    assert!(position("large") < position("small") && position("small") < position("unknown"));
    assert!(chart.contains(">0.4<") && chart.contains(">–<"));
}

#[test]
fn pareto_marks_the_front() {
    let chart =
        pareto("Front", &study(), [Direction::Minimize, Direction::Minimize], ["error", "time"]);
    // Oracle: by hand. (0.5, 3), (0.8, 1) and (0.2, 9) are all on the front.
    assert_eq!((marks(&chart, "top"), marks(&chart, "dot")), (3 + 1, 1));
    assert!(chart.contains(">error<") && chart.contains(">time<"));
    assert!(chart.contains("1 without two finite values not shown"));
    let one = pareto("", &study(), [Direction::Minimize, Direction::Maximize], ["a", "b"]);
    assert_eq!((marks(&one, "top"), marks(&one, "dot")), (1 + 1, 2 + 1));
}

#[test]
fn ticks_are_round_and_labels_short() {
    // Oracle: by hand, steps of 1, 2 and 5 times a power of ten.
    assert_eq!(Axis::over(0.0, 1.0, 6.0).ticks.len(), 6);
    assert_eq!(Axis::over(3.0, 97.0, 6.0).ticks, [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
    assert_eq!(Axis::whole(0, 3).ticks, [0.0, 1.0, 2.0, 3.0]);
    assert_eq!(Axis::whole(0, 0).ticks, [0.0, 1.0]);
    for (value, text) in [
        (0.0, "0"),
        (0.1 + 0.2, "0.3"),
        (-12.5, "-12.5"),
        (1234.56, "1235"),
        (0.000_123_456, "0.0001235"),
        (1e-7, "1e-7"),
        (2_500_000.0, "2.5e6"),
        (100.0, "100"),
        (f64::NAN, "–"),
    ] {
        assert_eq!(label(value), text);
    }
}

#[test]
fn what_is_far_worse_than_most_does_not_set_the_scale() {
    let losses = (0..20).map(f64::from).chain([1e9, f64::NAN]);
    // Oracle: by hand. Of 21 numbers the quartiles are 5 and 15, so the fence is 45.
    assert_eq!(worth_showing(losses), Some((0.0, 45.0)));
    assert_eq!(worth_showing([1.0, 1e9].into_iter()), Some((1.0, 1e9)));
    assert_eq!(worth_showing([f64::NAN].into_iter()), None);
}

proptest! {
    #[test]
    fn any_values_give_whole_charts(
        values in prop::collection::vec((any::<f64>(), any::<f64>(), 0..4_u8), 0..30),
        title in any::<String>(),
    ) {
        let trials: Vec<Trial> = (0..)
            .zip(&values)
            .map(|(number, (one, other, state))| match state {
                0 => trial(number, TrialState::Failed, &[], &[*one]),
                1 => trial(number, TrialState::Stopped, &[*one], &[*other, *one]),
                2 => trial(number, TrialState::Running, &[], &[*one, *other]),
                _ => trial(number, TrialState::Complete, &[*one, *other], &[*one, *other]),
            })
            .collect();
        for chart in all_charts(&title, &trials) {
            // Oracle: the rules of XML; coordinates are numbers.
            prop_assert_eq!(well_formed(&chart), Ok(()));
            let plain = chart.replace(&draw::escaped(&title), "");
            prop_assert!(!plain.contains("NaN") && !plain.contains("inf"), "{}", plain);
        }
    }

    #[test]
    fn an_axis_holds_its_values(low in any::<f64>(), size in 0.0..1e12_f64) {
        prop_assume!(low.is_finite() && low.abs() < 1e290);
        let high = low + size;
        let axis = Axis::over(low, high, 6.0);
        // Oracle: the definition. Few ticks, evenly, in order, and both ends within.
        prop_assert!((2..=12).contains(&axis.ticks.len()), "{:?}", axis);
        prop_assert!(axis.ticks.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", axis);
        let slack = (axis.ticks[1] - axis.ticks[0]) * 1e-6;
        prop_assert!(axis.ticks[0] <= low + slack && *axis.ticks.last().unwrap() >= high - slack);
        prop_assert!(axis.place(low) <= axis.place(high));
    }
}
