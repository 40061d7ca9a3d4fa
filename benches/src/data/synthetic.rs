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
    // SplitMix64 (Steele et al. 2014): the data are the same everywhere, and need no seed.
    let mut state = 0u64;
    let mut uniform = move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    };
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
