//! Two more baselines of the Online Retail protocol, which are no recipes: what the customer bought most, and what was
//! bought together with the last item.

use std::collections::BTreeMap;

use ensue::{
    core::{NextItemAccumulator, NextItemReport},
    recommend::rank_of,
};

use crate::data::NextItemTask;

/// Items the customer had most often in training (+1e-6 popularity); the invoice under way does not count.
pub(super) fn personal_popularity(task: &NextItemTask) -> NextItemReport {
    let popularity: Vec<f32> = task.train.item_counts().iter().map(|&n| 1e-6 * n as f32).collect();
    let mut metrics = NextItemAccumulator::new();
    for (history, from) in &task.tests {
        let items = history.as_history().items;
        let mut scores = popularity.clone();
        // The first line of the last invoice is known, but not predicted: training ends one line before.
        for &item in &items[..from - 1] {
            scores[item as usize] += 1.0;
        }
        items[*from..].iter().for_each(|&item| metrics.add(rank_of(&scores, item)));
    }
    metrics.finish()
}

/// Cosine of the invoices of an item with those of the last item: `c_ij / sqrt(n_i n_j)`.
pub(super) fn item_cosine(task: &NextItemTask) -> NextItemReport {
    let n_items = task.train.n_items();
    let mut together: Vec<BTreeMap<u32, u32>> = vec![BTreeMap::new(); n_items];
    // An item is at most once on an invoice.
    let invoices = task.train.item_counts();
    for (_, history) in task.train.users() {
        let sessions = history.sessions.unwrap_or_default();
        let mut start = 0;
        for invoice in sessions.chunk_by(|a, b| a == b) {
            let items = &history.items[start..start + invoice.len()];
            start += invoice.len();
            for &a in items {
                for &b in items {
                    if a != b {
                        *together[a as usize].entry(b).or_default() += 1;
                    }
                }
            }
        }
    }
    let mut metrics = NextItemAccumulator::new();
    for (history, from) in &task.tests {
        let items = history.as_history().items;
        for place in *from..items.len() {
            let (last, next) = (items[place - 1], items[place]);
            let mut scores = vec![0f32; n_items];
            for (&item, &times) in &together[last as usize] {
                let (n, m) = (invoices[last as usize], invoices[item as usize]);
                scores[item as usize] =
                    (f64::from(times) / (f64::from(n) * f64::from(m)).sqrt()) as f32;
            }
            metrics.add(rank_of(&scores, next));
        }
    }
    metrics.finish()
}
