//! Losses of a row's right answers against negatives that all rows share: sampled soft-max,
//! BPR-max and TOP1-max, fused with the products that make their logits.
//!
//! | file | what it holds |
//! |---|---|
//! | `mod.rs` | arguments, checks, threads, and the gradient of the table put together |
//! | `shared.rs` | the shared rows of the table, packed once per call |
//! | `block.rs` | a block of rows: product, row passes, gradient products |
//! | `rows.rs` | loss and gradient of one row of logits |
//! | `passes.rs` | the vector loops of `rows.rs` |
//! | `products.rs` | the matrix products |
//!
//! The logits of a block stay in the second cache and are turned into their own gradient there;
//! the `[rows, negatives]` matrix never exists. Logits of own right answers are dot products.
//! Rows of weight 0 (padding) cost nothing.

mod block;
mod passes;
mod products;
mod rows;
mod shared;
#[cfg(test)]
mod tests;

use block::Block;
use shared::Shared;

use super::lanes::Element;
use super::softmax::{SoftmaxGrads, Terms};
use super::threads::split;
use crate::loss::SampledLoss;

/// What the loss reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SampledArgs<'a, E> {
    pub(crate) kind: SampledLoss,
    /// `[rows, width]`
    pub(crate) h: &'a [E],
    /// `[places, width]`
    pub(crate) table: &'a [E],
    /// `[places]`
    pub(crate) bias: &'a [E],
    /// `[rows, choices]`: right places of each row; must be below `places`
    pub(crate) targets: &'a [u32],
    /// `[rows, choices]`: weight of each
    pub(crate) weights: &'a [E],
    /// `[negatives]`: places of the negatives
    pub(crate) shared: &'a [u32],
    /// `[negatives]` or empty: added to their logits
    pub(crate) corrections: &'a [f32],
    /// `[rows, choices]` or empty: added to the logits of the right answers
    pub(crate) target_corrections: &'a [f32],
    pub(crate) width: usize,
    pub(crate) choices: usize,
    /// Classes of the terms are places.
    pub(crate) terms: Terms<'a, E>,
}

impl<E: Element> SampledArgs<'_, E> {
    fn rows(&self) -> usize {
        self.h.len() / self.width.max(1)
    }

    /// Right answers of a row that count, as (index of the choice, place).
    fn right(&self, row: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
        let counts = |&choice: &usize| self.weights[choice] != E::ZERO;
        (row * self.choices..(row + 1) * self.choices)
            .filter(counts)
            .map(|choice| (choice, self.targets[choice] as usize))
    }

    fn check(&self) {
        let (rows, places) = (self.rows(), self.bias.len());
        let (choices, negatives) = (rows * self.choices, self.shared.len());
        assert_eq!(self.h.len(), rows * self.width, "h is not [rows, width]");
        assert_eq!(self.table.len(), places * self.width, "table is not [places, width]");
        assert_eq!(self.targets.len(), choices, "targets is not [rows, choices]");
        assert_eq!(self.weights.len(), choices, "weights is not [rows, choices]");
        let some = |n: usize, want: usize| n == 0 || n == want;
        assert!(some(self.corrections.len(), negatives), "corrections is not [negatives]");
        assert!(some(self.target_corrections.len(), choices), "corrections of the targets");
        let within = |places_of: &[u32]| places_of.iter().all(|&p| (p as usize) < places);
        assert!(within(self.targets), "a target is no place of the table");
        assert!(within(self.shared), "a negative is no place of the table");
        self.terms.check(rows, places);
    }
}

/// The weighted sum of the losses of all right answers and, if asked for, its gradients.
pub(crate) fn sampled_loss<E: Element>(
    args: &SampledArgs<'_, E>,
    gradients: bool,
) -> (E, Option<SoftmaxGrads<E>>) {
    args.check();
    let (rows, width) = (args.rows(), args.width);
    let used: Vec<u32> =
        (0..rows as u32).filter(|&i| args.right(i as usize).next().is_some()).collect();
    let shared = Shared::new(args, gradients);
    let parts = split(used.len(), shared.block_rows(), |_, range| {
        let mut block = Block::new(args, &shared, range.len());
        used[range].chunks(shared.block_rows()).for_each(|rows| block.run(rows));
        block.finish()
    });
    let loss = E::from_f64(parts.iter().map(|part| part.loss).sum());
    if !gradients {
        return (loss, None);
    }
    let mut grads = SoftmaxGrads {
        h: Vec::new(),
        w: vec![E::ZERO; args.table.len()],
        bias: vec![E::ZERO; args.bias.len()],
        terms: vec![E::ZERO; args.terms.values.len()],
    };
    let all = used.len() == rows;
    if !all {
        grads.h = vec![E::ZERO; rows * width];
    }
    let (mut columns, mut at) = (None, 0);
    for part in parts {
        grads.terms.iter_mut().zip(&part.terms).for_each(|(a, &b)| *a += b);
        // The order of `used`: the same rows in the same order whatever thread was faster.
        for (n, &i) in used[at..at + part.rows].iter().enumerate() {
            let i = i as usize;
            for (choice, place) in args.right(i) {
                let g = part.own[(n * args.choices) + choice - i * args.choices];
                grads.bias[place] += g;
                let to = &mut grads.w[place * width..][..width];
                let from = &args.h[i * width..][..width];
                E::dispatch(passes::Blend { to, keep: E::ONE, from, by: g });
            }
            if !all {
                grads.h[i * width..][..width].copy_from_slice(&part.h[n * width..][..width]);
            }
        }
        at += part.rows;
        if all && grads.h.is_empty() {
            grads.h = part.h;
        } else if all {
            grads.h.extend_from_slice(&part.h);
        }
        match &mut columns {
            None => columns = Some(part.columns),
            Some(sum) => sum.iter_mut().zip(&*part.columns).for_each(|(a, &b)| *a += b),
        }
    }
    if let Some(columns) = columns {
        shared.scatter(&columns, args.shared, &mut grads.w, &mut grads.bias);
    }
    (loss, Some(grads))
}
