//! A forecaster for tests whose answers can be worked out by hand.

use std::cell::Cell;

use ensue_core::{
    Frequency, Panel, Quantile, Seed, Series,
    artifact::{ArtifactError, ArtifactWriter},
    series::StaticFeature,
};
use rand::RngExt;

use crate::{ForecastError, Forecaster, SeriesForecast};

/// Forecasts 100, and `slopes` times the related series, and 10 times the code of the category, and 3 times the static number,
/// and a number that is drawn for each key; quantiles lie above the mean by ten times their level.
#[derive(Debug)]
pub(crate) struct Linear {
    pub(crate) slopes: Vec<f64>,
    pub(crate) covariates: Option<Vec<String>>,
}

pub(crate) const HORIZON: usize = 2;

impl Forecaster for Linear {
    fn algorithm(&self) -> &'static str {
        "Linear"
    }

    fn horizon(&self) -> usize {
        HORIZON
    }

    fn forecast(
        &self,
        panel: &Panel,
        quantiles: &[Quantile],
        seed: Seed,
    ) -> Result<Vec<SeriesForecast>, ForecastError> {
        let one = |series: &Series| {
            let luck: f64 = seed.child(&series.key().join("/")).stream("luck").random();
            let step = |at: usize| {
                let rows = series.related().iter().zip(&self.slopes);
                let related: f64 =
                    rows.map(|(row, slope)| slope * f64::from(row[series.len() + at])).sum();
                let codes: f64 =
                    series.categories().iter().map(|&code| 10.0 * f64::from(code)).sum();
                let reals: f64 = series.reals().iter().map(|&x| 3.0 * f64::from(x)).sum();
                100.0 + related + codes + reals + luck
            };
            let mean: Vec<f64> = (0..HORIZON).map(step).collect();
            let above = |level: &Quantile| mean.iter().map(|y| y + 10.0 * level.level()).collect();
            SeriesForecast { quantiles: quantiles.iter().map(above).collect(), mean }
        };
        Ok(panel.series().iter().map(one).collect())
    }

    fn covariates(&self) -> Option<Vec<String>> {
        self.covariates.clone()
    }

    fn save(&self, _: &mut ArtifactWriter) -> Result<(), ArtifactError> {
        Ok(())
    }
}

/// Two daily series of two dimensions from 1970-01-01 on, of three steps and two to forecast, with two related series called
/// `names`, a brand and a weight.
pub(crate) fn panel(names: [&str; 2]) -> Panel {
    let text = |text: &str| text.to_owned();
    let place = Cell::new(0);
    let series = |key: [&str; 2], price: [f32; 5], promotion: [f32; 5]| {
        let code = place.replace(place.get() + 1);
        Series::new(key, 0, vec![1.0, f64::NAN, 3.0])
            .with_related(vec![price.to_vec(), promotion.to_vec()])
            .with_categories(vec![code])
            .with_reals(vec![2.0 + 4.0 * code as f32])
    };
    Panel::with(
        Frequency::DAILY,
        vec![text("item_id"), text("shop")],
        names.map(text).to_vec(),
        vec![StaticFeature { name: text("brand"), categories: vec![text("x"), text("y")] }],
        vec![text("weight")],
        vec![
            series(["tea", "north"], [4.0, 5.0, 6.0, 7.0, 8.0], [0.0, 0.0, 0.0, 1.0, 0.0]),
            series(["jam", "north"], [1.0, 1.0, 4.0, 1.0, 2.0], [0.0, 1.0, 0.0, 0.0, 1.0]),
        ],
    )
    .unwrap()
}
