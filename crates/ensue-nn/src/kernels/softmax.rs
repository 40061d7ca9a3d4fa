//! Cross-entropy of a linear classifier over many classes, fused with its product.
//!
//! `logits = h W^T + b` of a block of rows stays in the second cache: product, soft-max, loss and
//! the three gradient products run on it before the next block, so the `[rows, classes]` matrix
//! never exists. Rows of weight 0 (padding) cost nothing.

use super::buffer::Buffer;
use super::gemm::{MatRef, Packed, gemm};
use super::lanes::{Element, Kernel, Lanes};
use super::threads::split;

/// Rows handled together.
const BLOCK: usize = 64;

/// What the loss reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SoftmaxArgs<'a, E> {
    /// `[rows, width]`
    pub(crate) h: &'a [E],
    /// `[classes, width]`
    pub(crate) w: &'a [E],
    /// `[classes]`
    pub(crate) bias: &'a [E],
    /// `[rows, choices]`: right classes of each row; must be below `classes`
    pub(crate) targets: &'a [u32],
    /// `[rows, choices]`: weight of each
    pub(crate) weights: &'a [E],
    pub(crate) width: usize,
    pub(crate) choices: usize,
    pub(crate) terms: Terms<'a, E>,
}

/// Single logits that get something added: `logit[row, class] += values[code]`, row by row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms<'a, E> {
    /// `[rows + 1]`: where each row's entries begin; empty for no terms at all.
    pub(crate) offsets: &'a [u32],
    /// `[entries]`; must be below the number of classes, and differ within a row
    pub(crate) classes: &'a [u32],
    /// `[entries]`; must be below the number of values
    pub(crate) codes: &'a [u32],
    /// `[codes]`
    pub(crate) values: &'a [E],
}

impl<E: Element> Terms<'_, E> {
    /// Entries of a row, as (class, code).
    pub(super) fn row(&self, row: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
        let entries = match self.offsets.get(row..row + 2) {
            Some(bounds) => bounds[0] as usize..bounds[1] as usize,
            None => 0..0,
        };
        let codes = self.codes[entries.clone()].iter();
        self.classes[entries]
            .iter()
            .zip(codes)
            .map(|(&class, &code)| (class as usize, code as usize))
    }

    pub(super) fn check(&self, rows: usize, classes: usize) {
        let Some(&last) = self.offsets.last() else { return };
        assert!(self.offsets.len() == rows + 1 && self.offsets.is_sorted(), "offsets of the terms");
        assert_eq!((self.classes.len(), self.codes.len()), (last as usize, last as usize), "terms");
        assert!(self.classes.iter().all(|&c| (c as usize) < classes), "a term is of no class");
        assert!(
            self.codes.iter().all(|&c| (c as usize) < self.values.len()),
            "a term has no value"
        );
    }
}

/// Gradients of the loss.
#[derive(Debug, Clone)]
pub(crate) struct SoftmaxGrads<E> {
    pub(crate) h: Vec<E>,
    pub(crate) w: Vec<E>,
    pub(crate) bias: Vec<E>,
    pub(crate) terms: Vec<E>,
}

