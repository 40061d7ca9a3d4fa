//! Which terms a model has.

/// The order `(p, d, q)(P, D, Q)` of a seasonal ARIMA model, and whether it has a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Order {
    /// Autoregressive terms.
    pub(crate) p: usize,
    /// Differences from step to step.
    pub(crate) d: usize,
    /// Moving average terms.
    pub(crate) q: usize,
    /// Seasonal autoregressive terms.
    pub(crate) seasonal_p: usize,
    /// Differences from season to season.
    pub(crate) seasonal_d: usize,
    /// Seasonal moving average terms.
    pub(crate) seasonal_q: usize,
    /// Whether there is a mean (no differences) or a drift (one difference).
    pub(crate) constant: bool,
}

impl Order {
    /// Parameters of the four polynomials.
    pub(crate) fn terms(&self) -> usize {
        self.p + self.q + self.seasonal_p + self.seasonal_q
    }

    /// Differences of both kinds.
    pub(crate) fn differences(&self) -> usize {
        self.d + self.seasonal_d
    }

    /// Splits parameters into those of the polynomials, in the order `p`, `q`, `P`, `Q`.
    pub(crate) fn split<'a>(&self, parameters: &'a [f64]) -> [&'a [f64]; 4] {
        let (ar, rest) = parameters.split_at(self.p);
        let (ma, rest) = rest.split_at(self.q);
        let (seasonal_ar, seasonal_ma) = rest.split_at(self.seasonal_p);
        [ar, ma, seasonal_ar, seasonal_ma]
    }
}
