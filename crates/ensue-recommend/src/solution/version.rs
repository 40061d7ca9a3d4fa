//! A trained and measured solution.

use std::{path::Path, sync::Arc};

use ensue_core::{Interactions, RankingReport, Seed};
use ensue_data::{MetadataTable, Vocabulary};

use super::{Evaluation, Solution, SolutionError, store};
use crate::{Recommend, recipes::popularity_count::FittedPopularityCount, tune::Tuning};

/// A trained and measured solution: answers through a [`crate::Campaign`], lives in a directory.
///
/// It is complete: beside the fitted recipe it keeps the settings, the seed, the fingerprint of the data, the metrics, the
/// ids of users and items, what is known about them and about the moments of events, every user's history (what a campaign
/// needs to answer for a user id) and the popular items for everybody else.
#[derive(Debug)]
pub struct SolutionVersion {
    parts: Parts,
}

/// What a version is made of.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) solution: Solution,
    pub(crate) seed: Seed,
    pub(crate) data_fingerprint: String,
    pub(crate) evaluation: Evaluation,
    pub(crate) tuning: Option<Tuning>,
    pub(crate) users: Vocabulary,
    pub(crate) items: Arc<Vocabulary>,
    pub(crate) histories: Interactions,
    pub(crate) popular: FittedPopularityCount,
    pub(crate) model: Arc<dyn Recommend>,
    pub(crate) tables: Tables,
}

/// Metadata that a version keeps, by dense id.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tables {
    pub(crate) users: Option<Arc<MetadataTable>>,
    pub(crate) items: Option<Arc<MetadataTable>>,
    pub(crate) contexts: Option<Arc<MetadataTable>>,
}

impl SolutionVersion {
    pub(crate) fn from_parts(parts: Parts) -> Self {
        Self { parts }
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.parts
    }

    /// The plan it was trained by.
    pub fn solution(&self) -> &Solution {
        &self.parts.solution
    }

    /// Seed of the training run.
    pub fn seed(&self) -> Seed {
        self.parts.seed
    }

    /// Fingerprint of the events it was trained and measured on.
    pub fn data_fingerprint(&self) -> &str {
        &self.parts.data_fingerprint
    }

    /// Metrics of the recipe and of the baselines.
    pub fn evaluation(&self) -> &Evaluation {
        &self.parts.evaluation
    }

    /// Metrics of the recipe itself with seen items kept, under Amazon's names.
    pub fn metrics(&self) -> &RankingReport {
        &self.parts.evaluation.own().seen_kept
    }

    /// What a search tried and chose, where there was one.
    pub fn tuning(&self) -> Option<&Tuning> {
        self.parts.tuning.as_ref()
    }

    /// Ids of the users.
    pub fn users(&self) -> &Vocabulary {
        &self.parts.users
    }

    /// Ids of the items: the catalogue.
    pub fn items(&self) -> &Vocabulary {
        &self.parts.items
    }

    /// The fitted recipe, which speaks in dense ids.
    pub fn model(&self) -> &dyn Recommend {
        &*self.parts.model
    }

    /// The histories a campaign answers from: the events that count, by dense user id.
    pub fn histories(&self) -> &Interactions {
        &self.parts.histories
    }

    /// What is known about the users, by dense id, where the data had it.
    pub fn user_table(&self) -> Option<&MetadataTable> {
        self.parts.tables.users.as_deref()
    }

    /// What is known about the items, by dense id, where the data had it.
    pub fn item_table(&self) -> Option<&MetadataTable> {
        self.parts.tables.items.as_deref()
    }

    /// What is known about the moments of events, which `contexts` of [`SolutionVersion::histories`] name by row.
    pub fn context_table(&self) -> Option<&MetadataTable> {
        self.parts.tables.contexts.as_deref()
    }

    /// Writes the version to `dir`, all or nothing: a version that was there before is replaced only by a whole new one.
    ///
    /// # Errors
    /// [`SolutionError::Artifact`] when the directory cannot be written.
    pub fn save(&self, dir: impl AsRef<Path>) -> Result<(), SolutionError> {
        store::save(self, dir.as_ref())
    }

    /// Reads a version back and puts its model on `device` (such as `ndarray` or `wgpu`).
    ///
    /// # Errors
    /// [`SolutionError`] when the directory is missing, damaged, of a format this build does not know, or the device
    /// cannot be opened.
    pub fn load(dir: impl AsRef<Path>, device: &str) -> Result<Self, SolutionError> {
        store::load(dir.as_ref(), device)
    }
}