/// `sum_ik weight_ik * (log sum_c exp(logit_ic) - logit_i,target_ik)` and, if asked for, its
/// gradients.
pub(crate) fn softmax_cross_entropy<E: Element>(
    args: &SoftmaxArgs<'_, E>,
    gradients: bool,
) -> (E, Option<SoftmaxGrads<E>>) {
    let &SoftmaxArgs { h, w, bias, targets, weights, width, choices, terms } = args;
    let (rows, classes) = (h.len() / width.max(1), bias.len());
    assert_eq!(h.len(), rows * width, "h is not [rows, width]");
    assert_eq!(w.len(), classes * width, "w is not [classes, width]");
    assert_eq!(targets.len(), rows * choices, "targets is not [rows, choices]");
    assert_eq!(weights.len(), rows * choices, "weights is not [rows, choices]");
    assert!(targets.iter().all(|&t| (t as usize) < classes), "a target is no class");
    terms.check(rows, classes);
    let counts =
        |i: &u32| weights[*i as usize * choices..][..choices].iter().any(|&w| w != E::ZERO);
    let used: Vec<u32> = (0..rows as u32).filter(counts).collect();
    let w_t = Packed::new(MatRef::transposed(w, width), width, classes);
    let w_p = gradients.then(|| Packed::new(MatRef::rows(w, width), classes, width));
    let parts = split(used.len(), BLOCK, |_, range| part(args, &used[range], &w_t, w_p.as_ref()));
    let mut loss = 0.0;
    let mut grads = gradients.then(|| SoftmaxGrads {
        h: vec![E::ZERO; rows * width],
        w: Vec::new(),
        bias: Vec::new(),
        terms: vec![E::ZERO; terms.values.len()],
    });
    let mut at = 0;
    for p in parts {
        loss += p.loss;
        if let Some(g) = &mut grads {
            for row in p.h.chunks_exact(width.max(1)) {
                g.h[used[at] as usize * width..][..width].copy_from_slice(row);
                at += 1;
            }
            g.terms.iter_mut().zip(&p.terms).for_each(|(a, &b)| *a += b);
            if g.w.is_empty() {
                (g.w, g.bias) = (p.w, p.bias);
            } else {
                g.w.iter_mut().zip(&p.w).for_each(|(a, &b)| *a += b);
                g.bias.iter_mut().zip(&p.bias).for_each(|(a, &b)| *a += b);
            }
        }
    }
    (E::from_f64(loss), grads)
}

/// Loss and gradients of one thread's rows.
struct Part<E> {
    loss: f64,
    h: Vec<E>,
    w: Vec<E>,
    bias: Vec<E>,
    terms: Vec<E>,
}

fn part<E: Element>(
    args: &SoftmaxArgs<'_, E>,
    rows: &[u32],
    w_t: &Packed<E>,
    w: Option<&Packed<E>>,
) -> Part<E> {
    let &SoftmaxArgs { h, bias, targets, weights, width, choices, terms, .. } = args;
    let classes = bias.len();
    let stride = classes.next_multiple_of(16);
    let mut padded_bias = Buffer::zeroed(stride);
    padded_bias.fill(E::NEG_INFINITY);
    padded_bias[..classes].copy_from_slice(bias);
    let mut logits = Buffer::zeroed(BLOCK * stride);
    let mut block = Buffer::scratch(BLOCK * width);
    let mut d_bias = Buffer::zeroed(stride);
    let size = if w.is_some() { (rows.len() * width, classes * width) } else { (0, 0) };
    let (mut dh, mut dw) = (vec![E::ZERO; size.0], vec![E::ZERO; size.1]);
    let mut d_terms = vec![E::ZERO; terms.values.len()];
    let mut loss = 0.0;
    for (n, which) in rows.chunks(BLOCK).enumerate() {
        for (to, &i) in block.chunks_exact_mut(width).zip(which) {
            to.copy_from_slice(&h[i as usize * width..][..width]);
        }
        let m = which.len();
        gemm(m, MatRef::rows(&block, width), w_t, &mut logits, stride, false);
        for (row, &i) in logits.chunks_exact_mut(stride).zip(which) {
            for (class, code) in terms.row(i as usize) {
                row[class] += terms.values[code];
            }
            let right = i as usize * choices..(i as usize + 1) * choices;
            let right = || targets[right.clone()].iter().zip(&weights[right.clone()]);
            let total = right().fold(E::ZERO, |sum, (_, &w)| sum + w);
            let picked: f64 = right()
                .map(|(&t, w)| w.to_f64() * (row[t as usize] + bias[t as usize]).to_f64())
                .sum();
            let (max, sum) = E::dispatch(Exponentials { row, bias: &padded_bias });
            loss += total.to_f64() * (max.to_f64() + sum.to_f64().ln()) - picked;
            if w.is_some() {
                E::dispatch(Scale { row, by: total / sum });
                for (&t, &w) in right() {
                    row[t as usize] = row[t as usize] - w;
                }
                E::dispatch(AddTo { row, total: &mut d_bias });
                for (class, code) in terms.row(i as usize) {
                    d_terms[code] += row[class];
                }
            }
        }
        if let Some(w) = w {
            let d = MatRef::rows(&logits, stride);
            gemm(m, d, w, &mut dh[n * BLOCK * width..], width, false);
            let hidden = Packed::new(MatRef::rows(&block, width), m, width);
            gemm(classes, MatRef::transposed(&logits, stride), &hidden, &mut dw, width, true);
        }
    }
    let bias = if w.is_some() { d_bias[..classes].to_vec() } else { Vec::new() };
    Part { loss, h: dh, w: dw, bias, terms: d_terms }
}

