//! Anchors, units and windows against tables by hand.

use ensue_core::{Frequency, Seed};

use super::super::{
    anchors::Anchor,
    inputs::{Inputs, Units},
    past::Past,
    windows::Windows,
};
use super::{CnnQr, count, daily, fit, quick};
use crate::TrainingData;

fn windows(settings: &CnnQr, targets: Vec<Vec<f64>>, horizon: usize) -> Windows {
    let data = TrainingData { panel: daily(targets), horizon };
    let inputs = Inputs::new(settings, &data);
    let past = inputs.past(&data.panel, false).unwrap();
    Windows::new(inputs, past, settings)
}

/// One series of these values.
fn past(values: Vec<f64>) -> Past {
    windows(&quick(), vec![values], 2).series.remove(0)
}

#[test]
fn anchors_are_values_of_the_same_phase_and_means() {
    // Oracle: by hand: steps 0 to 19 are their own values; the past ends before step 18.
    let late = (0..20).map(|t| if t < 8 { f64::NAN } else { f64::from(t) }).collect();
    let (past, late) = (past((0..20).map(f64::from).collect()), past(late));
    let value = |anchor: Anchor, ahead, from| anchor.value(&past, ahead, from, 18);
    let season = |back| Anchor::Season { season: 7, back };
    assert_eq!(value(Anchor::Recent { steps: 1 }, 5, 0), 17.0);
    assert_eq!(value(Anchor::Recent { steps: 4 }, 5, 0), 15.5);
    // Nine steps ahead of 17 is 26: two weeks before is 12, three is 5.
    assert_eq!([value(season(0), 9, 0), value(season(1), 9, 0)], [12.0, 5.0]);
    assert_eq!([value(season(0), 7, 0), value(season(1), 1, 0)], [17.0, 4.0]);
    // What lies before the begin is the nearest that does not, or the last value.
    assert_eq!([value(season(1), 9, 6), value(season(0), 9, 13)], [12.0, 17.0]);
    // The level has risen by a week in a week.
    let shifted = Anchor::Shifted { season: 7 };
    assert_eq!(value(shifted, 1, 0), 18.0);
    assert_eq!(value(shifted, 9, 4), 12.0, "where the older level is not known");
    // What was never observed is no 0: a series that begins later is the same as one that is told from there on.
    for (anchor, ahead) in [(season(1), 9), (season(0), 9), (shifted, 1), (shifted, 9)] {
        assert_eq!(anchor.value(&late, ahead, 0, 18), value(anchor, ahead, 8), "{anchor:?}");
    }
    // Nothing is known.
    for anchor in [Anchor::Recent { steps: 1 }, Anchor::Recent { steps: 4 }, season(1), shifted] {
        assert_eq!(value(anchor, 1, 18), 0.0);
    }
}

#[test]
fn anchors_are_those_that_the_series_are_long_enough_to_learn() {
    // Oracle: by hand. Hours, two days ahead: days and weeks back as far as twice the reach fits.
    let all = |longest| Anchor::all(Frequency::HOURLY, 48, 192, longest);
    let season = |season, back| Anchor::Season { season, back };
    let recent = [1, 4, 24, 192].map(|steps| Anchor::Recent { steps });
    let days = [season(24, 0), season(24, 1), season(24, 2), Anchor::Shifted { season: 24 }];
    let weeks = [season(168, 0), season(168, 1), season(168, 2), Anchor::Shifted { season: 168 }];
    assert_eq!(all(960), [&recent[..], &days, &weeks].concat());
    assert_eq!(all(150), [&recent[..], &days[..2], &days[3..]].concat());
    assert_eq!(all(20), recent);
    assert_eq!(weeks[2].reach(48), 3 * 168);
}

#[test]
fn units_are_those_of_the_context() {
    // Oracle: by hand. Horizon 2: copies of one step and one week; differences of 3 and of 1 in turn, 0 over a week.
    let settings = CnnQr { context_length: Some(count(10)), ..quick() };
    let zigzag = |t: usize| if t.is_multiple_of(2) { 10.0 } else { 13.0 };
    let windows = windows(&settings, vec![(0..40).map(zigzag).collect()], 2);
    let units = |from, to| windows.inputs.units(&windows.series[0], from, to);
    // A week of a zigzag is wrong by 3 as well.
    assert_eq!(units(0, 40), Units { scale: 11.5, unit: 3.0, centre: 11.5 });
    // Two changes are too few: as wide as its size.
    assert_eq!(units(37, 40), Units { scale: 12.0, unit: 12.0, centre: 12.0 });
    let scale = windows.inputs.known.default_scale;
    assert_eq!(units(40, 40), Units { scale, unit: scale, centre: 0.0 });
    // What repeats exactly keeps a unit that can be divided by.
    let constant = past(vec![7.0; 30]);
    let found = windows.inputs.units(&constant, 0, 30);
    assert!((found.unit - 0.007).abs() < 1e-12, "{found:?}");
}

