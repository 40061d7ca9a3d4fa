//! Loss and gradient of one row of logits.

use super::super::buffer::Buffer;
use super::super::lanes::Element;
use super::SampledArgs;
use super::passes::{Activate, Bpr, BprGradient, Dot, Exponentials, Max, Top1, Top1Gradient};
use super::shared::Shared;
use crate::loss::SampledLoss;

/// Keeps the logarithm of BPR-max finite (Hidasi and Karatzoglou's code).
const TINY: f64 = 1e-24;
/// `exp(max - target)` is kept between these powers of e. Above, a right answer is so far behind
/// that every term is lost in `TINY`; below, so far ahead that every term is lost next to 1.
const FAR: [f64; 2] = [-40.0, 87.0];

/// Scratch rows.
#[derive(Debug)]
pub(super) struct Row<'a, E: Element> {
    args: &'a SampledArgs<'a, E>,
    shared: &'a Shared<E>,
    x: Buffer<E>,
    e: Buffer<E>,
    y: Buffer<E>,
    /// Positions of the row's right answers among the negatives.
    hits: Vec<u32>,
}

/// The shared part of a row once its exponentials are known.
struct Spread<E> {
    max: E,
    /// Sum of the exponentials.
    sum: f64,
}

impl<'a, E: Element> Row<'a, E> {
    pub(super) fn new(args: &'a SampledArgs<'a, E>, shared: &'a Shared<E>) -> Self {
        let scratch = match args.kind {
            SampledLoss::SoftMax => 0,
            SampledLoss::BprMax { .. } | SampledLoss::Top1Max => shared.padded(),
        };
        let new = || Buffer::scratch(scratch);
        Self { args, shared, x: new(), e: new(), y: new(), hits: Vec::new() }
    }

    /// Turns the logits of row `i` into their gradient but for the factor that is returned with
    /// the loss; puts the gradients of the right answers' logits into `own`.
    pub(super) fn run(
        &mut self,
        i: usize,
        logits: &mut [E],
        own: &mut [E],
        d_terms: &mut [E],
    ) -> (f64, E) {
        let (args, shared) = (self.args, self.shared);
        for (place, code) in args.terms.row(i) {
            for &j in shared.positions_of(place) {
                logits[j as usize] += args.terms.values[code];
            }
        }
        self.hits.clear();
        for (choice, place) in args.right(i) {
            let seen = args.right(i).any(|(other, at)| other < choice && at == place);
            if !seen {
                self.hits.extend_from_slice(shared.positions_of(place));
            }
        }
        own.fill(E::ZERO);
        if self.hits.len() == shared.n {
            logits.fill(E::ZERO);
            return (0.0, E::ZERO);
        }
        clear(logits, &self.hits, self.shared.n, E::NEG_INFINITY);
        let (loss, factor) = match args.kind {
            SampledLoss::SoftMax => self.soft_max(i, logits, own),
            SampledLoss::BprMax { regularization, elu } => {
                self.bpr_max(i, logits, own, regularization, elu)
            }
            SampledLoss::Top1Max => self.top1_max(i, logits, own),
        };
        for (place, code) in args.terms.row(i) {
            for &j in shared.positions_of(place) {
                d_terms[code] += logits[j as usize] * factor;
            }
            for (choice, _) in args.right(i).filter(|&(_, at)| at == place) {
                d_terms[code] += own[choice - i * args.choices];
            }
        }
        (loss, factor)
    }

    /// Logit of one right answer.
    fn target(&self, i: usize, choice: usize, place: usize) -> E {
        let args = self.args;
        let h = &args.h[i * args.width..][..args.width];
        let row = &args.table[place * args.width..][..args.width];
        let correction = args.target_corrections.get(choice).copied().unwrap_or_default();
        let logit = E::dispatch(Dot { a: h, b: row })
            + (args.bias[place] + E::from_f64(f64::from(correction)));
        let terms = args.terms.row(i).filter(|&(at, _)| at == place);
        terms.fold(logit, |sum, (_, code)| sum + args.terms.values[code])
    }

    fn soft_max(&self, i: usize, logits: &mut [E], own: &mut [E]) -> (f64, E) {
        let args = self.args;
        let max = E::dispatch(Max { row: logits });
        let sum = E::dispatch(Exponentials { row: logits, max }).to_f64();
        clear(logits, &self.hits, self.shared.n, E::ZERO);
        let (mut loss, mut factor) = (0.0, 0.0);
        for (choice, place) in args.right(i) {
            let w = args.weights[choice].to_f64();
            let ahead = self.target(i, choice, place).to_f64() - max.to_f64();
            // Scaled by the larger of the two sides, so that neither overflows.
            let (scale, target) =
                if ahead > 0.0 { ((-ahead).exp(), 1.0) } else { (1.0, ahead.exp()) };
            let others = sum * scale;
            loss += w * if ahead > 0.0 { others.ln_1p() } else { (others + target).ln() - ahead };
            factor += w * scale / (others + target);
            own[choice - i * args.choices] = E::from_f64(-w * others / (others + target));
        }
        (loss, E::from_f64(factor))
    }

