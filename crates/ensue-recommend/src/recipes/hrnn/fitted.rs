//! A trained network that answers.

use std::{any::Any, sync::Arc};

use burn::tensor::{Device, Tensor, TensorData};
use ensue_core::{
    Bitmap, History,
    artifact::{ArtifactError, ArtifactWriter},
};
use ensue_data::MetadataTable;
use ensue_nn::{
    recurrent::Decoder,
    retrieval::{Ask, Catalogue},
    weights,
};

use super::{
    SHAPE, WEIGHTS,
    context::Coder,
    fields::Facts,
    infer::{Asked, Inference, added, values},
    memory::Remembered,
    network::{Network, Shape},
    repeat::Seen,
};
use crate::{
    Memory, Query, QueryError, Recommend, ScoredItem, Scores, check_queries, query::check_history,
    rank_of, traits::rerank,
};

/// Rows of scores computed at once.
const ROWS: usize = 256;

/// A trained HRNN, whichever recipe trained it.
#[derive(Debug)]
pub struct FittedHrnn {
    name: &'static str,
    network: Network,
    shape: Shape,
    coder: Coder,
    facts: Arc<Facts>,
    device: Device,
    /// `[items, hidden]`: vectors of the items with what their fields add, as inputs.
    table: Tensor<2>,
    /// The same with the biases, as outputs.
    catalogue: Catalogue,
    bias: Vec<f32>,
    /// Values that items had before get added.
    terms: Option<Vec<f32>>,
    pub(super) decoder: Decoder,
    /// The only items that may be an answer.
    candidates: Option<Bitmap>,
    /// Whether answers speak of a whole history.
    mean: bool,
}

/// Outputs of a batch and what is added to the scores of single items.
struct Outputs {
    /// `[queries, hidden]`
    hidden: Vec<f32>,
    added: Vec<Vec<(u32, f32)>>,
}

impl FittedHrnn {
    pub(super) fn new(
        name: &'static str,
        network: Network,
        shape: Shape,
        coder: Coder,
        facts: Arc<Facts>,
        device: Device,
    ) -> Self {
        let parts = network.whole(&facts, &device);
        Self::over(parts, name, network, shape, coder, facts, device)
    }

    /// With these vectors `[items, hidden]` and biases `[items]`.
    fn over(
        (table, bias): (Tensor<2>, Tensor<1>),
        name: &'static str,
        network: Network,
        shape: Shape,
        coder: Coder,
        facts: Arc<Facts>,
        device: Device,
    ) -> Self {
        Self {
            name,
            shape,
            coder,
            facts,
            device,
            catalogue: Catalogue::new(table.clone(), bias.clone()),
            bias: values(bias),
            table,
            terms: network.repeat.as_ref().map(|terms| values(terms.val())),
            decoder: network.gru.decoder(),
            network,
            candidates: None,
            mean: false,
        }
    }

    /// The same model, whose answers have these items only.
    pub(crate) fn with_candidates(self, candidates: Bitmap) -> Self {
        Self { candidates: Some(candidates), ..self }
    }

    /// The same model, whose answers speak of the whole history, by the mean of the states after each event.
    pub(crate) fn with_mean_state(self) -> Self {
        Self { mean: true, ..self }
    }

    /// Items without a vector of their own.
    pub(crate) fn cold_items(&self) -> Bitmap {
        let mut cold = Bitmap::zeros(self.n_items());
        let own = self.facts.own.iter().zip(0u32..);
        own.filter(|&(&own, _)| own == 0.0).for_each(|(_, item)| cold.insert(item));
        (self.shape.items..self.n_items()).for_each(|new| cold.insert(new as u32));
        cold
    }

