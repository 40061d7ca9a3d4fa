use ensue_core::{Panel, Series};
use rand::RngExt;

use super::*;
use crate::{Forecaster, conformance::Conformance};

impl Conformance for Npts {}

const NAN: f64 = f64::NAN;

fn levels(levels: &[f64]) -> Vec<Quantile> {
    levels.iter().map(|&level| Quantile::new(level).unwrap()).collect()
}

fn forecast(
    settings: &Npts,
    frequency: Frequency,
    target: &[f64],
    horizon: usize,
) -> SeriesForecast {
    let panel = Panel::new(frequency, vec![Series::new(["a"], 0, target.to_vec())]).unwrap();
    let data = TrainingData { panel, horizon };
    let model = settings.fit(&data, &mut Run::new("ndarray")).unwrap();
    model.forecast(&data.panel, &levels(&[0.1, 0.5, 0.9]), Seed(0)).unwrap().remove(0)
}

#[test]
fn draws_from_draws_have_the_distribution_of_the_first_draw() {
    // Oracle: the process itself, path by path, drawn values drawn from again; 40,000 paths, so four standard deviations of a
    // share are at most 0.01. Season 2 begins with a gap, and the last season of the horizon was never observed.
    let target = [5.0, 1.0, 4.0, NAN, 2.0, 3.0, 2.5, NAN, 7.0];
    let seasons: Vec<u16> = vec![0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 4, 4];
    let (decay, paths) = (0.3_f64, 40_000);
    let history = History::new(&target, &seasons, decay);
    let mut rng = Seed(5).stream("paths");
    let mut drawn_values: Vec<Vec<f64>> = vec![Vec::with_capacity(paths); seasons.len()];
    for _ in 0..paths {
        let mut path = target.to_vec();
        for step in target.len()..seasons.len() {
            // A season of its own is the nearest there is; 2 is what is nearest to 4 at first.
            let near = |at: usize| seasons[at].abs_diff(seasons[step]);
            let observed = || (0..step).filter(|&at| !path[at].is_nan());
            let nearest = observed().map(near).min().unwrap();
            let weight = |at: usize| (-decay * (step - at) as f64).exp();
            let members: Vec<usize> = observed().filter(|&at| near(at) == nearest).collect();
            let total: f64 = members.iter().map(|&at| weight(at)).sum();
            let mut left = rng.random::<f64>() * total;
            let mut value = path[*members.last().unwrap()];
            for at in members {
                if left < weight(at) {
                    value = path[at];
                    break;
                }
                left -= weight(at);
            }
            path.push(value);
            drawn_values[step].push(value);
        }
    }
    for step in target.len()..seasons.len() {
        let drawn = history.drawn(seasons[step]).unwrap();
        let values = &drawn_values[step];
        let mean = values.iter().sum::<f64>() / paths as f64;
        // The values spread over at most 6, so four standard deviations of a mean are at most 0.06.
        assert!((mean - drawn.mean()).abs() < 0.06, "step {step}: {mean} {}", drawn.mean());
        for percent in 1..100 {
            let level = f64::from(percent) / 100.0;
            let quantile = drawn.quantile(level);
            let share = |inside: &dyn Fn(f64) -> bool| {
                values.iter().filter(|&&y| inside(y)).count() as f64 / paths as f64
            };
            let (below, upto) = (share(&|y| y < quantile), share(&|y| y <= quantile));
            assert!(below - 0.01 < level && level < upto + 0.01, "step {step}, level {level}");
        }
    }
}

#[test]
fn quantiles_are_values_of_the_past_by_weight() {
    // Oracle: by hand; weights exp(-ln 2 * steps back) are 1/4, 1/2, 1 of the values 9, 1, 5: by value 1, 5, 9 cumulated to
    // 2/7, 6/7, 1; and the mean is (9 + 2 + 20) / 7.
    let settings = Npts { exp_kernel_weights: 2_f64.ln(), ..Npts::default() };
    let found = forecast(&settings, Frequency::YEARLY, &[9.0, 1.0, 5.0], 2);
    assert_eq!(found.quantiles, [[1.0, 1.0], [5.0, 5.0], [9.0, 9.0]]);
    assert!((found.mean[1] - 31.0 / 7.0).abs() < 1e-12, "{:?}", found.mean);
    // Only the last two: weights 1/3 and 2/3.
    let short = Npts { context_length: NonZeroUsize::new(2), ..settings };
    let found = forecast(&short, Frequency::YEARLY, &[9.0, 1.0, 5.0], 1);
    assert_eq!(found.quantiles, [[1.0], [5.0], [5.0]]);
}

