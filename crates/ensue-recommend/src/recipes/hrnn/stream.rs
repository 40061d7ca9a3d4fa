//! Users packed into lanes: what one training step reads.
//!
//! Users stand one after another in `lanes` streams of about equal length, and every step reads the next `bptt` events of
//! each lane. No padding inside a stream: where a user ends, the next one begins, and `keep` = 0 makes the network
//! forget. The state at the end of a step enters the next one, so a user's whole history counts whatever `bptt` is.
//!
//! With [`Hierarchy::UserState`] a step reads one session of each lane instead (at most `bptt` events of it), since what a
//! session starts from is only known when the one before has ended.

use std::sync::Arc;

use ensue_core::{Interactions, Seed, interactions::NO_CONTEXT};
use ensue_nn::init::dropout_mask;
use rand::{RngExt, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::{
    Hierarchy,
    context::Coder,
    fields::Facts,
    repeat::Seen,
    sampling::{Drawn, Sampler},
};

/// Added to the score of an item that no training event names, where such items are to be answers: it is not there, and must
/// not be taken for a wrong answer.
const ABSENT: f32 = -1e4;

/// What one step reads; `[lanes, bptt]` row-major unless said otherwise.
#[derive(Debug)]
pub(super) struct Batch {
    /// Items of the inputs: dense ids or, with sampled negatives, places among the step's rows.
    pub(super) items: Vec<i32>,
    /// Context codes of the inputs.
    pub(super) codes: Vec<i32>,
    /// Event types of the inputs.
    pub(super) types: Vec<i32>,
    /// 0 where a user begins, else 1.
    pub(super) keep: Vec<f32>,
    /// `[lanes, bptt, lookahead]`: right answers, counted as the inputs are.
    pub(super) targets: Vec<i32>,
    /// `[lanes, bptt, lookahead]`: their weights; all together they sum to 1.
    pub(super) weights: Vec<f32>,
    /// `[lanes, bptt, hidden]`: factors on the inputs; empty without dropout.
    pub(super) input_mask: Vec<f32>,
    /// `[lanes, bptt, hidden]`: factors on the outputs; empty without dropout.
    pub(super) output_mask: Vec<f32>,
    /// Users of the inputs, and contexts of the inputs and of the events after them; empty where the network has no fields.
    pub(super) users: Vec<u32>,
    pub(super) contexts: Vec<u32>,
    pub(super) next_contexts: Vec<u32>,
    /// One number for each item of the step: 0 where its own vector is left out as an answer; empty when that is as for
    /// inputs.
    pub(super) own: Vec<f32>,
    /// What is added to the bias of each item of the step: keeps items without events from being wrong answers; empty for
    /// nothing.
    pub(super) offsets: Vec<f32>,
    /// What the step touches of the catalogue; all of it when `None`.
    pub(super) sampled: Option<Sampled>,
    /// What each input's user had before; `None` when the network does not ask.
    pub(super) repeats: Option<Repeats>,
    /// Inputs with an answer.
    pub(super) events: usize,
    /// Where sessions begin and end; only for [`Hierarchy::UserState`].
    pub(super) sessions: Option<SessionMarks>,
}

/// The part of the catalogue that a step with sampled negatives works on.
#[derive(Debug)]
pub(super) struct Sampled {
    /// Items, ascending: inputs, answers and negatives.
    pub(super) rows: Vec<u32>,
    /// The negatives, as places among `rows`.
    pub(super) negatives: Vec<i32>,
    /// What is added to the score of each negative.
    pub(super) corrections: Vec<f32>,
}

/// Items, counted as the inputs are, that the user of an input had before, row by row.
#[derive(Debug)]
pub(super) struct Repeats {
    /// `[lanes * time + 1]`: where each input's entries begin.
    pub(super) offsets: Vec<i32>,
    pub(super) places: Vec<i32>,
    /// Codes of [`super::repeat`].
    pub(super) codes: Vec<i32>,
}

/// Where the chunk of each lane stands in its session and its user.
#[derive(Debug)]
pub(super) struct SessionMarks {
    /// `[lanes]`: 1 where the chunk begins a session.
    pub(super) starts: Vec<f32>,
    /// `[lanes]`: 0 where that session is the user's first, else 1.
    pub(super) known: Vec<f32>,
    /// `[lanes, time]`: 1 at the last input of each chunk.
    pub(super) last: Vec<f32>,
}

/// What the batches of every epoch have in common.
#[derive(Debug)]
pub(super) struct Streams {
    pub(super) interactions: Interactions,
    /// Users to train on, each with at least two events.
    pub(super) users: Vec<u32>,
    pub(super) coder: Coder,
    pub(super) lanes: usize,
    pub(super) bptt: usize,
    pub(super) lookahead: usize,
    pub(super) hidden: usize,
    pub(super) dropout_input: f64,
    pub(super) dropout_output: f64,
    /// Rank in time of every event among all, 0 to 1, by the interactions' own order; empty: all events weigh the same.
    pub(super) recency: Vec<f32>,
    pub(super) sampler: Option<Sampler>,
    /// Whether batches say what a user had before.
    pub(super) repeats: bool,
    /// What is known beside the events.
    pub(super) facts: Arc<Facts>,
    /// Share of items whose own vector is left out of a step.
    pub(super) id_dropout: f64,
    /// What is added to the bias of each item in training: [`ABSENT`] to items without events; `None` for nothing.
    pub(super) absent: Option<Vec<f32>>,
}

impl Streams {
    /// Steps of one epoch. Users do not divide evenly, so it depends on how they are dealt; the dealing is the same
    /// for every epoch but for which lane comes first.
    pub(super) fn steps(&self) -> usize {
        let cost = |lane: &Vec<u32>| lane.iter().map(|&user| self.cost(user)).sum::<usize>();
        let longest = self.deal().iter().map(cost).max().unwrap_or(0);
        if self.by_session() { longest } else { longest.div_ceil(self.bptt) }
    }

    fn by_session(&self) -> bool {
        self.coder.hierarchy == Hierarchy::UserState
    }

    /// What a user adds to the length of a lane: inputs (the last event has no answer and is none), or chunks of sessions.
    fn cost(&self, user: u32) -> usize {
        if !self.by_session() {
            return self.interactions.user(user).len() - 1;
        }
        let mut at = 0;
        let mut chunks = 0;
        while at + 1 < self.interactions.user(user).len() {
            at = self.chunk_end(user, at);
            chunks += 1;
        }
        chunks
    }

    /// End of the chunk that starts at `at`: the session's, the user's, or `bptt` events on.
    fn chunk_end(&self, user: u32, at: usize) -> usize {
        let history = self.interactions.user(user);
        let limit = (at + self.bptt).min(history.len() - 1);
        (at + 1..limit).find(|&i| self.coder.starts_session(history, i)).unwrap_or(limit)
    }

    /// Users by lane: the longest first, each to the shortest lane.
    fn deal(&self) -> Vec<Vec<u32>> {
        let mut users = self.users.clone();
        users.sort_by_cached_key(|&user| std::cmp::Reverse(self.cost(user)));
        let mut lanes = vec![(0, Vec::new()); self.lanes.min(users.len()).max(1)];
        let mut order: std::collections::BinaryHeap<_> =
            (0..lanes.len()).map(|lane| std::cmp::Reverse((0, lane))).collect();
        for user in users {
            let std::cmp::Reverse((length, lane)) = order.pop().expect("there is a lane");
            lanes[lane].1.push(user);
            let length = length + self.cost(user);
            order.push(std::cmp::Reverse((length, lane)));
        }
        lanes.into_iter().map(|(_, users)| users).collect()
    }

    /// The batches of one epoch; within a lane the users come in a new order.
    pub(super) fn epoch(&self, seed: Seed) -> impl Iterator<Item = Batch> + Send + '_ {
        let mut rng = seed.stream("order");
        let mut lanes: Vec<Lane> = (self.deal().into_iter())
            .map(|mut users| {
                users.shuffle(&mut rng);
                Lane { users, user: 0, at: 0, seen: Seen::default() }
            })
            .collect();
        let (mut rng, mut ids) = (seed.stream("noise"), seed.stream("ids"));
        let items = if self.sampler.is_some() { self.interactions.n_items() } else { 0 };
        let mut places = Places(vec![Places::NONE; items]);
        (0..self.steps()).map(move |_| self.batch(&mut lanes, &mut places, &mut rng, &mut ids))
    }

    fn batch(
        &self,
        lanes: &mut [Lane],
        places: &mut Places,
        rng: &mut ChaCha8Rng,
        ids: &mut ChaCha8Rng,
    ) -> Batch {
        let reads: Vec<Vec<(u32, usize)>> = lanes.iter_mut().map(|lane| self.read(lane)).collect();
        let time = reads.iter().map(Vec::len).max().unwrap_or(0).max(1);
        let (n, k) = (lanes.len() * time, self.lookahead);
        let mut batch = Batch {
            items: vec![0; n],
            codes: vec![0; n],
            types: vec![0; n],
            keep: vec![0.0; n],
            targets: vec![0; n * k],
            weights: vec![0.0; n * k],
            input_mask: dropout_mask(n * self.hidden, self.dropout_input, rng),
            output_mask: dropout_mask(n * self.hidden, self.dropout_output, rng),
            users: Vec::new(),
            contexts: Vec::new(),
            next_contexts: Vec::new(),
            own: Vec::new(),
            offsets: Vec::new(),
            sampled: None,
            repeats: None,
            events: 0,
            sessions: self.by_session().then(|| self.marks(&reads, time)),
        };
        if self.has_fields() {
            // Ids beyond all know nothing, which is what padding knows.
            batch.users = vec![u32::MAX; n];
            batch.contexts = vec![NO_CONTEXT; n];
            batch.next_contexts = vec![NO_CONTEXT; n];
        }
        let mut repeats = Repeats { offsets: vec![0], places: Vec::new(), codes: Vec::new() };
        for (row, (read, lane)) in reads.iter().zip(lanes).enumerate() {
            for step in 0..time {
                if let Some(&(user, at)) = read.get(step) {
                    self.input(&mut batch, row * time + step, user, at);
                    if self.repeats {
                        self.repeat(&mut repeats, &mut lane.seen, user, at);
                    }
                }
                repeats.offsets.push(repeats.places.len() as i32);
            }
        }
        let total: f32 = batch.weights.iter().sum();
        if total > 0.0 {
            batch.weights.iter_mut().for_each(|w| *w /= total);
        }
        if let Some(sampler) = &self.sampler {
            batch.sampled = Some(places.sampled(sampler.draw(rng), &mut batch, &mut repeats));
        }
        batch.repeats = self.repeats.then_some(repeats);
        let items: Vec<u32> = match &batch.sampled {
            Some(sampled) => sampled.rows.clone(),
            None => (0..self.interactions.n_items() as u32).collect(),
        };
        batch.own = self.own(&items, ids);
        batch.offsets = match &self.absent {
            Some(absent) => items.iter().map(|&item| absent[item as usize]).collect(),
            None => Vec::new(),
        };
        batch
    }

    /// Whether the network has fields.
    fn has_fields(&self) -> bool {
        self.facts.rows() != super::fields::FieldRows::default()
    }

    /// Which items keep their own vector in a step.
    fn own(&self, items: &[u32], rng: &mut ChaCha8Rng) -> Vec<f32> {
        let own = &self.facts.own;
        if !self.has_fields() || self.id_dropout == 0.0 {
            return Vec::new();
        }
        items
            .iter()
            .map(|&item| {
                let left_out = rng.random::<f64>() < self.id_dropout;
                if left_out { 0.0 } else { own.get(item as usize).copied().unwrap_or(1.0) }
            })
            .collect()
    }

    fn repeat(&self, repeats: &mut Repeats, seen: &mut Seen, user: u32, at: usize) {
        if at == 0 {
            *seen = Seen::default();
        }
        seen.push(self.interactions.user(user), at, &self.coder);
        for (item, code) in seen.codes() {
            repeats.places.push(item as i32);
            repeats.codes.push(code as i32);
        }
    }

    /// The next inputs of a lane.
    fn read(&self, lane: &mut Lane) -> Vec<(u32, usize)> {
        let mut inputs = Vec::with_capacity(self.bptt);
        while inputs.len() < self.bptt {
            let Some((user, at)) = lane.next(&self.interactions) else { break };
            inputs.push((user, at));
            let next = at + 1;
            let history = self.interactions.user(user);
            let ends = next + 1 >= history.len() || self.coder.starts_session(history, next);
            if self.by_session() && ends {
                break;
            }
        }
        inputs
    }

    fn marks(&self, reads: &[Vec<(u32, usize)>], time: usize) -> SessionMarks {
        let flag = |yes: bool| f32::from(u8::from(yes));
        let first = |read: &Vec<(u32, usize)>, test: &dyn Fn(u32, usize) -> bool| {
            flag(read.first().is_some_and(|&(user, at)| test(user, at)))
        };
        let starts = |user, at| self.coder.starts_session(self.interactions.user(user), at);
        let mut last = vec![0.0; reads.len() * time];
        for (row, read) in reads.iter().enumerate().filter(|(_, read)| !read.is_empty()) {
            last[row * time + read.len() - 1] = 1.0;
        }
        SessionMarks {
            starts: reads.iter().map(|r| first(r, &starts)).collect(),
            known: reads.iter().map(|r| first(r, &|_, at| at > 0)).collect(),
            last,
        }
    }

    fn input(&self, batch: &mut Batch, i: usize, user: u32, at: usize) {
        let history = self.interactions.user(user);
        batch.items[i] = history.items[at] as i32;
        batch.codes[i] = self.coder.code(history, at);
        batch.types[i] = self.coder.event_type(history, at);
        // The first state of a session comes from the user's, and nothing inside one is forgotten.
        batch.keep[i] = f32::from(u8::from(at > 0 || self.by_session()));
        batch.events += 1;
        if self.has_fields() {
            batch.users[i] = user;
            let context = |at: usize| history.contexts.map_or(NO_CONTEXT, |column| column[at]);
            batch.contexts[i] = context(at);
            batch.next_contexts[i] = context(at + 1);
        }
        let start = self.interactions.offsets()[user as usize];
        for ahead in 0..self.lookahead.min(history.len() - 1 - at) {
            let next = at + 1 + ahead;
            let recency = self.recency.get(start + next).map_or(1.0, |rank| 0.5 + rank);
            batch.targets[i * self.lookahead + ahead] = history.items[next] as i32;
            batch.weights[i * self.lookahead + ahead] = recency / (ahead + 1) as f32;
        }
    }
}

