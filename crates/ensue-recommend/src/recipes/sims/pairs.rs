//! Who had what, as two sparse matrices, and their product row by row.
//!
//! The product (users of an item, then the items of those users: Gustavson 1978) is never held as a whole: a row is counted
//! into one dense array a thread, its best are kept, and the array is cleared where it was touched. So memory is that of the
//! events and of the answer. Counts are integers, hence results do not depend on the threads.

use std::{
    ops::RangeInclusive,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use ensue_core::{CancelFlag, Interactions};

use super::Sims;

/// Rows that a thread takes at a time.
const BLOCK: usize = 128;

/// A user or an item that is left out.
const OUT: u32 = u32::MAX;

/// Rows of dense ids.
struct Rows {
    offsets: Vec<usize>,
    values: Vec<u32>,
}

impl Rows {
    fn row(&self, row: u32) -> &[u32] {
        &self.values[self.offsets[row as usize]..self.offsets[row as usize + 1]]
    }

    /// The same pairs by the other side.
    fn transposed(&self, columns: usize) -> Self {
        let mut offsets = vec![0; columns + 1];
        for &value in &self.values {
            offsets[value as usize + 1] += 1;
        }
        for column in 0..columns {
            offsets[column + 1] += offsets[column];
        }
        let mut next = offsets.clone();
        let mut values = vec![0; self.values.len()];
        for row in 0..self.offsets.len() - 1 {
            for &value in self.row(row as u32) {
                values[next[value as usize]] = row as u32;
                next[value as usize] += 1;
            }
        }
        Self { offsets, values }
    }
}

/// The best of every item: row `i` is `offsets[i]..offsets[i + 1]`, by falling score, equal scores in ascending item.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Neighbors {
    pub(super) offsets: Vec<u64>,
    pub(super) items: Vec<u32>,
    pub(super) scores: Vec<f32>,
}

/// What is counted: kept items by a number of their own, so that the dense array is no larger than needed.
pub(super) struct Pairs {
    user_items: Rows,
    item_users: Rows,
    /// The item of each number, ascending.
    items: Vec<u32>,
    n_items: usize,
}

impl Pairs {
    pub(super) fn new(settings: &Sims, interactions: &Interactions, item_users: &[u32]) -> Self {
        let n_items = interactions.n_items();
        // The last user (plus 1) who had an item: tells what is new without sorting.
        let mut mark = vec![0u64; n_items];
        let mut lengths = vec![0u32; interactions.n_users()];
        for (user, history) in interactions.users() {
            let own = u64::from(user) + 1;
            for &item in history.items {
                let new = std::mem::replace(&mut mark[item as usize], own) != own;
                lengths[user as usize] += u32::from(new);
            }
        }
        let users = between(
            &lengths,
            settings.min_user_history_length_percentile,
            settings.max_user_history_length_percentile,
        );
        let kept = between(
            item_users,
            settings.min_item_interaction_count_percentile,
            settings.max_item_interaction_count_percentile,
        );
        let items: Vec<u32> =
            (0..n_items as u32).filter(|&i| kept.contains(&item_users[i as usize])).collect();
        let mut number = vec![OUT; n_items];
        for (place, &item) in items.iter().enumerate() {
            number[item as usize] = place as u32;
        }
        mark.fill(0);
        let (mut offsets, mut values) = (vec![0], Vec::new());
        for (user, history) in interactions.users() {
            if !users.contains(&lengths[user as usize]) {
                continue;
            }
            let own = u64::from(user) + 1;
            for &item in history.items {
                let new = std::mem::replace(&mut mark[item as usize], own) != own;
                if new && number[item as usize] != OUT {
                    values.push(number[item as usize]);
                }
            }
            offsets.push(values.len());
        }
        let user_items = Rows { offsets, values };
        let item_users = user_items.transposed(items.len());
        Self { user_items, item_users, items, n_items }
    }