#[test]
fn a_window_holds_what_its_definition_says() {
    // Oracle: by hand: values are their steps, so everything can be read off.
    let settings = CnnQr {
        context_length: Some(count(10)),
        num_forks: Some(count(3)),
        relative: 1.0,
        ..quick()
    };
    let mut values: Vec<f64> = (0..40).map(f64::from).collect();
    values[39] = f64::NAN;
    let windows = windows(&settings, vec![values], 3);
    assert_eq!((windows.span, windows.forks, windows.time()), (3, 3, 12));
    let (encoder, anchors) = (windows.inputs.encoder(), windows.inputs.anchors.len());
    let batch = windows.epoch(40, 1, Seed(3)).last().unwrap();
    assert_eq!(batch.places, [10, 11, 12]);
    // Each step of the context is the one before and one unit; a unit is a change over two steps.
    let differences: Vec<f32> = batch.x.chunks_exact(encoder).map(|row| row[3]).collect();
    assert!(differences[1..].iter().all(|&x| (x - 0.5f32.asinh()).abs() < 1e-6));
    // From anchor "last value" to a target one to three steps ahead there are so many steps.
    let mut counted = 0;
    for fork in 0..3 {
        for step in 0..3 {
            let place = fork * 3 + step;
            let apart = batch.targets[place] - batch.anchors[place * anchors];
            let weight = batch.weights[place];
            assert!(weight == 0.0 || (apart * 2.0 - (step + 1) as f32).abs() < 1e-5);
            assert!(weight == 0.0 || (weight - 1.0 / 9.0).abs() < 1e-7);
            counted += usize::from(weight > 0.0);
        }
    }
    assert_eq!(counted, batch.events);
}

#[test]
fn missing_values_count_nothing() {
    // Oracle: by hand: every other value is missing.
    let values = (0..60).map(|t| if t % 2 == 0 { f64::NAN } else { 5.0 }).collect();
    let windows = windows(&quick(), vec![values], 4);
    for batch in windows.epoch(3, 4, Seed(1)) {
        let counted = batch.weights.iter().filter(|&&weight| weight > 0.0).count();
        assert_eq!(counted, batch.events);
        assert!(counted > 0 && counted <= batch.weights.len() / 2, "{counted}");
    }
}

#[test]
fn a_forecast_does_not_see_what_comes_after_it() {
    // Oracle: the same series cut at the end of the past, bit for bit: forks of a window see no step of their horizon.
    let target = |end: f64| -> Vec<f64> {
        (0..60).map(|t| if t < 45 { f64::from(t % 7) } else { end }).collect()
    };
    let settings = CnnQr { num_forks: Some(count(1)), ..quick() };
    let windows = [3.0, 1e6].map(|end| windows(&settings, vec![target(end)], 5));
    let (inputs, time) = (&windows[0].inputs, windows[0].inputs.known.context);
    let rows = windows.each_ref().map(|windows| {
        let past = &windows.series[0];
        let units = inputs.units(past, 0, 45);
        let mut x = vec![0.0; time * inputs.encoder()];
        let first = 45 - time as i64;
        inputs.write_encoder(past, &windows.calendar, &units, first, 0, 60, &mut x);
        let mut fork = [inputs.fork(), 5 * inputs.decoder(), 5 * inputs.anchors.len()]
            .map(|size| vec![0.0; size]);
        let mut centres = vec![0.0; 5];
        let [own, decoder, anchors] = &mut fork;
        let out = super::super::inputs::Fork { own, decoder, anchors, centres: &mut centres };
        inputs.write_fork(past, &windows.calendar, &units, 0, 45, out);
        (x, fork, centres, units)
    });
    assert_eq!(rows[0], rows[1]);
}

#[test]
fn a_forecast_is_the_fork_at_the_end() {
    // Oracle: the network run over a window of the training whose only fork lies at the same place.
    use super::super::{forecast::Forecasting, network::quantiles_on_host, quantiles::MIDDLE};
    let target = |n: usize| (0..50).map(|t| ((t * (n + 2)) % 9) as f64 + 1.0).collect::<Vec<f64>>();
    let settings =
        CnnQr { num_forks: Some(count(1)), epochs: count(2), max_passes: None, ..quick() };
    let horizon = 1;
    let panel = daily(vec![target(1)]);
    let fitted = fit(&settings, &panel, horizon);
    let inputs = &fitted.model.inputs;
    let whole = Windows::new(inputs.clone(), inputs.past(&panel, false).unwrap(), &settings);
    let (anchors, mut checked) = (inputs.anchors.len(), 0);
    for batch in whole.epoch(60, 1, Seed(5)) {
        // The step that is forecast is known by its target.
        let raw = fitted.network.forward(&batch, None, &fitted.device).into_data();
        let raw = raw.try_to_vec::<f32>().unwrap();
        let expected = quantiles_on_host(&raw, &batch.anchors[..anchors])[MIDDLE];
        let matching = (20..50).find(|&split| {
            let past = panel.cut(50 - split);
            let ends = inputs.past(&past, true).unwrap();
            let units = inputs.units(&ends[0], 0, split as i64);
            let forecasting =
                Forecasting { network: &fitted.network, inputs, device: &fitted.device };
            let found = forecasting.forecast(&past, &[]).unwrap()[0].mean[0];
            let centre = inputs.anchors.iter().map(|a| a.value(&ends[0], 1, 0, split as i64));
            let centre = centre.sum::<f64>() / anchors as f64;
            ((found - centre) / units.unit - expected).abs() < 1e-5
        });
        checked += usize::from(matching.is_some());
    }
    assert!(checked >= 40, "only {checked} of 60 windows are forecasts of some moment");
}