    /// Activation and exponentials of a row.
    fn spread(&mut self, logits: &[E], elu: f64) -> Spread<E> {
        let elu = E::from_f64(elu);
        let (x, e, hits, n) = (&mut *self.x, &mut *self.e, &*self.hits, self.shared.n);
        let max = E::dispatch(Activate { row: logits, x, e, elu });
        // The activation has made something finite of minus infinity.
        clear(e, hits, n, E::NEG_INFINITY);
        let sum = E::dispatch(Exponentials { row: e, max }).to_f64();
        clear(e, hits, n, E::ZERO);
        clear(x, hits, n, E::ZERO);
        Spread { max, sum }
    }

    fn bpr_max(
        &mut self,
        i: usize,
        logits: &mut [E],
        own: &mut [E],
        regularization: f64,
        elu: f64,
    ) -> (f64, E) {
        let args = self.args;
        let spread = self.spread(logits, elu);
        let (max, top) = (spread.max, spread.max.to_f64());
        let (mut loss, mut add) = (0.0, false);
        for (choice, place) in args.right(i) {
            let w = args.weights[choice].to_f64();
            let mut target = self.target(i, choice, place).to_f64();
            let mut slope = 1.0;
            if elu != 0.0 && target <= 0.0 {
                slope = elu * target.exp();
                target = elu * target.exp_m1();
            }
            let far = E::from_f64((top - target).clamp(FAR[0], FAR[1]).exp());
            let (x, e, y) = (&*self.x, &*self.e, &mut *self.y);
            let sums = E::dispatch(Bpr { x, e, y, max, far });
            let [win, lose, both, squares] = sums.map(|s| s.to_f64() / spread.sum);
            // The smaller of the two parts of 1 is the one known to full precision.
            let ahead = lose < 0.5;
            let score = win + TINY;
            let rank = if ahead { -(-lose).ln_1p() } else { -score.ln() };
            loss += w * (rank + regularization * (squares + top * top));
            own[choice - i * args.choices] = E::from_f64(-w * slope * both / score);
            if !self.shared.gradients {
                continue;
            }
            let [own, other, constant, turn] =
                if ahead { [0.0, far.to_f64(), -lose, 2.0] } else { [1.0, 0.0, win, 0.0] };
            E::dispatch(BprGradient {
                x,
                e,
                y,
                out: logits,
                add,
                max,
                scale: E::from_f64(w / spread.sum),
                own: E::from_f64(own),
                other: E::from_f64(other),
                constant: E::from_f64(constant / score),
                by: E::from_f64(1.0 / score),
                turn: E::from_f64(turn),
                regularization: E::from_f64(regularization),
                mean: E::from_f64(squares),
                elu: E::from_f64(elu),
            });
            add = true;
        }
        (loss, E::ONE)
    }

    fn top1_max(&mut self, i: usize, logits: &mut [E], own: &mut [E]) -> (f64, E) {
        let args = self.args;
        let spread = self.spread(logits, 0.0);
        let (mut loss, mut add) = (0.0, false);
        for (choice, place) in args.right(i) {
            let w = args.weights[choice].to_f64();
            let target = self.target(i, choice, place).to_f64();
            let far = E::from_f64((spread.max.to_f64() - target).clamp(FAR[0], FAR[1]).exp());
            let (x, e, y) = (&*self.x, &*self.e, &mut *self.y);
            let sums = E::dispatch(Top1 { x, e, y, far });
            let [value, rise] = sums.map(|s| s.to_f64() / spread.sum);
            loss += w * value;
            own[choice - i * args.choices] = E::from_f64(-w * rise);
            if !self.shared.gradients {
                continue;
            }
            let (scale, mean) = (E::from_f64(w / spread.sum), E::from_f64(value));
            E::dispatch(Top1Gradient { e, y, out: logits, add, scale, mean });
            add = true;
        }
        (loss, E::ONE)
    }
}

/// Puts `value` where no negative stands: at hits, and past the last of `n`.
fn clear<E: Element>(row: &mut [E], hits: &[u32], n: usize, value: E) {
    for &j in hits {
        row[j as usize] = value;
    }
    row[n..].fill(value);
}
