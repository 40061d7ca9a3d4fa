//! A weighted mean of forecasts.

use ensue_core::{
    Frequency, Panel, Quantile, Seed, Series,
    artifact::{ArtifactError, ArtifactReader, ArtifactWriter},
};
use serde::{Deserialize, Serialize};

use super::{NAME, groups::Group, held_back::never_negative, report::Selection};
use crate::{
    AnyAlgorithm, ForecastError, Forecaster, LoadError, SeriesForecast,
    algorithms::local::uncrossed, checks::check_frequency,
};

const FILE: &str = "auto-predictor.json";

/// Members that were chosen, trained on everything.
#[derive(Debug)]
pub struct FittedAutoPredictor {
    model: Model,
    members: Vec<Box<dyn Forecaster>>,
}

/// All but the members themselves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Model {
    pub(super) frequency: Frequency,
    pub(super) horizon: usize,
    pub(super) keep_sign: bool,
    /// Settings of each member, and its weight by place in [`Group::ALL`].
    pub(super) members: Vec<(AnyAlgorithm, [f64; 4])>,
    pub(super) selection: Selection,
}

impl FittedAutoPredictor {
    pub(super) fn new(model: Model, members: Vec<Box<dyn Forecaster>>) -> Self {
        Self { model, members }
    }

    /// What competed and what was chosen.
    pub fn selection(&self) -> &Selection {
        &self.model.selection
    }

    pub(super) fn load(reader: &ArtifactReader, device: &str) -> Result<Self, LoadError> {
        let model: Model = reader.read_json(FILE)?;
        let load = |(at, (algorithm, _)): (usize, &(AnyAlgorithm, [f64; 4]))| {
            algorithm.load(&reader.within(&folder(at)), device)
        };
        let members = model.members.iter().enumerate().map(load).collect::<Result<_, _>>()?;
        let all_groups = Group::ALL.iter().all(|group| {
            let sum: f64 = model.members.iter().map(|(_, weights)| weights[group.index()]).sum();
            (sum - 1.0).abs() < 1e-6
        });
        if !all_groups {
            return Err(reader.invalid(FILE, "the weights do not sum to 1").into());
        }
        Ok(Self { model, members })
    }
}

fn folder(member: usize) -> String {
    format!("member-{}", member + 1)
}

impl Forecaster for FittedAutoPredictor {
    fn algorithm(&self) -> &'static str {
        NAME
    }

    fn horizon(&self) -> usize {
        self.model.horizon
    }

    fn forecast(
        &self,
        panel: &Panel,
        quantiles: &[Quantile],
        seed: Seed,
    ) -> Result<Vec<SeriesForecast>, ForecastError> {
        check_frequency(panel, self.model.frequency)?;
        let horizon = self.model.horizon;
        let groups: Vec<Group> = panel.series().iter().map(|s| Group::of(s.target())).collect();
        let blank = SeriesForecast {
            mean: vec![0.0; horizon],
            quantiles: vec![vec![0.0; horizon]; quantiles.len()],
        };
        let mut sums = vec![blank; panel.len()];
        let lowest = |series: &Series| {
            if self.model.keep_sign && never_negative(series) { 0.0 } else { f64::NEG_INFINITY }
        };
        let lowest: Vec<f64> = panel.series().iter().map(lowest).collect();
        for (at, (member, (_, weights))) in self.members.iter().zip(&self.model.members).enumerate()
        {
            let weight = |series: usize| weights[groups[series].index()];
            let asked: Vec<usize> = (0..panel.len()).filter(|&at| weight(at) > 0.0).collect();
            let part = if asked.len() == panel.len() {
                panel.clone()
            } else {
                let at = std::cell::Cell::new(0usize);
                panel.filtered(|_| weight(at.replace(at.get() + 1)) > 0.0)
            };
            let forecasts = member.forecast(&part, quantiles, seed.child(&folder(at)))?;
            for (&series, forecast) in asked.iter().zip(&forecasts) {
                let sum = &mut sums[series];
                let rows = sum.quantiles.iter_mut().chain([&mut sum.mean]);
                for (to, from) in rows.zip(forecast.quantiles.iter().chain([&forecast.mean])) {
                    for (to, from) in to.iter_mut().zip(from) {
                        *to += weight(series) * from.max(lowest[series]);
                    }
                }
            }
        }
        // Sums of rows that do not cross may cross by a rounding.
        for sum in &mut sums {
            uncrossed(sum, quantiles);
        }
        Ok(sums)
    }

    fn save(&self, out: &mut ArtifactWriter) -> Result<(), ArtifactError> {
        out.write_json(FILE, &self.model)?;
        let members = self.members.iter().enumerate();
        members
            .into_iter()
            .try_for_each(|(at, member)| out.within(&folder(at), |out| member.save(out)))
    }

    fn covariates(&self) -> Option<Vec<String>> {
        let mut names = Vec::new();
        for member in &self.members {
            // One member that cannot tell may depend on anything.
            names.extend(member.covariates()?);
        }
        names.sort();
        names.dedup();
        Some(names)
    }

    fn selection(&self) -> Option<&Selection> {
        Some(&self.model.selection)
    }
}