/// `row = exp(row + bias - max)`; returns the maximum and the sum.
struct Exponentials<'a, E> {
    row: &'a mut [E],
    bias: &'a [E],
}

impl<E: Element> Kernel<E> for Exponentials<'_, E> {
    type Output = (E, E);

    #[inline(always)]
    fn run<L: Lanes<E = E>>(self) -> (E, E) {
        assert_eq!((self.row.len(), self.row.len() % 16), (self.bias.len(), 0), "padded rows");
        let (n, row, bias) = (self.row.len(), self.row.as_mut_ptr(), self.bias.as_ptr());
        // SAFETY: both have n elements, n is a multiple of 16 and so of every vector length.
        unsafe {
            let mut top = L::splat(E::NEG_INFINITY);
            for j in (0..n).step_by(L::N) {
                let x = L::add(L::load(row.add(j)), L::load(bias.add(j)));
                L::store(row.add(j), x);
                // A NaN must reach the sum: `max` keeps its second operand when the first is one.
                top = L::max(x, top);
            }
            let mut lanes = [E::NEG_INFINITY; 16];
            L::store(lanes.as_mut_ptr(), top);
            let max = lanes.into_iter().fold(E::NEG_INFINITY, |a, b| if b > a { b } else { a });
            let shift = L::splat(max);
            let mut sum = L::splat(E::ZERO);
            for j in (0..n).step_by(L::N) {
                let e = L::exp(L::sub(L::load(row.add(j)), shift));
                L::store(row.add(j), e);
                sum = L::add(sum, e);
            }
            (max, L::sum(sum))
        }
    }
}

/// `row *= by`
struct Scale<'a, E> {
    row: &'a mut [E],
    by: E,
}

impl<E: Element> Kernel<E> for Scale<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<E = E>>(self) {
        let (n, row) = (self.row.len(), self.row.as_mut_ptr());
        assert_eq!(n % 16, 0, "padded rows");
        // SAFETY: n elements, n is a multiple of 16 and so of every vector length.
        unsafe {
            let by = L::splat(self.by);
            for j in (0..n).step_by(L::N) {
                L::store(row.add(j), L::mul(L::load(row.add(j)), by));
            }
        }
    }
}

/// `total += row`
struct AddTo<'a, E> {
    row: &'a [E],
    total: &'a mut [E],
}

impl<E: Element> Kernel<E> for AddTo<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<E = E>>(self) {
        assert_eq!((self.row.len(), self.row.len() % 16), (self.total.len(), 0), "padded rows");
        let (n, row, total) = (self.row.len(), self.row.as_ptr(), self.total.as_mut_ptr());
        // SAFETY: both have n elements, n is a multiple of 16 and so of every vector length.
        unsafe {
            for j in (0..n).step_by(L::N) {
                L::store(total.add(j), L::add(L::load(total.add(j)), L::load(row.add(j))));
            }
        }
    }
}
