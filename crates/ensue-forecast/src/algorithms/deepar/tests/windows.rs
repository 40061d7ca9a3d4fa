//! Windows and forecasts against tables by hand.

use burn::tensor::{Tensor, TensorData};
use ensue_core::{Quantile, Seed, Series};
use ensue_nn::likelihood::Likelihood;

use super::super::{
    inputs::Inputs,
    network::{Network, Shape, located, located_on_host},
    windows::{Windows, write_steps},
};
use super::{DeepAr, count, daily, fit, quick};
use crate::{
    Forecaster, TrainingData,
    algorithms::global::{Calendar, RelatedData, check_related},
};

fn inputs(settings: &DeepAr, targets: Vec<Vec<f64>>, horizon: usize) -> (Inputs, Windows) {
    let data = TrainingData { panel: daily(targets), horizon };
    let inputs = Inputs::new(settings, &data);
    let ready = inputs.ready(&data.panel, false).unwrap();
    (inputs.clone(), Windows::new(inputs, ready, settings.scale_weighting))
}

#[test]
fn a_window_holds_what_its_definition_says() {
    // Oracle: by hand. Daily: 30 lags, log scale, age, three time features: 35 columns.
    let nan = f64::NAN;
    let settings = DeepAr { context_length: Some(count(3)), all_features: true, ..quick() };
    let (inputs, windows) = inputs(&settings, vec![vec![2.0, -4.0, nan, 6.0, 8.0, 10.0]], 2);
    assert_eq!((inputs.columns(), inputs.width(), windows.time()), (35, 35, 5));
    let batch = windows.last(8).next().unwrap();
    // Split 4: context is steps 1 to 3, of mean size (4 + 6) / 2.
    assert_eq!((batch.windows, batch.scales.as_slice()), (1, &[5.0][..]));
    assert_eq!(batch.targets, [-4.0, 0.0, 6.0, 8.0, 10.0]);
    let fifth = 1.0 / 5.0;
    assert_eq!(batch.weights, [0.0, 0.0, 0.0, fifth, fifth]);
    // Lags 1, 2, 3 of steps 1 to 5; the missing value is the one before it.
    let lag = |step: usize, lag: usize| batch.x[step * 35 + lag - 1] * 5.0;
    let table: Vec<Vec<f32>> =
        (0..5).map(|step| (1..=3).map(|n| lag(step, n).round()).collect()).collect();
    let expected =
        [[2.0, 0.0, 0.0], [-4.0, 2.0, 0.0], [-4.0, -4.0, 2.0], [6.0, -4.0, -4.0], [8.0, 6.0, -4.0]];
    assert_eq!(table, expected);
    // Age of step 1, and that 1970-01-02 was a Friday.
    assert!((batch.x[31] - 3f32.log10()).abs() < 1e-6);
    assert_eq!(batch.x[32], 4.0 / 6.0 - 0.5);
}

#[test]
fn what_the_data_are_too_short_to_show_twice_is_left_out() {
    // Oracle: by hand. Forty days: lags to 20; weekdays come around five times, months once.
    let (inputs, _) = inputs(&quick(), vec![vec![1.0; 40], vec![1.0; 25]], 2);
    assert_eq!(inputs.lags, [1, 2, 3, 4, 5, 6, 7, 8, 13, 14, 15, 20]);
    assert_eq!((inputs.known.time_features.as_slice(), inputs.columns()), (&[0][..], 12 + 1 + 1));
}

#[test]
fn windows_cover_series_evenly_and_by_weight() {
    // Oracle: shares by hand; stratified draws are off by at most one.
    let targets = vec![vec![1.0; 30], vec![3.0; 30], vec![f64::NAN; 30], vec![6.0; 30]];
    for (scale_weighting, expected) in
        [(0.0, [20.0, 20.0, 20.0]), (0.5, [15.8, 20.0, 24.2]), (1.0, [11.6, 20.1, 28.4])]
    {
        let settings = DeepAr { scale_weighting, ..quick() };
        let (_, windows) = inputs(&settings, targets.clone(), 2);
        let scales: Vec<f32> = windows.epoch(6, 10, Seed(3)).flat_map(|b| b.scales).collect();
        for (size, expected) in [1.0, 3.0, 6.0].into_iter().zip(expected) {
            // A window at the start of a series has the default scale.
            let found = scales.iter().filter(|&&scale| (scale - size).abs() < 1e-6).count() as f64;
            assert!(found <= expected + 1.0 && found >= 0.75 * expected, "{size} {found}");
        }
    }
}

