#![doc = include_str!("README.md")]

#[cfg(test)]
mod tests;

use std::{
    num::{NonZeroU32, NonZeroUsize},
    time::{SystemTime, UNIX_EPOCH},
};

use ensue_core::{Run, artifact::ArtifactReader};
use ensue_data::creation_timestamps;
use serde::{Deserialize, Serialize};

use super::{
    hrnn::{self, FittedHrnn, Hrnn, Plan},
    hrnn_metadata::check_id_dropout,
    overlay::flat_settings,
};
use crate::{FitError, LoadError, Recipe, SettingsError, TrainingData};

const NAME: &str = "aws-hrnn-coldstart";

/// What the age of an item is measured against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RelativeFrom {
    /// The newest item.
    #[default]
    LatestItem,
    /// The clock when training begins: the same data may give another model tomorrow.
    CurrentTime,
}

/// Which items are recommended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Candidates {
    /// Cold ones only.
    #[default]
    ColdItems,
    /// The whole catalogue.
    AllItems,
}

/// Settings of HRNN-Coldstart: HRNN's and more, side by side in a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct HrnnColdstart {
    /// Settings of the network and its training, under the same names as [`Hrnn`]'s; `hidden_dimension` is 149 by default.
    #[serde(flatten)]
    pub network: Hrnn,
    /// A cold item has fewer events than this. Default 15.
    pub cold_start_max_interactions: NonZeroU32,
    /// A cold item is younger than this many days. Default 5, above 0.
    pub cold_start_max_duration: f64,
    /// What the age is measured against. Default `latestItem`.
    pub cold_start_relative_from: RelativeFrom,
    /// Fewest cold items to train with. Default 100, Amazon's bound.
    pub min_cold_items: usize,
    /// Most cold items to train with. Default 80,000, Amazon's bound.
    pub max_cold_items: usize,
    /// What is recommended. Default `cold-items`.
    pub candidates: Candidates,
    /// Whether answers speak of the whole history, by the mean of the network's outputs after each event, and not of what
    /// comes right after its end. Default true.
    pub whole_history: bool,
    /// Share of items whose own vector is left out of a training step. Default 0, range 0 to 1.
    pub id_dropout: f64,
}

flat_settings!(HrnnColdstart);

impl Default for HrnnColdstart {
    fn default() -> Self {
        let hidden_dimension = const { NonZeroUsize::new(149).expect("not zero") };
        Self {
            network: Hrnn { hidden_dimension, ..Hrnn::default() },
            cold_start_max_interactions: const { NonZeroU32::new(15).expect("not zero") },
            cold_start_max_duration: 5.0,
            cold_start_relative_from: RelativeFrom::default(),
            min_cold_items: 100,
            max_cold_items: 80_000,
            candidates: Candidates::default(),
            whole_history: true,
            id_dropout: 0.0,
        }
    }
}

impl HrnnColdstart {
    /// Whether each item of the training data is cold.
    pub fn cold_items(&self, data: &TrainingData) -> Vec<bool> {
        let created = creation_timestamps(&data.interactions, data.item_table.as_deref());
        let counts = data.interactions.item_counts();
        let now = match self.cold_start_relative_from {
            RelativeFrom::LatestItem => created.iter().copied().max().unwrap_or(0),
            RelativeFrom::CurrentTime => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH);
                now.map_or(0, |elapsed| elapsed.as_secs() as i64)
            }
        };
        let age = |created: i64| now.saturating_sub(created) as f64 / 86_400.0;
        counts
            .into_iter()
            .zip(created)
            .map(|(count, created)| {
                count < self.cold_start_max_interactions.get()
                    && age(created) < self.cold_start_max_duration
            })
            .collect()
    }

    fn answering(&self, model: FittedHrnn) -> FittedHrnn {
        let model = if self.whole_history { model.with_mean_state() } else { model };
        match self.candidates {
            Candidates::ColdItems => {
                let cold = model.cold_items();
                model.with_candidates(cold)
            }
            Candidates::AllItems => model,
        }
    }
}

impl Recipe for HrnnColdstart {
    const NAME: &'static str = NAME;
    type Fitted = FittedHrnn;

    fn check(&self) -> Result<(), SettingsError> {
        let days = self.cold_start_max_duration;
        if !(days.is_finite() && days > 0.0) {
            let rule = "must be a number above 0";
            return Err(SettingsError::field(NAME, "cold_start_max_duration", days, rule));
        }
        if self.min_cold_items > self.max_cold_items {
            let rule = "must not be below min_cold_items";
            return Err(SettingsError::field(NAME, "max_cold_items", self.max_cold_items, rule));
        }
        check_id_dropout(NAME, self.id_dropout)?;
        self.network.check_fields(NAME)
    }

    fn fit(&self, data: &TrainingData, run: &mut Run) -> Result<FittedHrnn, FitError> {
        self.check()?;
        if data.item_table.as_ref().is_none_or(|table| table.columns().len() == 0) {
            return Err(FitError::NoMetadata { recipe: NAME, dataset: "items" });
        }
        let cold = self.cold_items(data);
        let found = cold.iter().filter(|&&cold| cold).count();
        let (least, most) = (self.min_cold_items, self.max_cold_items);
        if !(least..=most).contains(&found) {
            let max_interactions = self.cold_start_max_interactions.get();
            let max_days = self.cold_start_max_duration;
            let recipe = NAME;
            return Err(FitError::ColdItems {
                recipe,
                found,
                max_interactions,
                max_days,
                least,
                most,
            });
        }
        let id_dropout = self.id_dropout;
        let plan = Plan { fields: true, id_dropout, cold, ..Plan::new(NAME, &self.network) };
        Ok(self.answering(plan.fit(data, run)?))
    }

    fn load(&self, reader: &ArtifactReader, device: &str) -> Result<FittedHrnn, LoadError> {
        Ok(self.answering(hrnn::load(NAME, &self.network, reader, device)?))
    }
}
