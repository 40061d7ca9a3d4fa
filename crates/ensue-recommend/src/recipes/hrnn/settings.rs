//! Settings of HRNN: Amazon's by Amazon's names and defaults, and ours.

use std::num::NonZeroUsize;

use ensue_nn::{
    optim::{Adam, Cosine, Optimizer, Schedule},
    train::TrainSettings,
};
use serde::{Deserialize, Serialize};

use crate::SettingsError;

/// How sessions enter the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hierarchy {
    /// The start of a session and the time since the last event are embedded and added to the input of one network over
    /// the whole stream (Ma et al. 2020).
    #[default]
    SessionInput,
    /// One network runs inside a session; a second one, over the sessions of a user, gives each session its first state
    /// (HRNN Init, Quadrana et al. 2017).
    UserState,
    /// No session information: one network over the stream of items. (`repeat_term` still counts sessions; switch it off
    /// for a plain recurrent network.)
    Flat,
}

/// Settings of HRNN. Ranges that Amazon published are what a search varies; wider values are accepted.
///
/// | name | default | meaning | published range |
/// |---|---|---|---|
/// | `hidden_dimension` | 43 | size of the state and of an item's vector | 32 to 256 |
/// | `bptt` | 32 | events that one gradient looks back over | 2 to 32 |
/// | `recency_mask` | true | weigh recent events more in training | |
/// | `min_user_history_length_percentile` | 0 | users with shorter histories are not trained on | 0 to 1 |
/// | `max_user_history_length_percentile` | 0.99 | users with longer histories are not trained on | 0 to 1 |
/// | `hierarchy` | `session-input` | how sessions enter | ours |
/// | `session_gap_minutes` | 30 | inactivity that ends a session, where the data has no session column | ours |
/// | `repeat_term` | true | a learned value is added to the score of items the user had before | ours |
/// | `lookahead` | 1 | next events that count as right answers, nearer ones more | ours |
/// | `dropout_input`, `dropout_output` | 0.3, 0.3 | share of zeroed inputs and outputs of the network | ours, 0 to below 1 |
/// | `lanes` | 16 | user streams trained side by side | ours |
/// | `full_softmax_limit` | 20,000 | larger catalogues are trained on sampled items | ours |
/// | `negatives` | 2,048 | items sampled a step then | ours |
/// | `negative_exponent` | 0.5 | popularity exponent of the sampling | ours, 0 to 1 |
/// | `epochs`, `learning_rate`, `clip_norm` | 20, 0.006, 5 | training, by Adam with a cosine schedule | ours |
/// | `validation_share`, `patience` | 0, none | share of users whose newest tenth is held out for early stopping | ours, 0 to 1 |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hrnn {
    /// Size of the recurrent state and of an item's vector. Default 43, published range 32 to 256.
    pub hidden_dimension: NonZeroUsize,
    /// Events that one gradient looks back over (truncated back-propagation through time). Default 32, published range 2
    /// to 32. The state itself is carried over a user's whole history.
    pub bptt: NonZeroUsize,
    /// Whether recent events weigh more in training, so that the trends of the newest data show. Default true. The weight
    /// of an event is `0.5 + rank`, with its rank in time among all training events scaled to 0..1.
    pub recency_mask: bool,
    /// Users whose history length lies below this percentile are not trained on. Default 0, range 0 to 1.
    pub min_user_history_length_percentile: f64,
    /// Users whose history length lies above this percentile are not trained on. Default 0.99, range 0 to 1.
    pub max_user_history_length_percentile: f64,
    /// How sessions enter the network. Default `session-input`.
    pub hierarchy: Hierarchy,
    /// Inactivity in minutes that ends a session, where the data has no session column. Default 30.
    pub session_gap_minutes: f64,
    /// Whether a learned value is added to the score of items that the user had before, by how often and how many sessions
    /// ago: films are seen once, groceries bought again, and the state alone cannot remember a long history. The newest 1,000 distinct items count. Default true.
    pub repeat_term: bool,
    /// How many of the next events count as right answers at each step, the k-th with weight 1/k. Default 1: the next
    /// event only.
    pub lookahead: NonZeroUsize,
    /// Share of the network's inputs set to zero in training. Default 0.3, range 0 to below 1.
    pub dropout_input: f64,
    /// Share of the network's outputs set to zero in training. Default 0.3, range 0 to below 1.
    pub dropout_output: f64,
    /// User streams trained side by side: the mini-batch has `lanes * bptt` events. Default 16.
    pub lanes: NonZeroUsize,
    /// Catalogues larger than this are trained with a sampled soft-max. Default 20,000.
    pub full_softmax_limit: usize,
    /// Items drawn a step for the sampled soft-max, shared by all events of the step. Default 2,048.
    pub negatives: NonZeroUsize,
    /// Items are drawn with probability proportional to their count to this power. Default 0.5, range 0 to 1.
    pub negative_exponent: f64,
    /// Passes over the training data. Default 20.
    pub epochs: NonZeroUsize,
    /// Highest learning rate of the schedule. Default 0.006.
    pub learning_rate: f64,
    /// Largest norm of the gradient. Default 5.
    pub clip_norm: f64,
    /// Share of users whose newest tenth is held out of training to measure each epoch by NDCG@10; the best epoch's
    /// weights are kept. Default 0: train on everything, keep the last weights.
    pub validation_share: f64,
    /// Epochs without a better measure until training ends early. Default none.
    pub patience: Option<NonZeroUsize>,
}

