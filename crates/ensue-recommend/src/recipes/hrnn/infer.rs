//! From histories to what the network puts out after them.

use std::ops::Range;

use burn::tensor::{Device, Tensor, TensorData};
use ensue_core::History;
use ensue_nn::recurrent::State as Recurrent;

use super::{
    context::Coder,
    fields::{Facts, USER_RATE},
    network::Network,
    repeat::Seen,
};
use crate::features::Bag;

/// Events that one sweep reads at most, over all its rows: bounds the memory of a batch.
const EVENTS: usize = 65_536;

/// Rows that one sweep has at most.
const ROWS: usize = 256;

/// A trained network, what it knows, and how its inputs are coded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inference<'a> {
    pub(super) network: &'a Network,
    pub(super) facts: &'a Facts,
    pub(super) coder: Coder,
    pub(super) device: &'a Device,
    /// `[items, hidden]`: vectors of the items with what their fields add.
    pub(super) table: &'a Tensor<2>,
    /// Whether answers speak of the whole history, by the mean of its states, and not of its end.
    pub(super) mean: bool,
}

/// One question, with what is known of its user and its moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked<'a> {
    pub(super) history: History<'a>,
    pub(super) user: Bag,
    pub(super) context: Bag,
}

/// States after some histories; `[rows, hidden]` each.
#[derive(Debug, Clone)]
pub(super) struct States {
    pub(super) session: Tensor<2>,
    /// Of the network over sessions; zeros without one.
    pub(super) user: Tensor<2>,
    /// Sum of the states after each event, where answers want it; else zeros.
    pub(super) sum: Tensor<2>,
}