#[test]
fn a_context_of_zeros_keeps_the_size_of_the_past() {
    // Oracle: a tenth of the mean size of the whole past; one where all is zero.
    let settings = DeepAr { context_length: Some(count(3)), ..quick() };
    let (inputs, _) = inputs(&settings, vec![vec![1.0; 9]], 2);
    assert_eq!(inputs.scale(Some(0.0), Some(5.0)), 0.5);
    assert_eq!(inputs.scale(Some(0.0), Some(0.0)), 1.0);
    assert_eq!(inputs.scale(None, None), inputs.known.default_scale);
    assert_eq!(inputs.scale(Some(7.0), Some(5.0)), 7.0);
    // The same in a window of the training: steps 4 to 6 are the context, 0 to 6 the past.
    let (_, windows) =
        self::inputs(&settings, vec![vec![7.0, 7.0, 7.0, 7.0, 0.0, 0.0, 0.0, 9.0, 9.0]], 2);
    assert_eq!(windows.last(1).next().unwrap().scales, [0.4]);
}

#[test]
fn a_forecast_is_the_sweep_over_its_own_path() {
    // Oracle: the whole network run anew over context and path for every step.
    let targets: Vec<Vec<f64>> =
        (0..5).map(|n| (0..40 + n).map(|t| ((t + n) as f64 * 0.9).sin() + 2.0).collect()).collect();
    let settings = DeepAr { likelihood: Likelihood::DeterministicL1, epochs: count(2), ..quick() };
    let horizon = 9;
    let panel = daily(targets.clone());
    let fitted = fit(&settings, &panel, horizon);
    let found = fitted.forecast(&panel, &[Quantile::MEDIAN], Seed(0)).unwrap();
    let inputs = &fitted.model.inputs;
    for (mut target, found) in targets.into_iter().zip(found) {
        assert_eq!(found.mean, found.quantiles[0], "a point is its own mean");
        let start = target.len();
        let context = inputs.context();
        let scale = {
            let ready = inputs.ready(&daily(vec![target.clone()]), false).unwrap();
            inputs.scale(ready[0].size((start - context) as i64, start as i64), ready[0].past)
        };
        for (step, &mean) in found.mean.iter().enumerate() {
            let ready = inputs.ready(&daily(vec![target.clone()]), false).unwrap();
            let calendar = Calendar::new(&inputs.known, ready.iter());
            let time = context + step + 1;
            let mut x = vec![0.0; time * inputs.columns()];
            let first = start as i64 - context as i64;
            write_steps(inputs, &calendar, &ready[0], first, 0, scale, &mut x);
            let x = TensorData::new(x, [1, time, inputs.columns()]);
            let x = Tensor::from_data(x, &fitted.device);
            let (raw, _) = fitted.network.forward(x, &[], None);
            let mut raw = raw.into_data().try_to_vec::<f32>().unwrap();
            let at = raw.len() - inputs.outputs();
            let anchors =
                inputs.anchors.iter().map(|lag| (target[target.len() - lag] / scale) as f32);
            let raw = located_on_host(inputs, &mut raw[at..], anchors);
            let expected = f64::from(raw[0]) * scale;
            assert!((mean - expected).abs() < 1e-4, "{step}: {mean} {expected}");
            target.push(mean);
        }
    }
}

#[test]
fn locations_on_host_and_device_are_the_same() {
    // Oracle: each other; and by hand where one anchor has all the weight.
    for likelihood in [Likelihood::StudentT, Likelihood::PiecewiseLinear] {
        let settings = DeepAr { likelihood, ..quick() };
        let (inputs, _) = inputs(&settings, vec![vec![1.0; 40]], 2);
        assert_eq!(inputs.anchors, [1, 7]);
        let outputs: Vec<f32> =
            (0..inputs.outputs()).map(|n| ((n * 7 % 5) as f32 - 2.0) * 0.7).collect();
        let device = ensue_nn::device::open("ndarray").unwrap();
        let tensor = |values: &[f32]| {
            let n = values.len();
            Tensor::<3>::from_data(TensorData::new(values.to_vec(), [1, 1, n]), &device)
        };
        let anchors = [2.0, -3.0];
        let there = located(&inputs, tensor(&outputs), tensor(&anchors));
        let there = there.into_data().try_to_vec::<f32>().unwrap();
        let mut here = outputs.clone();
        let here = located_on_host(&inputs, &mut here, anchors.into_iter());
        assert_eq!(here.len(), there.len());
        assert!(here.iter().zip(&there).all(|(a, b)| (a - b).abs() < 1e-5), "{here:?} {there:?}");
        let mut sure = outputs;
        let last = sure.len() - 1;
        (sure[0], sure[last - 1], sure[last]) = (0.0, -40.0, 40.0);
        assert_eq!(located_on_host(&inputs, &mut sure, anchors.into_iter())[0], -3.0);
    }
}