fn count(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).expect("the defaults are not zero")
}

impl Default for Hrnn {
    fn default() -> Self {
        Self {
            hidden_dimension: count(43),
            bptt: count(32),
            recency_mask: true,
            min_user_history_length_percentile: 0.0,
            max_user_history_length_percentile: 0.99,
            hierarchy: Hierarchy::default(),
            session_gap_minutes: 30.0,
            repeat_term: true,
            lookahead: count(1),
            dropout_input: 0.3,
            dropout_output: 0.3,
            lanes: count(16),
            full_softmax_limit: 20_000,
            negatives: count(2048),
            negative_exponent: 0.5,
            epochs: count(20),
            learning_rate: 6e-3,
            clip_norm: 5.0,
            validation_share: 0.0,
            patience: None,
        }
    }
}

impl Hrnn {
    /// Checks every field; see the table above for the ranges.
    pub(crate) fn check_fields(&self, recipe: &'static str) -> Result<(), SettingsError> {
        let field = |name, value: f64, ok: bool, rule: &str| {
            if ok { Ok(()) } else { Err(SettingsError::field(recipe, name, value, rule)) }
        };
        let share = "must be at least 0 and below 1";
        let closed = "must be between 0 and 1";
        let positive = "must be a number above 0";
        let below_one = |x: f64| (0.0..1.0).contains(&x);
        let unit = |x: f64| (0.0..=1.0).contains(&x);
        let above = |x: f64| x.is_finite() && x > 0.0;
        field("dropout_input", self.dropout_input, below_one(self.dropout_input), share)?;
        field("dropout_output", self.dropout_output, below_one(self.dropout_output), share)?;
        field("validation_share", self.validation_share, unit(self.validation_share), closed)?;
        field("negative_exponent", self.negative_exponent, unit(self.negative_exponent), closed)?;
        let (low, high) =
            (self.min_user_history_length_percentile, self.max_user_history_length_percentile);
        field("min_user_history_length_percentile", low, unit(low), closed)?;
        field("max_user_history_length_percentile", high, unit(high), closed)?;
        let order = "must not be below min_user_history_length_percentile";
        field("max_user_history_length_percentile", high, low <= high, order)?;
        let gap = self.session_gap_minutes;
        field("session_gap_minutes", gap, above(gap), positive)?;
        field("learning_rate", self.learning_rate, above(self.learning_rate), positive)?;
        field("clip_norm", self.clip_norm, above(self.clip_norm), positive)?;
        let (hidden, lookahead) = (self.hidden_dimension.get(), self.lookahead.get());
        field("hidden_dimension", hidden as f64, hidden <= 4096, "must be at most 4096")?;
        field("lookahead", lookahead as f64, lookahead <= 1000, "must be at most 1000")?;
        // A typing error must be refused here, not end in an allocation of terabytes.
        for (name, value) in [
            ("bptt", self.bptt),
            ("lanes", self.lanes),
            ("negatives", self.negatives),
            ("epochs", self.epochs),
        ] {
            field(name, value.get() as f64, value.get() <= 100_000, "must be at most 100000")?;
        }
        let patience = self.patience.map_or(0.0, |n| n.get() as f64);
        let measured = self.patience.is_none() || self.validation_share > 0.0;
        field("patience", patience, measured, "needs a validation_share above 0 to measure by")
    }

    /// Inactivity that ends a session, in seconds.
    pub(super) fn gap_seconds(&self) -> i64 {
        (self.session_gap_minutes * 60.0).round().max(1.0) as i64
    }

    /// The loop's settings.
    pub(super) fn training(&self) -> TrainSettings {
        TrainSettings {
            epochs: self.epochs,
            optimizer: Optimizer::Adam(Adam::default()),
            learning_rate: self.learning_rate,
            schedule: Schedule::Cosine(Cosine::default()),
            clip_norm: Some(self.clip_norm),
            patience: self.patience,
            ..TrainSettings::default()
        }
    }
}