impl Inference<'_> {
    /// Outputs after each history, row-major `[rows, hidden]`.
    pub(super) fn outputs(&self, asked: &[Asked<'_>]) -> Vec<f32> {
        let hidden = self.network.gru.hidden();
        // Rows of like length go together, so that little is computed on padding.
        let mut order: Vec<usize> = (0..asked.len()).collect();
        order.sort_by_key(|&i| asked[i].history.len());
        let mut out = vec![0.0; asked.len() * hidden];
        let mut from = 0;
        while from < order.len() {
            let mut to = from + 1;
            while to < order.len()
                && to - from < ROWS
                && (to + 1 - from) * asked[order[to]].history.len() <= EVENTS
            {
                to += 1;
            }
            let rows: Vec<&Asked<'_>> = order[from..to].iter().map(|&i| &asked[i]).collect();
            let states = self.states(&rows);
            let lengths = rows.iter().map(|asked| asked.history.len());
            let states = self.speaking(states.session, states.sum, lengths);
            let found = self.output(states, rows.iter().copied());
            for (row, &i) in found.chunks_exact(hidden).zip(&order[from..to]) {
                out[i * hidden..][..hidden].copy_from_slice(row);
            }
            from = to;
        }
        out
    }

    /// The state that an answer speaks from: the last one, or the mean over a history's length; `[rows, hidden]`.
    pub(super) fn speaking(
        &self,
        session: Tensor<2>,
        sum: Tensor<2>,
        lengths: impl Iterator<Item = usize>,
    ) -> Tensor<2> {
        if !self.mean {
            return session;
        }
        let shares: Vec<f32> = lengths.map(|n| 1.0 / n.max(1) as f32).collect();
        sum * Tensor::<1>::from_data(shares.as_slice(), self.device).unsqueeze_dim(1)
    }

    /// What the network puts out in these states, row-major.
    pub(super) fn output<'a>(
        &self,
        states: Tensor<2>,
        asked: impl Iterator<Item = &'a Asked<'a>> + Clone,
    ) -> Vec<f32> {
        let users = asked.clone().map(|asked| asked.user.as_slice());
        let contexts = asked.map(|asked| asked.context.as_slice());
        values(self.network.output(states, users, contexts, self.device))
    }

    /// The values that items had before get added; `None` when the network has none.
    pub(super) fn repeat_terms(&self) -> Option<Vec<f32>> {
        self.network.repeat.as_ref().map(|terms| values(terms.val()))
    }

    /// States after each history; zero after an empty one.
    pub(super) fn states(&self, rows: &[&Asked<'_>]) -> States {
        let hidden = self.network.gru.hidden();
        let mut states = Tensor::zeros([rows.len(), hidden], self.device);
        if let Some(level) = &self.network.user {
            let sessions: Vec<Vec<Range<usize>>> =
                rows.iter().map(|asked| self.sessions(asked.history)).collect();
            let most = sessions.iter().map(Vec::len).max().unwrap_or(0);
            let (mut user, mut sum) = (states.clone(), states.clone());
            for n in 0..most {
                let part: Vec<_> =
                    sessions.iter().map(|s| s.get(n).cloned().unwrap_or(0..0)).collect();
                let moves = flags(part.iter().map(|p| n > 0 && !p.is_empty()), self.device);
                let next = level.advance(states.clone(), user.clone());
                user = user.clone() + (next - user) * moves;
                let swept = self.sweep(rows, &part, level.start(user.clone()), states);
                (states, sum) = (swept.0, sum + swept.1);
            }
            return States { session: states, user, sum };
        }
        let whole: Vec<Range<usize>> = rows.iter().map(|asked| 0..asked.history.len()).collect();
        let user = states.clone();
        let (session, sum) = self.sweep(rows, &whole, states.clone(), states);
        States { session, user, sum }
    }

    /// State after the events `parts` of each row, from `first`, or `empty` where there is no event; and the sum of the states
    /// after each.
    fn sweep(
        &self,
        rows: &[&Asked<'_>],
        parts: &[Range<usize>],
        first: Tensor<2>,
        empty: Tensor<2>,
    ) -> (Tensor<2>, Tensor<2>) {
        let hidden = self.network.gru.hidden();
        let time = parts.iter().map(Range::len).max().unwrap_or(0);
        let nothing = Tensor::zeros([rows.len(), hidden], self.device);
        if time == 0 {
            return (empty, nothing);
        }
        let mut last = vec![0.0; rows.len() * time];
        for (row, part) in parts.iter().enumerate().filter(|(_, part)| !part.is_empty()) {
            last[row * time + part.len() - 1] = 1.0;
        }
        // Parts start together; what follows a shorter one's end is ignored.
        let x = self.inputs(rows, parts, time);
        let first = Some(Recurrent { h: first, c: None });
        let (h, _) = self.network.gru.forward(x, first, None);
        let picked = |factors: Vec<f32>| {
            let factors = TensorData::new(factors, [rows.len(), time, 1]);
            let picked = h.clone() * Tensor::from_data(factors, self.device);
            picked.sum_dim(1).reshape([rows.len(), hidden])
        };
        let states = picked(last);
        let none = flags(parts.iter().map(Range::is_empty), self.device);
        let sum = if self.mean {
            let within = |part: &Range<usize>| {
                (0..time).map(|step| f32::from(u8::from(step < part.len()))).collect::<Vec<_>>()
            };
            picked(parts.iter().flat_map(within).collect())
        } else {
            nothing
        };
        (states + empty * none, sum)
    }

    /// Inputs of the events `parts` of each row, `[rows, time, hidden]`.
    pub(super) fn inputs(
        &self,
        rows: &[&Asked<'_>],
        parts: &[Range<usize>],
        time: usize,
    ) -> Tensor<3> {
        let n = rows.len() * time;
        let (mut items, mut codes, mut types) = (vec![0; n], vec![0; n], vec![0; n]);
        let nothing: &[(u32, f32)] = &[];
        let (mut users, mut contexts) = (vec![nothing; n], vec![nothing; n]);
        for (row, (asked, part)) in rows.iter().zip(parts).enumerate() {
            let history = asked.history;
            for (step, at) in part.clone().enumerate() {
                let i = row * time + step;
                items[i] = history.items[at] as i32;
                codes[i] = self.coder.code(history, at);
                types[i] = self.coder.event_type(history, at);
                users[i] = &asked.user;
                if let Some(column) = history.contexts {
                    contexts[i] = self.facts.contexts.of(column[at]);
                }
            }
        }
        let shape = [rows.len(), time];
        let mut x = self.network.embed(self.table, &items, &codes, &types, shape, self.device);
        if let Some(fields) = &self.network.fields {
            let shape = x.dims();
            if let Some(level) = &fields.users {
                x = x + level.input(users.into_iter(), self.device).reshape(shape) * USER_RATE;
            }
            if let Some(level) = &fields.contexts {
                x = x + level.input(contexts.into_iter(), self.device).reshape(shape);
            }
        }
        x
    }

    /// Sessions of a history.
    fn sessions(&self, history: History<'_>) -> Vec<Range<usize>> {
        let starts = (0..history.len()).filter(|&at| self.coder.starts_session(history, at));
        let mut bounds: Vec<usize> = starts.collect();
        bounds.push(history.len());
        bounds.windows(2).map(|w| w[0]..w[1]).collect()
    }

    /// States before each event of a history, from one sweep over it: `[events, hidden]`, at least one row.
    pub(super) fn states_along(&self, asked: &Asked<'_>) -> Tensor<2> {
        let hidden = self.network.gru.hidden();
        // Row i is the state after i events; the last event is no input.
        let mut states = vec![Tensor::zeros([1, hidden], self.device)];
        let inputs = asked.history.first(asked.history.len().saturating_sub(1));
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
            let time = part.len();
            let x = self.inputs(&[asked], &[part], time);
            let first = Some(Recurrent { h: first, c: None });
            let (h, _) = self.network.gru.forward(x, first, None);
            states.push(h.reshape([time, hidden]));
        }
        let states = Tensor::cat(states, 0);
        if self.mean { means(states, hidden, self.device) } else { states }
    }
}

/// What the items of a history get added to their scores, ascending by item.
pub(super) fn added(seen: &Seen, terms: Option<&[f32]>) -> Vec<(u32, f32)> {
    let Some(terms) = terms else { return Vec::new() };
    let mut added: Vec<(u32, f32)> = seen.codes().map(|(item, code)| (item, terms[code])).collect();
    added.sort_unstable_by_key(|&(item, _)| item);
    added
}

/// Mean of all rows up to each, the first (before any event) left out where there are others.
fn means(states: Tensor<2>, hidden: usize, device: &Device) -> Tensor<2> {
    let shape = states.dims();
    let mut rows = values(states);
    for row in 1..shape[0] {
        for column in 0..hidden {
            let before = rows[(row - 1) * hidden + column] * (row - 1) as f32;
            let at = row * hidden + column;
            rows[at] = (before + rows[at]) / row as f32;
        }
    }
    Tensor::from_data(TensorData::new(rows, shape), device)
}

pub(super) fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec::<f32>().expect("weights and scores are f32")
}

/// A column of ones and zeros, `[rows, 1]`.
fn flags(values: impl Iterator<Item = bool>, device: &Device) -> Tensor<2> {
    let values: Vec<f32> = values.map(|yes| f32::from(u8::from(yes))).collect();
    Tensor::<1>::from_data(values.as_slice(), device).unsqueeze_dim(1)
}