#[test]
fn series_are_forecast_alike_whoever_stands_beside_them() {
    // Oracle: the forecast of the series alone, bit for bit; unknown categories do not panic.
    let target = |n: usize| (0..50).map(|t| ((t * (n + 1)) % 7) as f64).collect::<Vec<f64>>();
    let panel = daily((0..6).map(target).collect());
    let fitted = fit(&DeepAr { epochs: count(1), ..quick() }, &panel, 5);
    let all = fitted.forecast(&panel, &Quantile::deciles(), Seed(2)).unwrap();
    for (n, expected) in all.iter().enumerate() {
        let alone = panel.filtered(|series: &Series| series.key()[0] == format!("s{n}"));
        let found = fitted.forecast(&alone, &Quantile::deciles(), Seed(2)).unwrap();
        for (a, b) in found[0].quantiles.iter().flatten().zip(expected.quantiles.iter().flatten()) {
            assert!((a - b).abs() <= 1e-4 * b.abs().max(1.0), "{a} {b}");
        }
    }
}

#[test]
fn a_network_has_a_row_for_categories_it_has_not_seen() {
    // Oracle: the shape by hand: three known and one unknown, half of three rounded up.
    use ensue_core::{Frequency, Panel, series::StaticFeature, series::UNKNOWN_CATEGORY};
    let categories = vec!["a".to_owned(), "b".to_owned(), "c".to_owned()];
    let series = |n: usize| {
        let code = if n == 3 { UNKNOWN_CATEGORY } else { n as u32 };
        Series::new([format!("s{n}")], 0, vec![1.0; 20]).with_categories(vec![code])
    };
    let feature = StaticFeature { name: "brand".to_owned(), categories };
    let panel = Panel::with(
        Frequency::DAILY,
        vec!["item_id".to_owned()],
        Vec::new(),
        vec![feature],
        Vec::new(),
        (0..4).map(series).collect(),
    )
    .unwrap();
    let data = TrainingData { panel: panel.clone(), horizon: 2 };
    let inputs = Inputs::new(&quick(), &data);
    let shape = Shape::new(&quick(), &inputs);
    assert_eq!(shape.embeddings, [[4, 2]]);
    let rows: Vec<Vec<i32>> =
        inputs.ready(&panel, false).unwrap().into_iter().map(|ready| ready.rows).collect();
    assert_eq!(rows, [[0], [1], [2], [3]]);
    let device = ensue_nn::device::open("ndarray").unwrap();
    let network = Network::new(&shape, 0.0, Seed(0), &device);
    assert_eq!(network.embeddings[0].val().dims(), [4, 2]);
}

#[test]
fn related_series_that_are_not_known_ahead_are_left_out_or_refused() {
    // Oracle: the rule: known ahead for all, for none, for some.
    use ensue_core::{Frequency, Panel};
    let panel = |lengths: [usize; 2]| {
        let series = lengths.into_iter().enumerate().map(|(n, length)| {
            Series::new([format!("s{n}")], 0, vec![1.0; 20]).with_related(vec![vec![2.0; length]])
        });
        Panel::with(
            Frequency::DAILY,
            vec!["item_id".to_owned()],
            vec!["price".to_owned()],
            Vec::new(),
            Vec::new(),
            series.collect(),
        )
        .unwrap()
    };
    let used = |lengths| {
        let data = TrainingData { panel: panel(lengths), horizon: 3 };
        let used = RelatedData::ForwardLooking;
        check_related(super::super::NAME, &data, used, &ensue_core::Run::new("ndarray"))
            .map(|()| Inputs::new(&quick(), &data).known.related.len())
            .map_err(|error| error.to_string())
    };
    assert_eq!(used([23, 30]), Ok(1));
    assert_eq!(used([20, 22]), Ok(0));
    let error = used([23, 22]).unwrap_err();
    assert!(error.contains("s1") && error.contains("has 22 values, needs 23"), "{error}");
}