    /// The best of every row, or `None` when the flag went up.
    pub(super) fn best(
        &self,
        settings: &Sims,
        threads: usize,
        cancel: &CancelFlag,
    ) -> Option<Neighbors> {
        let blocks = self.items.len().div_ceil(BLOCK);
        let next = AtomicUsize::new(0);
        let done: Mutex<Vec<Option<Block>>> = Mutex::new((0..blocks).map(|_| None).collect());
        let exponent = -settings.popularity_discount_factor;
        let weights: Vec<f64> = (0..self.items.len() as u32)
            .map(|item| (self.item_users.row(item).len() as f64).powf(exponent))
            .collect();
        let work = || {
            let mut counter = Counter {
                counts: vec![0; self.items.len()],
                touched: vec![0; self.items.len() + 1],
                best: Vec::new(),
            };
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if at >= blocks {
                    return;
                }
                let mut block = Block::default();
                let rows = at * BLOCK..((at + 1) * BLOCK).min(self.items.len());
                for row in rows {
                    if cancel.is_cancelled() {
                        return;
                    }
                    counter.row(self, row as u32, &weights, settings);
                    block.ends.push((block.keys.len() + counter.best.len()) as u32);
                    block.keys.extend_from_slice(&counter.best);
                }
                block.keys.shrink_to_fit();
                done.lock().unwrap_or_else(PoisonError::into_inner)[at] = Some(block);
            }
        };
        rayon::in_place_scope(|scope| {
            for _ in 1..threads.min(blocks) {
                scope.spawn(|_| work());
            }
            work();
        });
        if cancel.is_cancelled() {
            return None;
        }
        Some(self.gather(done.into_inner().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Blocks in order to one table over the whole catalogue; each is freed as it goes.
    fn gather(&self, blocks: Vec<Option<Block>>) -> Neighbors {
        let total = blocks.iter().flatten().map(|block| block.keys.len()).sum();
        let mut offsets = vec![0u64; self.n_items + 1];
        let (mut items, mut scores) = (Vec::with_capacity(total), Vec::with_capacity(total));
        let mut rows = self.items.iter();
        for block in blocks.into_iter().flatten() {
            let mut from = 0;
            for (&end, &item) in block.ends.iter().zip(rows.by_ref()) {
                offsets[item as usize + 1] = u64::from(end - from);
                from = end;
            }
            items.extend(block.keys.iter().map(|&key| self.items[item_of(key) as usize]));
            scores.extend(block.keys.iter().map(|&key| score_of(key)));
        }
        for row in 0..self.n_items {
            offsets[row + 1] += offsets[row];
        }
        Neighbors { offsets, items, scores }
    }
}

/// The rows of some successive items.
#[derive(Default)]
struct Block {
    /// Where each row ends.
    ends: Vec<u32>,
    keys: Vec<u64>,
}

/// What one thread counts with.
struct Counter {
    counts: Vec<u32>,
    /// One place more than items: written to ahead of knowing whether it is needed.
    touched: Vec<u32>,
    best: Vec<u64>,
}

impl Counter {
    /// Leaves the best of a row in `best`, best first.
    fn row(&mut self, pairs: &Pairs, item: u32, weights: &[f64], settings: &Sims) {
        let users = pairs.item_users.row(item);
        let work: usize = users.iter().map(|&user| pairs.user_items.row(user).len()).sum();
        self.best.clear();
        let least = settings.min_cointeraction_count.max(1);
        if users.len() < least as usize {
            return;
        }
        let mut list = List {
            best: &mut self.best,
            room: settings.neighbors.get(),
            least_key: 0,
            own: weights[item as usize],
            weights,
        };
        let counts = &mut *self.counts;
        // Where most of the catalogue is met anyway, going through all of it is cheaper than keeping a list.
        if work >= counts.len() / 4 {
            for &user in users {
                for &other in pairs.user_items.row(user) {
                    counts[other as usize] += 1;
                }
            }
            counts[item as usize] = 0;
            for (other, count) in counts.iter_mut().enumerate() {
                if *count >= least {
                    list.offer(other as u32, *count);
                }
                *count = 0;
            }
        } else {
            let mut n = 0;
            for &user in users {
                for &other in pairs.user_items.row(user) {
                    let count = &mut counts[other as usize];
                    self.touched[n] = other;
                    n += usize::from(*count == 0);
                    *count += 1;
                }
            }
            counts[item as usize] = 0;
            for &other in &self.touched[..n] {
                let count = std::mem::take(&mut counts[other as usize]);
                if count >= least {
                    list.offer(other, count);
                }
            }
        }
        list.cut();
        self.best.sort_unstable_by(|a, b| b.cmp(a));
    }
}

/// The best so far, in a list that is cut down whenever it has grown to twice its room.
struct List<'a> {
    best: &'a mut Vec<u64>,
    room: usize,
    /// What does not exceed this is not among the best.
    least_key: u64,
    own: f64,
    weights: &'a [f64],
}

impl List<'_> {
    fn offer(&mut self, item: u32, count: u32) {
        let score = (f64::from(count) * (self.own * self.weights[item as usize])) as f32;
        let key = key(score, item);
        if key > self.least_key {
            self.best.push(key);
            if self.best.len() >= 2 * self.room {
                self.cut();
            }
        }
    }

    fn cut(&mut self) {
        if self.best.len() > self.room {
            let last = self.room - 1;
            self.least_key = *self.best.select_nth_unstable_by(last, |a, b| b.cmp(a)).1;
            self.best.truncate(self.room);
        }
    }
}

/// Orders by score, equal scores by falling item: positive floats order as their bits do.
fn key(score: f32, item: u32) -> u64 {
    u64::from(score.to_bits()) << 32 | u64::from(!item)
}

fn item_of(key: u64) -> u32 {
    !(key as u32)
}

fn score_of(key: u64) -> f32 {
    f32::from_bits((key >> 32) as u32)
}

/// The values from one percentile to another, nearest rank among those above 0.
fn between(values: &[u32], low: f64, high: f64) -> RangeInclusive<u32> {
    let mut sorted: Vec<u32> = values.iter().copied().filter(|&value| value > 0).collect();
    sorted.sort_unstable();
    let last = sorted.len().saturating_sub(1) as f64;
    let at = |share: f64| sorted.get((share * last).round() as usize).copied().unwrap_or(1);
    at(low)..=at(high)
}
