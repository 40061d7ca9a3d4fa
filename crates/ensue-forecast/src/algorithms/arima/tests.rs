use super::{
    css::Css,
    fit::{Fit, exact},
    free::{make_free, to_natural},
    likelihood::Exact,
    order::Order,
    polynomial::product,
    problem::Problem,
    project::project,
    state::State,
    *,
};
use crate::{conformance::Conformance, numeric::bfgs::central_differences};

impl Conformance for Arima {}

fn noise(t: usize) -> f64 {
    ((t * 7919 + 13) % 101) as f64 / 101.0 - 0.5
}

/// 60 quarters with a trend, a season and an autoregression.
fn quarters() -> Vec<f64> {
    let level = |t: usize| 10.0 + 0.05 * t as f64 + [3.0, -1.0, -4.0, 2.0][t % 4];
    let mut y: Vec<f64> = Vec::new();
    for t in 0..60 {
        let before = if t > 0 { 0.6 * (y[t - 1] - level(t - 1)) } else { 0.0 };
        y.push(level(t) + before + noise(t));
    }
    y
}

/// 80 values of an ARMA(1, 1) about 5.
fn about_five() -> Vec<f64> {
    let mut y: Vec<f64> = Vec::new();
    for t in 0..80 {
        let (before, error) =
            if t > 0 { (0.7 * (y[t - 1] - 5.0), 0.4 * noise(t - 1)) } else { (0.0, 0.0) };
        y.push(5.0 + before + noise(t) + error);
    }
    y
}

/// `p, d, q, P, D, Q`, without a constant.
fn order([p, d, q, seasonal_p, seasonal_d, seasonal_q]: [usize; 6]) -> Order {
    Order { p, d, q, seasonal_p, seasonal_d, seasonal_q, constant: false }
}

#[track_caller]
fn assert_near(found: f64, expected: f64, tolerance: f64) {
    let error = (found - expected).abs() / expected.abs().max(1.0);
    assert!(error <= tolerance, "{found} is not {expected}");
}

#[test]
fn the_likelihood_of_one_term_has_a_closed_form() {
    // Oracle: AR(1): variance 1 / (1 - a^2) of the first step, 1 of the others; MA(1): with r_t = 1 + b^2 + ... + b^(2t), the
    // variances are r_(t+1) / r_t (Brockwell & Davis 1991, example 5.3.1).
    let y: Vec<f64> = (0..30).map(noise).collect();
    let (autoregression, average) = (order([1, 0, 0, 0, 0, 0]), order([0, 0, 1, 0, 0, 0]));
    let problem = Problem::new(&y, &[], &autoregression, 1);
    for a in [-0.9, 0.3, 0.99] {
        let parts = Exact::new(&problem, autoregression).parts(&[a]).unwrap();
        let later: f64 = y.windows(2).map(|pair| (pair[1] - a * pair[0]).powi(2)).sum();
        assert_near(parts.squares, (1.0 - a * a) * y[0] * y[0] + later, 1e-12);
        assert_near(parts.logs, -(1.0 - a * a).ln(), 1e-12);
    }
    for b in [-0.95_f64, 0.5, 0.0] {
        let parts = Exact::new(&problem, average).parts(&[b]).unwrap();
        let r = |t: usize| -> f64 { (0..=t).map(|k| b.powi(2 * k as i32)).sum() };
        let (mut squares, mut logs, mut before) = (0.0, 0.0, 0.0);
        for (t, y) in y.iter().enumerate() {
            let (error, variance) = (y - before, r(t + 1) / r(t));
            squares += error * error / variance;
            logs += variance.ln();
            before = b * error / variance;
        }
        assert_near(parts.squares, squares, 1e-11);
        assert_near(parts.logs, logs, 1e-11);
    }
    assert!(Exact::new(&problem, autoregression).parts(&[1.01]).is_none());
}

