//! The rules on host slices: from constants in f64 to the CPU kernels.
#![cfg_attr(
    not(feature = "ndarray"),
    allow(unused_variables, dead_code, reason = "stand-ins that no build without ndarray calls")
)]

use super::rule::{Pace, Step};
#[cfg(feature = "ndarray")]
use crate::kernels::{self, Buffers, Rule};

/// What of a parameter is updated, and how fast.
#[derive(Debug)]
pub(super) enum Part {
    /// All of it at one pace.
    Whole(Pace),
    /// Some of its rows, ascending, each at its own pace; `width` numbers a row.
    Rows { rows: Vec<u32>, paces: Vec<Pace>, width: usize },
}

/// Sum of squares in f64.
pub(super) fn squares(values: &[f32]) -> f64 {
    #[cfg(feature = "ndarray")]
    {
        kernels::squares(values)
    }
    #[cfg(not(feature = "ndarray"))]
    unreachable!("only ndarray keeps gradients on the host")
}

impl Step {
    /// Updates a parameter in place; `second` may be empty where the rule needs none.
    pub(super) fn host(
        self,
        part: &Part,
        gradient: &[f32],
        scale: f32,
        weights: &mut [f32],
        first: &mut [f32],
        second: &mut [f32],
    ) {
        #[cfg(feature = "ndarray")]
        {
            let rule = match self {
                Self::Adam { beta1, beta2, epsilon, keep } => Rule::Adam {
                    beta1: beta1 as f32,
                    rest1: (1.0 - beta1) as f32,
                    beta2: beta2 as f32,
                    rest2: (1.0 - beta2) as f32,
                    epsilon: epsilon as f32,
                    keep: keep as f32,
                },
                Self::Adagrad { epsilon, momentum } if second.is_empty() => {
                    debug_assert_eq!(momentum, 0.0, "momentum needs a second buffer");
                    Rule::Adagrad { epsilon: epsilon as f32 }
                }
                Self::Adagrad { epsilon, momentum } => {
                    Rule::Momentum { epsilon: epsilon as f32, momentum: momentum as f32 }
                }
            };
            let pace =
                |pace: &Pace| kernels::Pace { rate: pace.rate as f32, root: pace.root as f32 };
            let buffers = Buffers { weights, first, second };
            match part {
                Part::Whole(one) => kernels::update(rule, pace(one), gradient, scale, buffers),
                Part::Rows { rows, paces, width } => {
                    let paces: Vec<kernels::Pace> = paces.iter().map(pace).collect();
                    kernels::update_rows(rule, rows, &paces, *width, gradient, scale, buffers);
                }
            }
        }
        #[cfg(not(feature = "ndarray"))]
        unreachable!("only ndarray keeps parameters on the host")
    }
}