    pub(super) fn inference(&self) -> Inference<'_> {
        Inference {
            network: &self.network,
            facts: &self.facts,
            coder: self.coder,
            device: &self.device,
            table: &self.table,
            mean: self.mean,
        }
    }

    pub(super) fn coder(&self) -> &Coder {
        &self.coder
    }

    pub(super) fn network(&self) -> &Network {
        &self.network
    }

    pub(super) fn device(&self) -> &Device {
        &self.device
    }

    pub(super) fn asked<'a>(&self, query: &Query<'a>) -> Asked<'a> {
        Asked {
            history: query.history,
            user: self.facts.user_of(query),
            context: self.facts.context_of(query),
        }
    }

    fn outputs(&self, queries: &[Query<'_>]) -> Result<Outputs, QueryError> {
        check_queries(queries, self.n_items())?;
        let width = self.shape.hidden;
        let inference = self.inference();
        let mut hidden = vec![0.0; queries.len() * width];
        let mut put = |places: &[usize], rows: Vec<f32>| {
            for (row, &place) in rows.chunks_exact(width).zip(places) {
                hidden[place * width..][..width].copy_from_slice(row);
            }
        };
        let remembered: Vec<Option<&Remembered>> = queries.iter().map(Remembered::whole).collect();
        let (old, new): (Vec<usize>, Vec<usize>) =
            (0..queries.len()).partition(|&place| remembered[place].is_some());
        let asked = |places: &[usize]| -> Vec<Asked<'_>> {
            places.iter().map(|&place| self.asked(&queries[place])).collect()
        };
        if !new.is_empty() {
            put(&new, inference.outputs(&asked(&new)));
        }
        if !old.is_empty() {
            let rows = |of: fn(&Remembered) -> &[f32]| {
                let states = old.iter().filter_map(|&place| remembered[place]);
                let states: Vec<f32> = states.flat_map(|known| of(known).to_vec()).collect();
                Tensor::from_data(TensorData::new(states, [old.len(), width]), &self.device)
            };
            let lengths = old.iter().map(|&place| queries[place].history.len());
            let (session, sum) = (rows(|known| &known.session), rows(|known| &known.sum));
            let states = inference.speaking(session, sum, lengths);
            put(&old, inference.output(states, asked(&old).iter()));
        }
        let terms = self.terms.as_deref();
        let added = queries.iter().zip(&remembered).map(|(query, known)| match known {
            _ if terms.is_none() => Vec::new(),
            Some(known) => added(&known.seen, terms),
            None => added(&Seen::of(query.history, &self.coder), terms),
        });
        Ok(Outputs { added: added.collect(), hidden })
    }

    /// Score of one item; `None` beyond the catalogue.
    fn score(&self, item: u32, hidden: &[f32], added: &[(u32, f32)]) -> Option<f32> {
        let bias = *self.bias.get(item as usize)?;
        let mut vector = vec![0.0; hidden.len()];
        self.catalogue.vector(item, &mut vector);
        let product: f32 = vector.iter().zip(hidden).map(|(v, h)| v * h).sum();
        let place = added.binary_search_by_key(&item, |&(item, _)| item);
        Some(product + bias + place.map_or(0.0, |place| added[place].1))
    }

    /// As [`Recommend::rerank`], with `offset` taken from each item's score.
    pub(crate) fn rerank_less(
        &self,
        queries: &[Query<'_>],
        lists: &[&[u32]],
        offset: impl Fn(u32) -> f32,
    ) -> Result<Vec<Vec<ScoredItem>>, QueryError> {
        let Outputs { hidden, added } = self.outputs(queries)?;
        let rows = hidden.chunks_exact(self.shape.hidden).zip(&added).zip(lists);
        let answers = rows.enumerate().map(|(row, ((hidden, added), list))| {
            let score = |item| self.score(item, hidden, added).map(|score| score - offset(item));
            if list.iter().filter_map(|&item| score(item)).any(|score| !score.is_finite()) {
                return Err(QueryError::NotFinite { recipe: self.name, row });
            }
            Ok(rerank(score, list, true))
        });
        answers.collect()
    }
}

