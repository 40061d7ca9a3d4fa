//! Likelihood heads of probabilistic forecasts: what a network's outputs say about the next value.
//!
//! Per step the network gives a few raw outputs, any finite numbers. A [`Likelihood`] turns them
//! and the scale of the series into a distribution: a loss to train on, draws, a mean.
//!
//! | file | what it holds |
//! |---|---|
//! | `parameters` | from raw outputs to parameters: shared by loss and draws |
//! | `ops` | the loss as one differentiable operation |
//! | `reference` | the loss in plain tensor operations |
//! | `sample` | draws, means, quantiles |
//! | `normal` | quantiles of the normal distribution |

mod normal;
pub(crate) mod ops;
pub(crate) mod parameters;
mod reference;
mod sample;
#[cfg(test)]
mod sample_tests;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use burn::backend::Dispatch;
use burn::tensor::Tensor;
use ops::LikelihoodOps;
use serde::{Deserialize, Serialize};

/// Pieces of the quantile function of [`Likelihood::PiecewiseLinear`].
pub const PIECES: usize = 20;

/// Raw outputs of the likelihood that has most.
pub(crate) const MOST_PARAMETERS: usize = 1 + 2 * PIECES;

/// The distribution that a network's raw outputs stand for. Names are Amazon's (`student-T`).
///
/// With raw outputs `a, b, c` of a step, softplus `S(x) = ln(1 + e^x)` and the scale `v` of the
/// series (such as the mean of its absolute values):
///
/// | likelihood | targets | distribution |
/// |---|---|---|
/// | student-T | any | `v (a + (S(b) + 1e-4) t)`, `t` with `2 + S(c)` degrees of freedom |
/// | gaussian | any | `v (a + (S(b) + 1e-4) z)`, `z` standard normal |
/// | negative-binomial | whole, from 0 | mean `m = v S(a)`, variance `m + m^2 S(b) / sqrt(v)` |
/// | beta | above 0, below 1 | parameters `S(a) + 1e-4` and `S(b) + 1e-4`; the scale is ignored |
/// | piecewise-linear | any | quantile function `v q`; `q` starts at `a` and has 20 linear pieces |
/// | deterministic-L1 | any | the point `v a` |
///
/// The floors keep a constant series from a loss of minus infinity (counts have one of 1e-8).
///
/// The negative binomial scales as in DeepAR (Salinas et al. 2020, section 3.2): both softplus are
/// linear far out. Scaling the logit of its success probability instead makes the mean grow as
/// `e^a`, which overflows, and keeps the coefficient of variation of large series where it is at
/// small ones, though their counts are steadier.
///
/// The quantile function is that of spline quantile function RNNs (Gasthaus et al. 2019, section 3):
/// slopes `S + 1e-6` of the next 20 raw outputs, and widths of the pieces a soft-max of the last 20. It
/// never falls, whatever the outputs, so quantiles do not cross.
///
/// ```
/// use ensue_nn::likelihood::Likelihood;
/// let likelihood: Likelihood = "negative-binomial".parse()?;
/// assert_eq!(likelihood.parameters(), 2);
/// assert!(likelihood.supports(3.0) && !likelihood.supports(2.5));
/// assert_eq!(Likelihood::default().to_string(), "student-T");
/// # Ok::<(), ensue_nn::likelihood::UnknownLikelihood>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Likelihood {
    /// Real values with heavy tails: the default.
    #[default]
    #[serde(rename = "student-T")]
    StudentT,
    /// Real values.
    #[serde(rename = "gaussian")]
    Gaussian,
    /// Counts, more spread out than a Poisson distribution's.
    #[serde(rename = "negative-binomial")]
    NegativeBinomial,
    /// Shares between 0 and 1.
    #[serde(rename = "beta")]
    Beta,
    /// Real values of any distribution: trained by the continuous ranked probability score.
    #[serde(rename = "piecewise-linear")]
    PiecewiseLinear,
    /// Real values without a distribution: trained by the absolute error.
    #[serde(rename = "deterministic-L1")]
    DeterministicL1,
}

/// A name that no likelihood has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no likelihood is named {name:?}; there are: {}", Likelihood::ALL.map(Likelihood::name).join(", "))]
pub struct UnknownLikelihood {
    name: String,
}

impl Likelihood {
    /// All of them, the default first.
    pub const ALL: [Self; 6] = [
        Self::StudentT,
        Self::Gaussian,
        Self::NegativeBinomial,
        Self::Beta,
        Self::PiecewiseLinear,
        Self::DeterministicL1,
    ];

