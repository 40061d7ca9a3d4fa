//! A training epoch of DeepAR and sampling from it, on ndarray with one thread, small: 40 made-up hourly series of 500
//! steps, horizon 24, 100 paths.
//!
//! `cargo bench -p ensue-benches --bench deepar`

use std::{f64::consts::TAU, hint::black_box, num::NonZeroUsize};

use criterion::{Criterion, criterion_group, criterion_main};
use ensue::core::{
    Panel, Quantile, Run, Seed,
    series::{Frequency, Series},
};
use ensue_forecast::{AnyAlgorithm, TrainingData};

/// One epoch; the fit's own cost around it counts too.
const SETTINGS: &str =
    r#"{"algorithm": "Deep_AR_Plus", "epochs": 1, "context_length": 24, "num_eval_samples": 100}"#;

/// A day's wave, each series with a level and a phase of its own.
fn panel() -> Panel {
    let series = (0..40).map(|at| {
        let level = 1.0 + f64::from(at);
        let wave = |step: i32| level * (2.0 + (TAU * f64::from(step + at) / 24.0).sin());
        Series::new([at.to_string()], 0, (0..500).map(wave).collect())
    });
    Panel::new(Frequency::HOURLY, series.collect()).expect("the keys differ")
}

fn deepar(c: &mut Criterion) {
    let algorithm: AnyAlgorithm = serde_json::from_str(SETTINGS).expect("settings of DeepAR");
    let data = TrainingData { panel: panel(), horizon: 24 };
    let run = || Run::new("ndarray").with_seed(Seed(1)).with_threads(NonZeroUsize::MIN);
    let fitted = algorithm.fit(&data, &mut run()).expect("the data is usable");
    let mut group = c.benchmark_group("DeepAR");
    group.sample_size(10);
    group.bench_function("training epoch of 50 x 32", |b| {
        b.iter(|| black_box(algorithm.fit(&data, &mut run()).expect("the data is usable")));
    });
    group.bench_function("sampling 40 x 100 x 24", |b| {
        b.iter(|| {
            let forecasts = fitted.forecast(&data.panel, &Quantile::deciles(), Seed(1));
            black_box(forecasts.expect("the panel is that of the training"))
        });
    });
    group.finish();
}

criterion_group!(benches, deepar);
criterion_main!(benches);