#[test]
fn equal_weights_reach_their_level_exactly() {
    // Oracle: by hand; ten values, the first reaches 0.1 and the ninth 0.9.
    let target: Vec<f64> = (1..=10).map(f64::from).collect();
    let settings = Npts { kernel_type: KernelType::Uniform, ..Npts::default() };
    let found = forecast(&settings, Frequency::YEARLY, &target, 1);
    assert_eq!(found.quantiles, [[1.0], [5.0], [9.0]]);
    assert_eq!(found.mean, [5.5]);
}

#[test]
fn seasons_are_those_of_the_calendar() {
    // Oracle: Amazon's table of seasons; a series that says its own season forecasts it, one season on.
    let start = jiff::civil::date(2019, 3, 4).at(0, 0, 0, 0);
    for (text, cycle) in [("15min", 4), ("H", 24), ("D", 7), ("M", 12)] {
        let frequency: Frequency = text.parse().unwrap();
        let season = |at: usize| (at % cycle) as f64;
        let target: Vec<f64> = (0..3 * cycle).map(season).collect();
        let first = frequency.step_of(start);
        let panel = Panel::new(frequency, vec![Series::new(["a"], first, target)]).unwrap();
        let data = TrainingData { panel, horizon: cycle + 2 };
        let model = Npts::default().fit(&data, &mut Run::new("ndarray")).unwrap();
        let found = model.forecast(&data.panel, &levels(&[0.05, 0.95]), Seed(0)).unwrap().remove(0);
        let expected: Vec<f64> = (0..cycle + 2).map(season).collect();
        assert_eq!(found.quantiles, [expected.clone(), expected], "{text}");
    }
    // Weeks are known by the day of the month that they end on: 3 and 10 March 2019 are Sundays, and so is 10 February.
    let weeks = Frequency::WEEKLY;
    let first = weeks.step_of(jiff::civil::date(2019, 2, 4).at(0, 0, 0, 0));
    let seasons = Npts::default().seasons(weeks, first, 5);
    assert_eq!(seasons, [9, 16, 23, 2, 9]);
}

#[test]
fn without_season_or_with_a_uniform_kernel_other_values_weigh() {
    // Oracle: by hand; months, January is 1 and February 3, and a year and a month later again.
    let mut target = vec![NAN; 14];
    (target[0], target[1], target[12], target[13]) = (1.0, 3.0, 2.0, 8.0);
    let mean = |settings: &Npts| forecast(settings, Frequency::MONTHLY, &target, 11).mean;
    let uniform = Npts { kernel_type: KernelType::Uniform, ..Npts::default() };
    let all = Npts { use_seasonal_model: false, ..uniform.clone() };
    assert_eq!(mean(&all), [3.5; 11]);
    let none = Npts { use_default_time_features: false, ..uniform.clone() };
    assert_eq!(mean(&none), [3.5; 11]);
    // March is nearest to February, and December too: the places of months are not a circle, as in GluonTS.
    assert_eq!(mean(&uniform)[..10], [5.5; 10]);
    assert_eq!(mean(&uniform)[10], 1.5);
}

#[test]
fn gluonts_measures_in_shares_of_the_whole() {
    // Oracle: by hand; context 3 and horizon 2 span 4 steps, so a step back weighs exp(-1/4).
    let found = forecast(&Npts::gluonts(), Frequency::YEARLY, &[0.0, 0.0, 1.0], 2);
    let weight = |back: f64| (-back / 4.0).exp();
    let expected = 1.0 / (1.0 + weight(1.0) + weight(2.0));
    assert!((found.mean[0] - expected).abs() < 1e-12, "{:?}", found.mean);
}

#[test]
fn a_weight_must_be_above_zero() {
    // Oracle: Amazon's range.
    for weight in [0.0, -1.0, NAN, f64::INFINITY] {
        let settings = Npts { exp_kernel_weights: weight, ..Npts::default() };
        assert!(settings.check().is_err(), "{weight}");
    }
}
