//! Which members, with which weights: greedy forward selection.

use ensue_core::Seed;
use rand::RngExt;
use rayon::prelude::*;

use super::{groups::Group, held_back::HeldBack};

/// Members are taken in this many times, with replacement.
const ROUNDS: usize = 30;

/// Selections, each on another half of the rows, whose weights are averaged.
const BAGS: usize = 8;

/// Rows of a group below which it has no weights of its own.
const FEWEST: usize = 30;

/// Rows whose selection counts as much as what is known without it: of a group, the weights of all series together; of all
/// series, counted as if all lost alike, weights by the members' metrics alone.
const EVEN: f64 = 100.0;

/// Weights by the metrics alone are in proportion to this power of their inverse.
const POWER: i32 = 10;

/// Weights below this share of the largest are left out: they cost a training and change little.
const SMALLEST: f64 = 0.05;

/// Weights of each member, by place in [`Group::ALL`]; they sum to 1 in each group.
pub(super) type Weights = [Vec<f64>; 4];

/// The best member alone.
pub(super) fn best(held: &HeldBack, members: &[&[f32]]) -> Weights {
    let losses = members.iter().map(|values| loss_of(held, values));
    let at = losses.enumerate().min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(at, _)| at);
    let alone: Vec<f64> = (0..members.len()).map(|m| f64::from(u8::from(m == at))).collect();
    std::array::from_fn(|_| alone.clone())
}

/// The metric of one member's forecasts.
pub(super) fn loss_of(held: &HeldBack, values: &[f32]) -> f64 {
    let none = held.blank();
    held.metric((0..held.len()).map(|row| held.row_loss(row, values, &none, 1.0)))
}

/// Weights by greedy forward selection with replacement (Caruana, Niculescu-Mizil, Crew & Ksikes 2004, "Ensemble selection from
/// libraries of models", sections 2 and 2.3): in each round the member is added that makes the mean of all added so far best.
/// Averaged over bags of half of the rows each, so that no member is chosen for a lucky few.
///
/// Where few large series decide the metric, a selection fits their luck: on M4's hours 1,242 rows tell as much as 50 that are
/// alike. So it is mixed with weights that follow from the members' metrics alone, the more the fewer these are.
pub(super) fn selected(held: &HeldBack, members: &[&[f32]], by_group: bool, seed: Seed) -> Weights {
    let all: Vec<usize> = (0..held.len()).collect();
    let share = share_of(effective(held, members));
    let selected = bagged(held, members, &all, seed);
    let shared = mixed(&selected, &by_metric(held, members), share);
    let own = |group: Group| {
        let rows: Vec<usize> =
            all.iter().copied().filter(|&row| held.groups[row] == group).collect();
        if !by_group || rows.len() < FEWEST || rows.len() == all.len() {
            return tidy(shared.clone());
        }
        let own = bagged(held, members, &rows, seed.child(group.name()));
        tidy(mixed(&own, &shared, share_of(rows.len() as f64).min(share)))
    };
    Group::ALL.map(own)
}

/// What a selection on so many rows counts.
fn share_of(rows: f64) -> f64 {
    rows / (rows + EVEN)
}

fn mixed(own: &[f64], others: &[f64], share: f64) -> Vec<f64> {
    own.iter().zip(others).map(|(own, other)| share * own + (1.0 - share) * other).collect()
}

/// How many rows that lose alike tell as much as all do: the squared sum of the best member's losses over the sum of their
/// squares (Kish 1965, "Survey sampling", section 11.7).
pub(super) fn effective(held: &HeldBack, members: &[&[f32]]) -> f64 {
    let none = held.blank();
    let losses = |member: &[f32]| -> Vec<f64> {
        (0..held.len()).map(|row| held.row_loss(row, member, &none, 1.0)).collect()
    };
    let all = members.iter().map(|member| losses(member));
    let sum = |losses: &Vec<f64>| losses.iter().sum::<f64>();
    let best = all.min_by(|a, b| sum(a).total_cmp(&sum(b))).unwrap_or_default();
    let squares: f64 = best.iter().map(|loss| loss * loss).sum();
    if squares > 0.0 { sum(&best).powi(2) / squares } else { held.len() as f64 }
}

/// Weights that follow from the members' metrics alone.
pub(super) fn by_metric(held: &HeldBack, members: &[&[f32]]) -> Vec<f64> {
    let values: Vec<f64> = members.iter().map(|member| loss_of(held, member)).collect();
    let best = values.iter().copied().fold(f64::INFINITY, f64::min);
    // Without any loss, those without any share the weight.
    let each = |value: &f64| {
        if best > 0.0 { (best / value).powi(POWER) } else { f64::from(u8::from(*value == best)) }
    };
    let weights: Vec<f64> = values.iter().map(each).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

fn bagged(held: &HeldBack, members: &[&[f32]], rows: &[usize], seed: Seed) -> Vec<f64> {
    let bag = |bag: usize| {
        let mut draw = seed.stream(&format!("bag {bag}"));
        let half: Vec<usize> = rows.iter().copied().filter(|_| draw.random()).collect();
        greedy(held, members, if half.is_empty() { rows } else { &half })
    };
    let bags: Vec<Vec<f64>> = (0..BAGS).into_par_iter().map(bag).collect();
    (0..members.len()).map(|m| bags.iter().map(|bag| bag[m]).sum::<f64>() / BAGS as f64).collect()
}

/// Shares of the rounds in which each member was added, up to the best round.
fn greedy(held: &HeldBack, members: &[&[f32]], rows: &[usize]) -> Vec<f64> {
    let mut sum = held.blank();
    let mut added: Vec<usize> = Vec::with_capacity(ROUNDS);
    let (mut best, mut length) = (f64::INFINITY, 0);
    for round in 1..=ROUNDS {
        let share = (round as f32).recip();
        let loss = |more: &[f32]| -> f64 {
            rows.iter().map(|&row| held.row_loss(row, &sum, more, share)).sum()
        };
        let losses: Vec<f64> = members.iter().map(|more| loss(more)).collect();
        let next = (0..members.len()).min_by(|&a, &b| losses[a].total_cmp(&losses[b]));
        let Some(next) = next else { break };
        for (sum, more) in sum.iter_mut().zip(members[next]) {
            *sum += more;
        }
        added.push(next);
        if losses[next] < best {
            (best, length) = (losses[next], round);
        }
    }
    let mut weights = vec![0.0; members.len()];
    for &member in &added[..length.max(1).min(added.len())] {
        weights[member] += 1.0 / length.max(1) as f64;
    }
    weights
}

/// Leaves small weights out and makes the others sum to 1.
fn tidy(mut weights: Vec<f64>) -> Vec<f64> {
    let largest = weights.iter().copied().fold(0.0, f64::max);
    for weight in &mut weights {
        if *weight < SMALLEST * largest {
            *weight = 0.0;
        }
    }
    let sum: f64 = weights.iter().sum();
    if sum > 0.0 {
        for weight in &mut weights {
            *weight /= sum;
        }
    }
    weights
}

/// The metric of the weighted means.
pub(super) fn value(held: &HeldBack, members: &[&[f32]], weights: &Weights) -> f64 {
    let mut sum = held.blank();
    let width = sum.len() / held.len().max(1);
    for (row, sum) in sum.chunks_exact_mut(width.max(1)).enumerate() {
        let own = &weights[held.groups[row].index()];
        for (member, weight) in members.iter().zip(own).filter(|(_, weight)| **weight > 0.0) {
            for (to, from) in sum.iter_mut().zip(&member[row * width..]) {
                *to += *weight as f32 * from;
            }
        }
    }
    loss_of(held, &sum)
}
