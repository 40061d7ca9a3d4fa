//! HRNN as the training loop sees it.

use ensue_core::{HeldOut, NdcgForm, Run, Seed, metrics::ranking::ndcg_at};
use ensue_nn::{
    retrieval::{Ask, Best, Catalogue},
    train::{Learner, Loss, StepContext},
};

use super::{
    infer::{Asked, Inference, added},
    network::{Network, State, Step},
    repeat::Seen,
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
        let Step { value, state, touched } =
            model.loss(batch, carry.take(), lanes, &self.streams.facts, step.device);
        *carry = Some(state);
        Loss::new(value, batch.events).with_rows(touched)
    }

    fn validate(&self, model: &Network, _: &Run) -> Option<f64> {
        if self.validation.is_empty() {
            return None;
        }
        let device = model.items.val().device();
        let facts = &self.streams.facts;
        let (table, bias) = model.whole(facts, &device);
        let coder = self.streams.coder;
        let inference =
            Inference { network: model, facts, coder, device: &device, table: &table, mean: false };
        let catalogue = Catalogue::new(table.clone(), bias);
        let terms = inference.repeat_terms();
        let mut total = 0.0;
        for held_out in self.validation.chunks(256) {
            let asked: Vec<Asked<'_>> = held_out
                .iter()
                .map(|held| Asked {
                    history: held.history.as_history(),
                    user: facts.users.of(held.user).to_vec(),
                    context: held.context.map_or_else(Vec::new, |c| facts.contexts.of(c).to_vec()),
                })
                .collect();
            let added: Vec<_> = (asked.iter())
                .map(|asked| added(&Seen::of(asked.history, &coder), terms.as_deref()))
                .collect();
            let asks: Vec<Ask<'_>> =
                added.iter().map(|added| Ask { added, ..Ask::default() }).collect();
            let best = catalogue.best(&inference.outputs(&asked), 10, &asks);
            // Scores that are not numbers measure as the worst.
            if best.iter().any(|best| !best.finite) {
                return Some(0.0);
            }
            for (best, query) in best.iter().zip(held_out) {
                total += ndcg(best, &query.relevant);
            }
        }
        Some(total / self.validation.len() as f64)
    }
}

/// NDCG@10 in Amazon's form, over the whole catalogue.
fn ndcg(best: &Best, relevant: &[u32]) -> f64 {
    let hits: Vec<bool> = best.items.iter().map(|(item, _)| relevant.contains(item)).collect();
    ndcg_at(&hits, 10, NdcgForm::Amazon)
}