/// What keeps items without events out of training.
pub(super) fn absent(counts: &[u32]) -> Vec<f32> {
    counts.iter().map(|&count| if count == 0 { ABSENT } else { 0.0 }).collect()
}

/// The place of every item among the rows of a step; made once an epoch, and only touched where a step is.
#[derive(Debug)]
struct Places(Vec<i32>);

impl Places {
    /// Not among the rows.
    const NONE: i32 = -1;

    /// The rows of a step; items of the batch become places among them.
    fn sampled(&mut self, drawn: Drawn, batch: &mut Batch, repeats: &mut Repeats) -> Sampled {
        let Drawn { items: negatives, corrections } = drawn;
        let mut rows: Vec<u32> = Vec::with_capacity(negatives.len() + batch.items.len());
        let answers = batch.targets.iter().zip(&batch.weights).filter(|(_, w)| **w > 0.0);
        let named = batch.items.iter().chain(answers.map(|(item, _)| item)).map(|&i| i as u32);
        for item in named.chain(negatives.iter().copied()) {
            let place = &mut self.0[item as usize];
            if *place == Self::NONE {
                *place = 0;
                rows.push(item);
            }
        }
        rows.sort_unstable();
        for (place, &item) in rows.iter().enumerate() {
            self.0[item as usize] = place as i32;
        }
        for item in &mut batch.items {
            *item = self.0[*item as usize];
        }
        for (target, &weight) in batch.targets.iter_mut().zip(&batch.weights) {
            *target = if weight > 0.0 { self.0[*target as usize] } else { 0 };
        }
        repeats.keep(|item| Some(self.0[item as usize]).filter(|&place| place != Self::NONE));
        let negatives = negatives.iter().map(|&item| self.0[item as usize]).collect();
        for &item in &rows {
            self.0[item as usize] = Self::NONE;
        }
        Sampled { rows, negatives, corrections }
    }
}

