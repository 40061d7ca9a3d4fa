//! MovieLens-100K, interactions only, no rating filter.

use ensue::core::{Event, Interactions, InteractionsBuilder};

use super::read_rows;
use crate::report::Failure;

/// 100,000 events of 943 users on 1,682 items; dense ids are the published ids less one, so that ascending dense ids are
/// ascending item ids.
pub(crate) fn load() -> Result<Interactions, Failure> {
    let mut events = InteractionsBuilder::new();
    read_rows("movielens-100k/u.data.gz", false, |cells| {
        let &[user, item, _rating, time] = cells else { return None };
        let (user, item): (u32, u32) = (user.parse().ok()?, item.parse().ok()?);
        events.push(user.checked_sub(1)?, Event::new(item.checked_sub(1)?, time.parse().ok()?));
        Some(())
    })?;
    let interactions = events.build(943, 1682);
    if interactions.len() == 100_000 {
        Ok(interactions)
    } else {
        Err(Failure::NotMeasured(format!("MovieLens has {} events", interactions.len())))
    }
}
