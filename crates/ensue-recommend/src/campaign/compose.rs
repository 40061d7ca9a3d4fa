//! The lines of one answer: the model's order, with places for what is promoted and for what is young.

use std::collections::HashSet;

use crate::ScoredItem;

/// A line before it has names.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Line {
    pub(super) item: ScoredItem,
    pub(super) promoted: bool,
}

/// `n` lines: `promoted` ones spread evenly, and between them `ordinary` ones or, where `explores` says so of a place,
/// the next of `young`. No item is there twice.
pub(super) fn compose(
    n: usize,
    ordinary: &[ScoredItem],
    promoted: &[ScoredItem],
    young: &[ScoredItem],
    mut explores: impl FnMut() -> bool,
) -> Vec<Line> {
    let mut taken: HashSet<u32> = promoted.iter().map(|line| line.item).collect();
    let (mut ordinary, mut young) = (ordinary.iter(), young.iter());
    let mut rest = Vec::with_capacity(n - promoted.len());
    while rest.len() + promoted.len() < n {
        let fresh = if explores() { next(&mut young, &taken) } else { None };
        let Some(line) = fresh.or_else(|| next(&mut ordinary, &taken)) else { break };
        taken.insert(line.item);
        rest.push(line);
    }
    let (total, share) = (rest.len() + promoted.len(), promoted.len());
    let mut rest = rest.into_iter();
    let mut placed = 0;
    let lines = (0..total).map(|place| {
        // The middle of the next of `share` equal parts of the answer.
        if placed < share && place == (2 * placed + 1) * total / (2 * share) {
            placed += 1;
            return Some(Line { item: promoted[placed - 1], promoted: true });
        }
        rest.next().map(|item| Line { item, promoted: false })
    });
    lines.flatten().collect()
}

fn next(lines: &mut std::slice::Iter<'_, ScoredItem>, taken: &HashSet<u32>) -> Option<ScoredItem> {
    lines.find(|line| !taken.contains(&line.item)).copied()
}

/// How many of `n` places a percentage is, halves up.
pub(super) fn share(n: usize, percent: u8) -> usize {
    (n * usize::from(percent) + 50) / 100
}