    /// Amazon's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::StudentT => "student-T",
            Self::Gaussian => "gaussian",
            Self::NegativeBinomial => "negative-binomial",
            Self::Beta => "beta",
            Self::PiecewiseLinear => "piecewise-linear",
            Self::DeterministicL1 => "deterministic-L1",
        }
    }

    /// Raw outputs per step.
    pub fn parameters(self) -> usize {
        match self {
            Self::StudentT => 3,
            Self::Gaussian | Self::NegativeBinomial | Self::Beta => 2,
            Self::PiecewiseLinear => MOST_PARAMETERS,
            Self::DeterministicL1 => 1,
        }
    }

    /// Whether the scale of a series enters: for all but [`Self::Beta`], whose targets are shares.
    pub fn uses_scale(self) -> bool {
        self != Self::Beta
    }

    /// What stands for a missing target: 0, or 0.5 for [`Self::Beta`].
    pub fn value_in_support(self) -> f64 {
        if self == Self::Beta { 0.5 } else { 0.0 }
    }

    /// Whether a target can be of this distribution: finite, and within the range of the table above.
    pub fn supports(self, y: f64) -> bool {
        match self {
            Self::NegativeBinomial => y.is_finite() && y >= 0.0 && y.fract() == 0.0,
            Self::Beta => y > 0.0 && y < 1.0,
            _ => y.is_finite(),
        }
    }

    /// Loss of a batch: the weighted sum over its steps.
    ///
    /// | likelihood | loss of a step |
    /// |---|---|
    /// | student-T, gaussian, negative-binomial, beta | minus the log of the density, in original units |
    /// | piecewise-linear | continuous ranked probability score, divided by the scale |
    /// | deterministic-L1 | absolute error, divided by the scale |
    ///
    /// The division gives large and small series gradients of equal size, as densities do by
    /// themselves; weights may undo it. Weights that sum to 1 make the loss a mean.
    ///
    /// Loss and gradient are finite for raw outputs in [-50, 50], targets up to 1e9 and scales from
    /// 1e-6 to 1e9. Targets outside the support count as its nearest value (2^-20 from 0 or 1 for
    /// beta), those beyond 1e9 scales as 1e9 scales. A target of weight 0 is not read: it may be a
    /// NaN, and its gradient is 0.
    ///
    /// On `ndarray` loss and gradient come from one pass in double precision, in one operation;
    /// other devices run [`Self::loss_reference`].
    ///
    /// # Shapes
    /// `raw` `[batch, time, parameters]` (the only input with a gradient), `target`
    /// `[batch, time]` in original units, `scale` `[batch]` (above 0), `weights` `[batch, time]`
    /// to `[1]`.
    pub fn loss(
        self,
        raw: Tensor<3>,
        target: Tensor<2>,
        scale: Tensor<1>,
        weights: Tensor<2>,
    ) -> Tensor<1> {
        self.check(&raw, &target, &scale, &weights);
        if !crate::device::is_ndarray(&raw.device()) {
            return self.loss_reference(raw, target, scale, weights);
        }
        Tensor::from_dispatch(Dispatch::likelihood_loss(
            raw.into_dispatch(),
            target.into_dispatch(),
            scale.into_dispatch(),
            weights.into_dispatch(),
            self,
        ))
    }

    /// [`Self::loss`] in plain tensor operations: the oracle of the tests, and what runs on devices
    /// without the fused form.
    ///
    /// In single precision, so counts beyond a million lose digits of their loss and gradient.
    #[allow(clippy::needless_pass_by_value, reason = "the signature of the fused form")]
    pub fn loss_reference(
        self,
        raw: Tensor<3>,
        target: Tensor<2>,
        scale: Tensor<1>,
        weights: Tensor<2>,
    ) -> Tensor<1> {
        self.check(&raw, &target, &scale, &weights);
        reference::loss(self, &raw, target.detach(), scale.detach(), weights.detach())
    }

    fn check(self, raw: &Tensor<3>, target: &Tensor<2>, scale: &Tensor<1>, weights: &Tensor<2>) {
        let [batch, time, parameters] = raw.dims();
        assert_eq!(parameters, self.parameters(), "raw outputs of {self}");
        assert_eq!(target.dims(), [batch, time], "target is not [batch, time]");
        assert_eq!(scale.dims(), [batch], "scale is not [batch]");
        assert_eq!(weights.dims(), [batch, time], "weights is not [batch, time]");
    }
}

impl fmt::Display for Likelihood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Likelihood {
    type Err = UnknownLikelihood;

    fn from_str(name: &str) -> Result<Self, UnknownLikelihood> {
        let found = Self::ALL.into_iter().find(|likelihood| likelihood.name() == name);
        found.ok_or_else(|| UnknownLikelihood { name: name.to_owned() })
    }
}
