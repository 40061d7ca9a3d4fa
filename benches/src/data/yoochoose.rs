//! yoochoose-100k: short anonymous sessions, next item.

use std::collections::HashMap;

use ensue::core::{Event, InteractionsBuilder, OwnedHistory};

use super::{NextItemTask, read_rows};
use crate::report::Failure;

/// Session, item, time in milliseconds.
type Row = (u64, u64, i64);

fn rows(file: &str) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    read_rows(file, true, |cells| {
        let &[session, item, time] = cells else { return None };
        let time: f64 = time.parse().ok()?;
        rows.push((session.parse().ok()?, item.parse().ok()?, (time * 1000.0).round() as i64));
        Some(())
    })?;
    rows.sort_by_key(|&(session, _, time)| (session, time));
    Ok(rows)
}

/// Sessions of the train file train; each event after the first of a test session is predicted from the session so far,
/// items known from training only.
pub(crate) fn load() -> Result<NextItemTask, Failure> {
    let train = rows("yoochoose-100k/yoochoose-clicks-100k_train_full.txt.gz")?;
    let test = rows("yoochoose-100k/yoochoose-clicks-100k_test.txt.gz")?;
    let mut ids: Vec<u64> = train.iter().map(|row| row.1).collect();
    ids.sort_unstable();
    ids.dedup();
    let items: HashMap<u64, u32> = ids.iter().copied().zip(0..).collect();

    let mut events = InteractionsBuilder::new();
    let mut sessions = 0;
    for session in train.chunk_by(|a, b| a.0 == b.0) {
        for &(_, item, time) in session {
            events.push(sessions, Event::new(items[&item], time / 1000));
        }
        sessions += 1;
    }
    let mut tests = Vec::new();
    for session in test.chunk_by(|a, b| a.0 == b.0) {
        let known: OwnedHistory = session
            .iter()
            .filter_map(|&(_, item, time)| Some(Event::new(*items.get(&item)?, time / 1000)))
            .collect();
        if known.len() >= 2 {
            tests.push((known, 1));
        }
    }
    Ok(NextItemTask { train: events.build(sessions as usize, items.len()), tests })
}