#[test]
fn the_likelihood_is_that_of_the_normal_distribution() {
    // Oracle: the covariance matrix of the process from its responses to noise, factored by Cholesky; and the plain Kalman
    // filter. Long enough for the filter to settle and to leave the state behind.
    let order = order([2, 0, 1, 1, 0, 1]);
    let natural = [0.5, -0.3, 0.4, 0.4, -0.5];
    let season = 4;
    let y: Vec<f64> = (0..150).map(|t| noise(t * t)).collect();
    let problem = Problem::new(&y, &[], &order, season);
    let parts = Exact::new(&problem, order).parts(&natural).unwrap();

    let (mut ar, mut ma) = (Vec::new(), Vec::new());
    product(&natural[..2], &natural[3..4], season, &mut ar);
    product(&[-natural[2]], &[-natural[4]], season, &mut ma);
    let mut psi = vec![1.0];
    for k in 1..600 {
        let recalled: f64 = ar.iter().zip(psi.iter().rev()).map(|(a, psi)| a * psi).sum();
        psi.push(recalled - ma.get(k - 1).copied().unwrap_or(0.0));
    }
    let covariance = |lag: usize| psi.iter().zip(&psi[lag..]).map(|(a, b)| a * b).sum::<f64>();
    let n = y.len();
    let (mut squares, mut logs) = (0.0, 0.0);
    let mut factor = vec![vec![0.0; n]; n];
    let mut solved = vec![0.0; n];
    for i in 0..n {
        for j in 0..=i {
            let done: f64 = (0..j).map(|k| factor[i][k] * factor[j][k]).sum();
            let left = covariance(i - j) - done;
            factor[i][j] = if i == j { left.sqrt() } else { left / factor[j][j] };
        }
        let done: f64 = (0..i).map(|k| factor[i][k] * solved[k]).sum();
        solved[i] = (y[i] - done) / factor[i][i];
        squares += solved[i] * solved[i];
        logs += 2.0 * factor[i][i].ln();
    }
    assert_near(parts.squares, squares, 1e-10);
    assert_near(parts.logs, logs, 1e-10);

    let (mut squares, mut logs) = (0.0, 0.0);
    State::stationary(&ar, &ma).observe(&y, |surprise| {
        squares += surprise.error.powi(2) / surprise.variance;
        logs += surprise.variance.ln();
    });
    assert_near(parts.squares, squares, 1e-10);
    assert_near(parts.logs, logs, 1e-10);
}

#[test]
fn gradients_are_those_of_the_values() {
    // Oracle: central differences of the values, with regressors and all four kinds of terms.
    let mut order = order([2, 1, 1, 1, 0, 2]);
    order.constant = true;
    let y = quarters();
    let problem = Problem::new(&y, &[], &order, 4);
    let natural = [0.4, -0.2, 0.3, 0.5, -0.3, 0.2];
    let mut free = natural;
    make_free(&order, &mut free, 4);
    let (mut found, mut expected, mut point) = ([0.0; 6], [0.0; 6], [0.0; 6]);
    let compare = |found: &[f64; 6], expected: &[f64; 6]| {
        for (found, expected) in found.iter().zip(expected) {
            assert_near(*found, *expected, 1e-7);
        }
    };
    let mut css = Css::new(&problem, order).unwrap();
    let value = css.value(&natural);
    css.gradient(&natural, value, &mut found);
    central_differences(&mut css, &natural, &mut point, &mut expected, Css::value);
    compare(&found, &expected);
    let value = css.bounded(&free);
    css.bounded_gradient(&free, value, &mut found);
    central_differences(&mut css, &free, &mut point, &mut expected, Css::bounded);
    compare(&found, &expected);
    let mut exact = Exact::new(&problem, order);
    let value = exact.value(&free);
    exact.gradient(&free, value, &mut found);
    central_differences(&mut exact, &free, &mut point, &mut expected, Exact::value);
    compare(&found, &expected);
    to_natural(&order, &mut free, 4);
    assert!(free.iter().zip(natural).all(|(a, b)| (a - b).abs() < 1e-12));
}

