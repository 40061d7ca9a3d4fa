//! The parts of the network against the same by hand.

use burn::tensor::{Tensor, TensorData};
use ensue_core::{Quantile, Seed};

use super::super::{
    network::{Affine, causal, loss, quantiles_on_host},
    quantiles::{Between, LEVELS, MIDDLE, STEPS, weights},
    windows::Batch,
};

fn numbers(n: usize) -> Vec<f32> {
    (0..n).map(|at| ((at * 37 + 11) % 23) as f32 / 7.0 - 1.5).collect()
}

#[test]
fn a_convolution_is_the_sum_over_its_taps() {
    // Oracle: three loops over steps, taps and inputs.
    let device = ensue_nn::device::open("ndarray").unwrap();
    let (time, input, channels, kernel, dilation) = (9, 2, 4, 3, 2);
    let affine = Affine::new([kernel * input, channels], 1.0, Seed(1), &device);
    let weight = affine.weight.val().into_data().try_to_vec::<f32>().unwrap();
    let values = numbers(2 * time * input);
    let x = Tensor::from_data(TensorData::new(values.clone(), [2, time, input]), &device);
    let found = causal(x, &affine, kernel, dilation).into_data().try_to_vec::<f32>().unwrap();
    for window in 0..2 {
        for step in 0..time {
            for channel in 0..channels {
                let mut sum = 0.0;
                for tap in 0..kernel {
                    let Some(at) = (step + tap * dilation).checked_sub((kernel - 1) * dilation)
                    else {
                        continue;
                    };
                    for column in 0..input {
                        sum += values[(window * time + at) * input + column]
                            * weight[(tap * input + column) * channels + channel];
                    }
                }
                let there = found[(window * time + step) * channels + channel];
                assert!((there - sum.max(0.0)).abs() < 1e-5, "{window} {step} {channel}");
            }
        }
    }
}

#[test]
fn the_loss_is_the_sum_of_the_pinball_losses() {
    // Oracle: Koenker & Bassett 1978: an error above costs the level, one below the rest; quantiles from the host.
    let device = ensue_nn::device::open("ndarray").unwrap();
    let (steps, anchors) = (6, 3);
    let outputs = anchors + 1 + STEPS;
    let raw = numbers(steps * outputs);
    let batch = Batch {
        x: Vec::new(),
        context: 1,
        places: vec![1],
        own: Vec::new(),
        decoder: Vec::new(),
        anchors: numbers(steps * anchors),
        targets: (0..steps).map(|n| n as f32 * 3.0 - 8.0).collect(),
        weights: (0..steps).map(|n| n as f32 / 10.0).collect(),
        rows: Vec::new(),
        windows: 1,
        events: 0,
    };
    let mut expected = 0.0;
    for step in 0..steps {
        let raw = &raw[step * outputs..(step + 1) * outputs];
        let quantiles = quantiles_on_host(raw, &batch.anchors[step * anchors..][..anchors]);
        assert!(quantiles.windows(2).all(|pair| pair[0] < pair[1]));
        for ((level, quantile), weight) in LEVELS.iter().zip(quantiles).zip(weights()) {
            let error = f64::from(batch.targets[step]) - quantile;
            let pinball = if error > 0.0 { level * error } else { (level - 1.0) * error };
            expected += 2.0 * weight * pinball * f64::from(batch.weights[step]);
        }
    }
    let raw = Tensor::from_data(TensorData::new(raw, [steps, outputs]), &device);
    let found = f64::from(loss(&raw, &batch, &device).into_scalar::<f32>());
    assert!((found - expected).abs() < 1e-5 * expected, "{found} {expected}");
}

#[test]
fn the_loss_of_a_normal_distribution_is_its_ranked_probability_score() {
    // Oracle: Gneiting & Raftery 2007, section 4.2: the score of N(0, 1) at 0 is (sqrt(2) - 1) / sqrt(pi), at 2 it is
    // 1.4527... (2 (2 Phi(2) - 1) + 2 phi(2) - 1 / sqrt(pi)). Fifteen levels come within five percent.
    let normal: Vec<f64> =
        LEVELS.iter().map(|&level| crate::normal::normal_quantile(level)).collect();
    let score = |y: f64| -> f64 {
        let each = LEVELS.iter().zip(&normal).zip(weights());
        each.map(|((&level, &q), weight)| {
            2.0 * weight * if y > q { level * (y - q) } else { (1.0 - level) * (q - y) }
        })
        .sum()
    };
    assert!((weights().iter().sum::<f64>() - 1.0).abs() < 1e-12);
    let phi = (-2.0f64).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let exact =
        2.0 * (2.0 * 0.977_249_868_051_820_8 - 1.0) + 2.0 * phi - 1.0 / std::f64::consts::PI.sqrt();
    assert!((score(0.0) / 0.233_695_0 - 1.0).abs() < 0.05, "{}", score(0.0));
    assert!((score(2.0) / exact - 1.0).abs() < 0.05, "{} {exact}", score(2.0));
}

#[test]
fn levels_between_and_beyond_are_those_of_a_normal_distribution() {
    // Oracle: the quantiles of a normal distribution, which are straight lines here; scipy.stats.norm.ppf(0.001).
    let values: [f64; LEVELS.len()] =
        std::array::from_fn(|n| 3.0 + 2.0 * crate::normal::normal_quantile(LEVELS[n]));
    let at = |level: f64| Between::new(Quantile::new(level).unwrap()).of(&values);
    assert!((at(0.001) - (3.0 - 2.0 * 3.090_232_306_167_813)).abs() < 1e-9);
    assert!((at(0.33) - (3.0 + 2.0 * crate::normal::normal_quantile(0.33))).abs() < 1e-9);
    for (n, level) in LEVELS.into_iter().enumerate() {
        assert_eq!(at(level), values[n], "{level}");
    }
    assert!((LEVELS[MIDDLE] - 0.5).abs() < 1e-12);
    let levels: Vec<f64> = (1..1000).map(|n| at(f64::from(n) / 1000.0)).collect();
    assert!(levels.windows(2).all(|pair| pair[0] <= pair[1]));
}
