//! How many gradients a parameter, or each of its rows, has had.

use super::Optimizer;
use super::host::Part;
use super::rule::{Pace, Paces, Step};

/// Gradients seen so far.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Clock {
    /// By every weight alike.
    Whole(u64),
    /// By each row: some step has touched rows of their own.
    Rows(Vec<u32>),
}

impl Clock {
    /// Counts a step over `rows` (all where `None`) of a parameter of `height` rows of `width`
    /// numbers, and gives the pace of what it updates.
    pub(super) fn tick(
        &mut self,
        rows: Option<Vec<u32>>,
        [height, width]: [usize; 2],
        optimizer: &Optimizer,
        learning_rate: f64,
        paces: &mut Paces,
    ) -> Part {
        let mut pace = |count| paces.get(optimizer, learning_rate, count);
        if !Step::counts(optimizer) {
            if let Self::Whole(count) = self {
                *count += 1;
            }
            let one = pace(1);
            return match rows {
                None => Part::Whole(one),
                Some(rows) => Part::Rows { paces: vec![one; rows.len()], rows, width },
            };
        }
        let mut tick = |count: &mut u32| {
            *count = count.saturating_add(1);
            pace(u64::from(*count))
        };
        match (self, rows) {
            (Self::Whole(count), None) => {
                *count += 1;
                Part::Whole(pace(*count))
            }
            (Self::Rows(counts), None) => {
                let paces: Vec<Pace> = counts.iter_mut().map(tick).collect();
                Part::Rows { rows: (0..height as u32).collect(), paces, width }
            }
            (clock, Some(rows)) => {
                if let Self::Whole(count) = clock {
                    let count = u32::try_from(*count).unwrap_or(u32::MAX);
                    *clock = Self::Rows(vec![count; height]);
                }
                let Self::Rows(counts) = clock else { unreachable!("made so above") };
                let paces = rows.iter().map(|&row| tick(&mut counts[row as usize])).collect();
                Part::Rows { rows, paces, width }
            }
        }
    }
}
