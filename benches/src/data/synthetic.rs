//! Made-up interactions of a wanted size, for figures of speed: popularity falls off as in real catalogues, and histories
//! are as uneven as real ones.

use ensue::core::{Event, Interactions, InteractionsBuilder};

/// Sizes of a made-up data set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) users: usize,
    pub(crate) items: usize,
    pub(crate) events: usize,
}

/// MovieLens-1M's sizes: 6,040 users, 3,706 films, 1,000,209 ratings.
pub(crate) const MOVIELENS_1M: Sizes = Sizes { users: 6_040, items: 3_706, events: 1_000_209 };

/// Interactions of these sizes. A user's length is proportional to `1 / (0.05 + rank)` and at least 2; an item is drawn as
/// the integer part of `items * u^2.5` (`u` uniform), so that the first tenth of the catalogue has 40 % of the events.
pub(crate) fn interactions(sizes: Sizes) -> Interactions {
    let Sizes { users, items, events } = sizes;
    let share = |user: usize| 1.0 / (0.05 + user as f64 / users as f64);
    let total: f64 = (0..users).map(share).sum();
    let mut uniform = uniform();
    let mut builder = InteractionsBuilder::new();
    for user in 0..users {
        let length = ((share(user) / total * events as f64) as usize).max(2);
        for at in 0..length as i64 {
            let item = (items as f64 * uniform().powf(2.5)) as u32;
            // An evening of ten events, one a week.
            let time = 1_000_000_000 + at / 10 * 604_800 + at % 10 * 300;
            builder.push(user as u32, Event::new(item.min(items as u32 - 1), time));
        }
    }
    builder.build(users, items)
}

/// A million users and items, a hundred million events.
pub(crate) const HUNDRED_MILLION: Sizes =
    Sizes { users: 1_000_000, items: 1_000_000, events: 100_000_000 };

/// Interactions of these sizes where the item of rank `r` is drawn in proportion to `ln((r + 1) / r)`, which is Zipf's law
/// with exponent 1, and no user has an item twice. Lengths are as in [`interactions`]; ranks are spread over the ids.
pub(crate) fn zipf(sizes: Sizes) -> Interactions {
    let Sizes { users, items, events } = sizes;
    let share = |user: usize| 1.0 / (0.05 + user as f64 / users as f64);
    let total: f64 = (0..users).map(share).sum();
    let mut uniform = uniform();
    // The user (plus 1) who last had an item.
    let mut had = vec![0u32; items];
    let mut builder = InteractionsBuilder::with_capacity(events + 2 * users);
    let (mut wanted, mut made) = (0.0, 0usize);
    for user in 0..users {
        wanted += share(user) / total * events as f64;
        for at in 0..(wanted.round() as usize).saturating_sub(made).min(items / 2) {
            let item = loop {
                let rank = ((items as f64 + 1.0).powf(uniform()) as usize).clamp(1, items) - 1;
                // A prime number above any size, so that every rank has an id of its own.
                let item = (rank as u64 * 2_147_483_647 % items as u64) as usize;
                if std::mem::replace(&mut had[item], user as u32 + 1) != user as u32 + 1 {
                    break item;
                }
            };
            builder.push(user as u32, Event::new(item as u32, 1_000_000_000 + at as i64 * 300));
            made += 1;
        }
    }
    builder.build(users, items)
}

/// SplitMix64 (Steele et al. 2014), 0 to 1: the data are the same everywhere, and need no seed.
fn uniform() -> impl FnMut() -> f64 {
    let mut state = 0u64;
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}