impl Recommend for FittedHrnn {
    fn recipe(&self) -> &'static str {
        self.name
    }

    fn n_items(&self) -> usize {
        self.bias.len()
    }

    fn scores(&self, queries: &[Query<'_>]) -> Result<Scores, QueryError> {
        let Outputs { hidden, added } = self.outputs(queries)?;
        let mut values = self.catalogue.scores(&hidden);
        let rows = values.chunks_exact_mut(self.n_items().max(1)).zip(&added);
        for (row, (scores, added)) in rows.enumerate() {
            for &(item, term) in added {
                scores[item as usize] += term;
            }
            if scores.iter().any(|score| !score.is_finite()) {
                return Err(QueryError::NotFinite { recipe: self.name, row });
            }
        }
        Ok(Scores::new(queries.len(), self.n_items(), values))
    }

    fn probabilities(&self) -> bool {
        true
    }

    fn recommend(
        &self,
        queries: &[Query<'_>],
        k: usize,
    ) -> Result<Vec<Vec<ScoredItem>>, QueryError> {
        let Outputs { hidden, added } = self.outputs(queries)?;
        // Items that neither the query nor the recipe rules out.
        let both: Vec<Option<Bitmap>> = queries
            .iter()
            .map(|query| {
                let (allowed, candidates) = (query.allowed?, self.candidates.as_ref()?);
                let mut both = candidates.clone();
                both &= &allowed.clone().resized(candidates.len());
                Some(both)
            })
            .collect();
        let asks: Vec<Ask<'_>> = (queries.iter().zip(&added).zip(&both))
            .map(|((query, added), both)| Ask {
                added,
                exclude: query.exclude,
                allowed: both.as_ref().or(query.allowed).or(self.candidates.as_ref()),
                total: true,
            })
            .collect();
        let found = self.catalogue.best(&hidden, k, &asks);
        let answers = found.into_iter().enumerate().map(|(row, best)| {
            if !best.finite {
                return Err(QueryError::NotFinite { recipe: self.name, row });
            }
            let line = |&(item, score): &(u32, f32)| {
                let score = Some(best.probability(score) as f32);
                ScoredItem { item, score }
            };
            Ok(best.items.iter().map(line).collect())
        });
        answers.collect()
    }

    fn rerank(
        &self,
        queries: &[Query<'_>],
        lists: &[&[u32]],
    ) -> Result<Vec<Vec<ScoredItem>>, QueryError> {
        self.rerank_less(queries, lists, |_| 0.0)
    }

    fn remember(&self, query: &Query<'_>) -> Result<Option<Memory>, QueryError> {
        check_history(query.history, self.n_items())?;
        let state: Arc<dyn Any + Send + Sync> = Arc::new(Remembered::of(self, query));
        Ok(Some(Memory { events: query.history.len(), state }))
    }

    fn with_items(&self, items: &MetadataTable) -> Option<Arc<dyn Recommend>> {
        self.extended(items).map(|model| Arc::new(model) as Arc<dyn Recommend>)
    }

    fn uses_user_fields(&self) -> bool {
        self.shape.fields.users > 0
    }

    fn with_users(&self, kept: &[u32], contexts: &Bitmap) -> Option<Arc<dyn Recommend>> {
        let facts = Arc::new(self.facts.with_users(kept, contexts));
        let (network, device) = (self.network.clone(), self.device.clone());
        let parts = (self.table.clone(), Tensor::from_data(self.bias.as_slice(), &device));
        let model = Self::over(parts, self.name, network, self.shape, self.coder, facts, device);
        let candidates = self.candidates.clone();
        Some(Arc::new(Self { candidates, mean: self.mean, ..model }))
    }

    fn next_item_ranks(&self, history: History<'_>, from: usize) -> Result<Vec<u32>, QueryError> {
        check_history(history, self.n_items())?;
        let asked = Asked { history, ..Asked::default() };
        let inference = self.inference();
        let states = inference.states_along(&asked);
        let mut seen = Seen::of(history.first(from), &self.coder);
        let mut ranks = Vec::with_capacity(history.len().saturating_sub(from));
        let context = |at: usize| {
            let context = history.event(at).context;
            context.map_or_else(Vec::new, |context| self.facts.contexts.of(context).to_vec())
        };
        for start in (from..history.len()).step_by(ROWS) {
            let end = (start + ROWS).min(history.len());
            let states = states.clone().slice([start..end, 0..self.shape.hidden]);
            let moments: Vec<Asked<'_>> =
                (start..end).map(|at| Asked { context: context(at), ..Asked::default() }).collect();
            let mut scores = self.catalogue.scores(&inference.output(states, moments.iter()));
            for (row, at) in scores.chunks_exact_mut(self.n_items()).zip(start..end) {
                for (item, term) in added(&seen, self.terms.as_deref()) {
                    row[item as usize] += term;
                }
                if self.terms.is_some() {
                    seen.push(history, at, &self.coder);
                }
                ranks.push(rank_of(row, history.items[at]));
            }
        }
        Ok(ranks)
    }

    fn save(&self, out: &mut ArtifactWriter) -> Result<(), ArtifactError> {
        out.write_json(SHAPE, &self.shape)?;
        let bytes = weights::to_bytes(&self.network).expect("the network's names are unique");
        out.write(WEIGHTS, &bytes)?;
        self.facts.save(out)
    }
}

impl FittedHrnn {
    /// The same network over more items, told by their fields; `None` when it knows no field of items.
    pub(crate) fn extended(&self, items: &MetadataTable) -> Option<Self> {
        self.network.fields.as_ref()?.items.as_ref()?;
        let known = self.shape.items;
        let n = items.len().max(known);
        let vectors = self.network.items.val();
        let more = n - known;
        let (mut vectors, mut bias) = (vectors, values(self.network.bias.val()));
        if !self.facts.own.is_empty() {
            let own = Tensor::<1>::from_data(self.facts.own.as_slice(), &self.device);
            vectors = vectors * own.unsqueeze_dim(1);
            bias.iter_mut().zip(&self.facts.own).for_each(|(bias, own)| *bias *= own);
        } else if let Some(rarest) = bias.iter().copied().min_by(f32::total_cmp) {
            // Somebody whom nobody has had yet starts as low as the rarest of the known.
            bias.resize(n, rarest);
        }
        bias.resize(n, 0.0);
        if more > 0 {
            let blank = Tensor::zeros([more, self.shape.hidden], &self.device);
            vectors = Tensor::cat(vec![vectors, blank], 0);
        }
        let bias = Tensor::<1>::from_data(bias.as_slice(), &self.device);
        let bags: Vec<_> = (0..n as u32).map(|item| self.facts.item(&items.row(item))).collect();
        let fields = self.network.fields.as_ref()?;
        let bags = bags.iter().map(Vec::as_slice);
        let parts = fields.catalogue(vectors, bias, &[], bags, &self.device);
        let (network, facts) = (self.network.clone(), Arc::clone(&self.facts));
        let device = self.device.clone();
        let model = Self::over(parts, self.name, network, self.shape, self.coder, facts, device);
        let candidates = self.candidates.as_ref().map(|old| {
            let mut candidates = old.clone().resized(n);
            (known..n).for_each(|new| candidates.insert(new as u32));
            candidates
        });
        Some(Self { candidates, mean: self.mean, ..model })
    }
}