#[test]
fn likelihood_and_forecasts_are_those_of_statsmodels() {
    // Oracle: SARIMAX of statsmodels 0.15 with order (1,1,1), seasonal_order (1,1,1,4) at [0.5, -0.3, 0.2, -0.4, 0.1]: `llf`
    // with simple_differencing, and get_forecast(6) without. The filter counts as settled within 1e-9.
    let (order, y) = (order([1, 1, 1, 1, 1, 1]), quarters());
    let parameters = vec![0.5, -0.3, 0.2, -0.4];
    let problem = Problem::new(&y, &[], &order, 4);
    let parts = Exact::new(&problem, order).parts(&parameters).unwrap();
    let (n, variance) = (55.0, 0.1_f64);
    let twice = n * (std::f64::consts::TAU * variance).ln() + parts.logs + parts.squares / variance;
    assert_near(-0.5 * twice, -84.211_458_867_312_6, 1e-9);

    let fit = Fit { order, parameters, coefficients: Vec::new(), variance, aicc: 0.0 };
    let found = project(&fit, &y, &[], 4, 6);
    let means =
        [15.910_283_73, 11.667_882_44, 8.824_599_67, 14.526_167_7, 15.836_309_55, 11.611_447_4];
    let deviations =
        [0.316_227_77, 0.493_963_56, 0.642_650_76, 0.771_524_47, 1.033_592_04, 1.272_551_82];
    for step in 0..6 {
        assert_near(found.mean[step], means[step], 1e-6);
        assert_near(found.deviation[step], deviations[step], 1e-6);
    }
}

#[test]
fn the_likeliest_parameters_are_those_of_statsmodels() {
    // Oracle: SARIMAX(y, order=(1, 0, 1), trend="c").fit(method="bfgs") of statsmodels 0.15; AICc with the variance counted.
    let mut order = order([1, 0, 1, 0, 0, 0]);
    order.constant = true;
    let fit = exact(&Problem::new(&about_five(), &[], &order, 1), order).unwrap();
    assert_near(fit.aicc, 17.609_970_815, 1e-8);
    for (found, expected) in
        fit.parameters.iter().chain(&fit.coefficients).zip([0.506_213, 0.070_273, 5.000_645])
    {
        assert_near(*found, expected, 1e-3);
    }
}

#[test]
fn forecasts_of_known_processes_are_their_own() {
    // Oracle: by hand: an AR(1) falls back to its mean, with variance (1 - a^(2h)) / (1 - a^2); a walk stays, with variance h;
    // an MA(1) that was just surprised by e moves by b e once; a seasonal walk repeats, with the variance of its seasons.
    let fit = |order: Order, parameters: &[f64], coefficients: &[f64]| Fit {
        order,
        parameters: parameters.to_vec(),
        coefficients: coefficients.to_vec(),
        variance: 4.0,
        aicc: 0.0,
    };
    let mut about = order([1, 0, 0, 0, 0, 0]);
    about.constant = true;
    let found = project(&fit(about, &[0.5], &[10.0]), &[10.0, 11.0, 14.0], &[], 1, 3);
    assert_eq!(found.mean, [12.0, 11.0, 10.5]);
    for (found, expected) in found.deviation.iter().zip([1.0, 1.25, 1.3125]) {
        assert_near(*found, 2.0 * f64::sqrt(expected), 1e-12);
    }
    let found = project(&fit(order([0, 1, 0, 0, 0, 0]), &[], &[]), &[1.0, 5.0], &[], 1, 4);
    assert_eq!(found.mean, [5.0; 4]);
    for (h, found) in found.deviation.iter().enumerate() {
        assert_near(*found, 2.0 * (h as f64 + 1.0).sqrt(), 1e-12);
    }
    let zeros = vec![0.0; 60];
    let y = [&zeros[..], &[3.0]].concat();
    let found = project(&fit(order([0, 0, 1, 0, 0, 0]), &[0.5], &[]), &y, &[], 1, 2);
    assert_near(found.mean[0], 1.5, 1e-12);
    assert_eq!(found.mean[1], 0.0);
    assert_near(found.deviation[1], 2.0 * 1.25_f64.sqrt(), 1e-12);
    let found = project(&fit(order([0, 0, 0, 0, 1, 0]), &[], &[]), &[1.0, 2.0, 4.0], &[], 2, 3);
    assert_eq!(found.mean, [2.0, 4.0, 2.0]);
    assert_near(found.deviation[2], 2.0 * 2.0_f64.sqrt(), 1e-12);
}

