//! From histories to scores with a trained network.

use std::ops::Range;

use burn::tensor::{Device, Tensor, TensorData};
use ensue_core::History;

use ensue_nn::recurrent::State as Recurrent;

use super::{context::Coder, network::Network, repeat::Seen};
use crate::{QueryError, rank_of};

/// Events that one sweep reads at most, over all its rows: bounds the memory of a batch.
const EVENTS: usize = 65_536;

/// Rows of scores computed at once.
const ROWS: usize = 256;

/// A trained network and how its inputs are coded.
#[derive(Debug)]
pub(super) struct Inference<'a> {
    pub(super) network: &'a Network,
    pub(super) coder: Coder,
    pub(super) device: &'a Device,
    pub(super) items: usize,
}

impl Inference<'_> {
    /// Scores of the whole catalogue after each history, row-major.
    pub(super) fn scores(&self, histories: &[History<'_>]) -> Result<Vec<f32>, QueryError> {
        // Rows of like length go together, so that little is computed on padding.
        let mut order: Vec<usize> = (0..histories.len()).collect();
        order.sort_by_key(|&i| histories[i].len());
        let repeat = self.repeat_values();
        let mut out = vec![0.0; histories.len() * self.items];
        let mut from = 0;
        while from < order.len() {
            let mut to = from + 1;
            while to < order.len()
                && to - from < ROWS
                && (to + 1 - from) * histories[order[to]].len() <= EVENTS
            {
                to += 1;
            }
            let rows: Vec<History<'_>> = order[from..to].iter().map(|&i| histories[i]).collect();
            let mut scores = values(self.network.scores(self.last_states(&rows)));
            for (row, &i) in scores.chunks_exact_mut(self.items).zip(&order[from..to]) {
                if let Some(terms) = &repeat {
                    add_repeats(row, &Seen::of(histories[i], &self.coder), terms);
                }
                if row.iter().any(|v| !v.is_finite()) {
                    return Err(QueryError::NotFinite { recipe: super::NAME, row: i });
                }
                out[i * self.items..][..self.items].copy_from_slice(row);
            }
            from = to;
        }
        Ok(out)
    }

    fn repeat_values(&self) -> Option<Vec<f32>> {
        let values = self.network.repeat.as_ref()?.val().into_data();
        Some(values.try_to_vec().expect("weights are f32"))
    }

    /// States after each history; zero after an empty one.
    fn last_states(&self, rows: &[History<'_>]) -> Tensor<2> {
        let hidden = self.network.gru.hidden();
        let mut states = Tensor::zeros([rows.len(), hidden], self.device);
        if let Some(level) = &self.network.user {
            let sessions: Vec<Vec<Range<usize>>> = rows.iter().map(|h| self.sessions(*h)).collect();
            let most = sessions.iter().map(Vec::len).max().unwrap_or(0);
            let mut user = states.clone();
            for n in 0..most {
                let part: Vec<_> =
                    sessions.iter().map(|s| s.get(n).cloned().unwrap_or(0..0)).collect();
                let moves = flags(part.iter().map(|p| n > 0 && !p.is_empty()), self.device);
                let next = level.advance(states.clone(), user.clone());
                user = user.clone() + (next - user) * moves;
                states = self.sweep(rows, &part, level.start(user.clone()), states);
            }
            return states;
        }
        let whole: Vec<Range<usize>> = rows.iter().map(|h| 0..h.len()).collect();
        self.sweep(rows, &whole, states.clone(), states)
    }

    /// State after the events `parts` of each row, from `first`; `empty` where there is no event.
    fn sweep(
        &self,
        rows: &[History<'_>],
        parts: &[Range<usize>],
        first: Tensor<2>,
        empty: Tensor<2>,
    ) -> Tensor<2> {
        let hidden = self.network.gru.hidden();
        let time = parts.iter().map(Range::len).max().unwrap_or(0);
        if time == 0 {
            return empty;
        }
        // Parts start together; what follows a shorter one's end is ignored.
        let n = rows.len() * time;
        let (mut items, mut codes, mut types) = (vec![0; n], vec![0; n], vec![0; n]);
        let mut last = vec![0.0; n];
        for (row, (history, part)) in rows.iter().zip(parts).enumerate() {
            for (step, at) in part.clone().enumerate() {
                let i = row * time + step;
                items[i] = history.items[at] as i32;
                codes[i] = self.coder.code(*history, at);
                types[i] = self.coder.event_type(*history, at);
            }
            if !part.is_empty() {
                last[row * time + part.len() - 1] = 1.0;
            }
        }
        let table = self.network.items.val();
        let x = self.network.embed(&table, &items, &codes, &types, [rows.len(), time], self.device);
        let first = Some(Recurrent { h: first, c: None });
        let (h, _) = self.network.gru.forward(x, first, None);
        let last = Tensor::from_data(TensorData::new(last, [rows.len(), time, 1]), self.device);
        let states = (h * last).sum_dim(1).reshape([rows.len(), hidden]);
        let none = flags(parts.iter().map(Range::is_empty), self.device);
        states + empty * none
    }

    /// Sessions of a history.
    fn sessions(&self, history: History<'_>) -> Vec<Range<usize>> {
        let starts = (0..history.len()).filter(|&at| self.coder.starts_session(history, at));
        let mut bounds: Vec<usize> = starts.collect();
        bounds.push(history.len());
        bounds.windows(2).map(|w| w[0]..w[1]).collect()
    }

    /// Rank of each event `from..`, given everything before it, from one sweep over the history.
    pub(super) fn ranks(&self, history: History<'_>, from: usize) -> Vec<u32> {
        let hidden = self.network.gru.hidden();
        // Row i is the state after i events; the last event is no input.
        let mut states = vec![Tensor::zeros([1, hidden], self.device)];
        let inputs = history.first(history.len().saturating_sub(1));
        let by_session = self.network.user.is_some();
        let whole = std::iter::once(0..inputs.len());
        let parts: Vec<Range<usize>> =
            if by_session { self.sessions(inputs) } else { whole.collect() };
        let mut user = Tensor::zeros([1, hidden], self.device);
        for (n, part) in parts.into_iter().filter(|part| !part.is_empty()).enumerate() {
            let before = states.last().expect("starts with one").clone();
            let [rows, _] = before.dims();
            let before = before.slice([rows - 1..rows, 0..hidden]);
            let first = match &self.network.user {
                Some(level) => {
                    if n > 0 {
                        user = level.advance(before, user);
                    }
                    level.start(user.clone())
                }
                None => before,
            };
            let items: Vec<i32> = part.clone().map(|at| inputs.items[at] as i32).collect();
            let codes: Vec<i32> = part.clone().map(|at| self.coder.code(inputs, at)).collect();
            let types: Vec<i32> =
                part.clone().map(|at| self.coder.event_type(inputs, at)).collect();
            let table = self.network.items.val();
            let x =
                self.network.embed(&table, &items, &codes, &types, [1, part.len()], self.device);
            let first = Some(Recurrent { h: first, c: None });
            let (h, _) = self.network.gru.forward(x, first, None);
            states.push(h.reshape([part.len(), hidden]));
        }
        let states = Tensor::cat(states, 0);
        let repeat = self.repeat_values();
        let mut seen = Seen::of(history.first(from), &self.coder);
        let mut ranks = Vec::with_capacity(history.len().saturating_sub(from));
        for start in (from..history.len()).step_by(ROWS) {
            let end = (start + ROWS).min(history.len());
            let mut scores =
                values(self.network.scores(states.clone().slice([start..end, 0..hidden])));
            for (row, at) in scores.chunks_exact_mut(self.items).zip(start..end) {
                if let Some(terms) = &repeat {
                    add_repeats(row, &seen, terms);
                    seen.push(history, at, &self.coder);
                }
                ranks.push(rank_of(row, history.items[at]));
            }
        }
        ranks
    }
}

fn values(scores: Tensor<2>) -> Vec<f32> {
    scores.into_data().try_to_vec::<f32>().expect("scores are f32")
}

fn add_repeats(scores: &mut [f32], seen: &Seen, values: &[f32]) {
    for (item, code) in seen.codes() {
        scores[item as usize] += values[code];
    }
}

/// A column of ones and zeros, `[rows, 1]`.
fn flags(values: impl Iterator<Item = bool>, device: &Device) -> Tensor<2> {
    let values: Vec<f32> = values.map(|yes| f32::from(u8::from(yes))).collect();
    Tensor::<1>::from_data(values.as_slice(), device).unsqueeze_dim(1)
}