impl Repeats {
    /// Keeps the entries that have a place.
    fn keep(&mut self, place: impl Fn(i32) -> Option<i32>) {
        let (mut kept, mut from) = (0, 0);
        for end in &mut self.offsets[1..] {
            for entry in from..*end as usize {
                if let Some(place) = place(self.places[entry]) {
                    self.places[kept] = place;
                    self.codes[kept] = self.codes[entry];
                    kept += 1;
                }
            }
            from = *end as usize;
            *end = kept as i32;
        }
        self.places.truncate(kept);
        self.codes.truncate(kept);
    }
}

/// One stream and how far it has been read.
#[derive(Debug)]
struct Lane {
    users: Vec<u32>,
    user: usize,
    at: usize,
    /// What the current user had, up to the last input read.
    seen: Seen,
}

impl Lane {
    /// The next input: a user and the place in their history.
    fn next(&mut self, interactions: &Interactions) -> Option<(u32, usize)> {
        let user = *self.users.get(self.user)?;
        let at = self.at;
        self.at += 1;
        if self.at + 1 >= interactions.user(user).len() {
            (self.user, self.at) = (self.user + 1, 0);
        }
        Some((user, at))
    }
}

/// Rank in time of every event among all, 0 (oldest) to 1, in the interactions' own order; equal times share a rank.
pub(super) fn time_ranks(interactions: &Interactions) -> Vec<f32> {
    let times = interactions.all_events().timestamps;
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let last = sorted.len().saturating_sub(1).max(1) as f32;
    times.iter().map(|t| sorted.partition_point(|s| s < t) as f32 / last).collect()
}
