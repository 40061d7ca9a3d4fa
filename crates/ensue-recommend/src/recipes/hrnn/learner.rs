//! HRNN as the training loop sees it.

use ensue_core::{HeldOut, History, NdcgForm, Run, Seed, metrics::ranking::ndcg_at};
use ensue_nn::train::{Learner, Loss, StepContext};

use crate::{Query, top_k};

use super::{
    infer::Inference,
    network::{Network, State, Step},
    stream::{Batch, Streams},
};

/// Streams to train on, and histories to measure on.
#[derive(Debug)]
pub(super) struct HrnnLearner {
    pub(super) streams: Streams,
    pub(super) validation: Vec<HeldOut>,
    pub(super) fingerprint: String,
    pub(super) settings: String,
}

impl Learner for HrnnLearner {
    type Model = Network;
    type Batch = Batch;
    type Carry = Option<State>;

    fn fingerprint(&self) -> String {
        self.fingerprint.clone()
    }

    fn settings(&self) -> String {
        self.settings.clone()
    }

    fn steps_per_epoch(&self) -> usize {
        self.streams.steps()
    }

    fn batches(&self, _: usize, seed: Seed) -> Box<dyn Iterator<Item = Batch> + Send + '_> {
        Box::new(self.streams.epoch(seed))
    }

    fn loss(
        &self,
        model: &Network,
        batch: &Batch,
        carry: &mut Option<State>,
        step: StepContext<'_>,
    ) -> Loss {
        let lanes = self.streams.lanes.min(self.streams.users.len());
        let Step { value, state, touched } = model.loss(batch, carry.take(), lanes, step.device);
        *carry = Some(state);
        Loss::new(value, batch.events).with_rows(touched)
    }

    fn validate(&self, model: &Network, _: &Run) -> Option<f64> {
        if self.validation.is_empty() {
            return None;
        }
        let device = model.items.val().device();
        let inference = Inference {
            network: model,
            coder: self.streams.coder,
            device: &device,
            items: self.streams.interactions.n_items(),
        };
        let mut total = 0.0;
        for held_out in self.validation.chunks(256) {
            let histories: Vec<_> = held_out.iter().map(|q| q.history.as_history()).collect();
            // Scores that are not numbers measure as the worst.
            let Ok(scores) = inference.scores(&histories) else { return Some(0.0) };
            for (row, query) in scores.chunks_exact(inference.items).zip(held_out) {
                total += ndcg(row, &query.relevant);
            }
        }
        Some(total / self.validation.len() as f64)
    }
}

/// NDCG@10 in Amazon's form, over the whole catalogue.
fn ndcg(scores: &[f32], relevant: &[u32]) -> f64 {
    let best = top_k(scores, 10, &Query::from_history(History::default()));
    let hits: Vec<bool> = best.iter().map(|item| relevant.contains(item)).collect();
    ndcg_at(&hits, 10, NdcgForm::Amazon)
}