#[test]
fn what_is_certain_is_continued_without_spread() {
    // Oracle: by hand: a constant, a line, a parabola, a repeated season.
    let project = |y: &[f64], season: usize| {
        Model::choose(y, season, 4).map(|model| model.project(4)).unwrap()
    };
    let line: Vec<f64> = (0..30).map(|t| 3.0 + 2.0 * f64::from(t)).collect();
    let season: Vec<f64> = (0..40).map(|t| [5.0, 1.0, 2.0, 9.0][t % 4]).collect();
    for (y, period, expected) in [
        (&[7.0; 20][..], 1, [7.0; 4]),
        (&[0.0; 20], 12, [0.0; 4]),
        (&[2.5], 12, [2.5; 4]),
        (&line, 1, [63.0, 65.0, 67.0, 69.0]),
        (&season, 4, [5.0, 1.0, 2.0, 9.0]),
    ] {
        let found = project(y, period);
        for (found, expected) in found.mean.iter().zip(expected) {
            assert_near(*found, expected, 1e-9);
        }
        assert!(found.deviation.iter().all(|sd| *sd < 1e-6), "{y:?}: {found:?}");
    }
    assert!(Model::choose(&[], 1, 4).is_none());
}

#[test]
fn short_series_and_tiny_changes_have_answers() {
    // Oracle: an answer lies within the series' own range, a hundred times as wide at most.
    let nearly: Vec<f64> = (0..50).map(|t| 1e6 + 1e-5 * noise(t)).collect();
    let mut cases: Vec<Vec<f64>> = (2..14).map(|n| (0..n).map(noise).collect()).collect();
    cases.push(nearly);
    cases.push((0..20).map(|t| if t == 10 { 1.0 } else { 0.0 }).collect());
    for y in cases {
        for season in [1, 4, 24] {
            let found = Model::choose(&y, season, 4).unwrap().project(6);
            let low = y.iter().fold(f64::INFINITY, |low, y| low.min(*y));
            let high = y.iter().fold(f64::NEG_INFINITY, |high, y| high.max(*y));
            let reach = 100.0 * (high - low);
            let sound = |mean: &f64| (low - reach..=high + reach).contains(mean);
            assert!(found.mean.iter().all(sound), "{season} {y:?}: {found:?}");
            assert!(found.deviation.iter().all(|sd| sd.is_finite()), "{y:?}: {found:?}");
        }
    }
}

#[test]
fn units_do_not_matter() {
    // Oracle: the same series in other units: the same order, an AICc that differs by 2 n log of the unit.
    let y = quarters();
    let plain = Arima::default().chosen(&y, 4).unwrap();
    for unit in [1e-9, 1e12] {
        let scaled: Vec<f64> = y.iter().map(|y| y * unit).collect();
        let found = Arima::default().chosen(&scaled, 4).unwrap();
        assert_eq!((found.order, found.constant), (plain.order, plain.constant));
        let steps = 60 - plain.order[1] - 4 * plain.order[4];
        assert_near(found.aicc, plain.aicc + 2.0 * steps as f64 * f64::ln(unit), 1e-5);
    }
}

#[test]
fn long_seasons_are_waves() {
    // Oracle: how the series was made: two waves of a day of 24 hours, and noise.
    let wave = |t: usize, k: usize| (std::f64::consts::TAU * (k * t) as f64 / 24.0).sin();
    let level = |t: usize| 20.0 + 5.0 * wave(t, 1) + 2.0 * wave(t, 2);
    let y: Vec<f64> = (0..240).map(|t| level(t) + 0.2 * noise(t)).collect();
    let model = Model::choose(&y, 24, 4).unwrap();
    assert_eq!(model.waves(), 4);
    let found = model.project(24);
    for (t, mean) in found.mean.iter().enumerate() {
        assert!((mean - level(240 + t)).abs() < 0.1, "{t}: {mean}");
    }
    assert_eq!(Model::choose(&y[..40], 24, 4).unwrap().waves(), 0);
    assert_eq!(
        Arima { fourier_terms: 0, ..Arima::default() }.chosen(&y, 24).unwrap().fourier_terms,
        0
    );
}
