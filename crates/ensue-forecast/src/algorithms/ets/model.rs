//! The models there are, and their parameters.

/// How the parts of a model come together: Hyndman, Koehler, Ord and Snyder 2008, table 2.1 (and Taylor's damped trend).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Model {
    /// Errors are relative to the forecast, not added to it.
    pub(super) relative: bool,
    pub(super) trend: Trend,
    pub(super) season: Season,
}

/// What the level grows by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trend {
    None,
    Additive,
    /// Additive, and dying out.
    Damped,
}

/// What a season does to the level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Season {
    None,
    Additive,
    Multiplicative,
}

impl Model {
    /// Every model that can be considered: R's `ets` without trends that multiply, and without the combinations that it
    /// restricts because their variance is not finite. The simplest first.
    ///
    /// `seasonal`: also those with a season; `relative`: also those with relative errors and with seasons that multiply, for
    /// which all values must be positive.
    pub(super) fn candidates(seasonal: bool, relative: bool) -> impl Iterator<Item = Self> {
        let seasons: &[Season] = match (seasonal, relative) {
            (false, _) => &[Season::None],
            (true, false) => &[Season::None, Season::Additive],
            (true, true) => &[Season::None, Season::Additive, Season::Multiplicative],
        };
        let errors: &[bool] = if relative { &[false, true] } else { &[false] };
        let models = errors.iter().flat_map(|&relative| {
            seasons.iter().flat_map(move |&season| {
                [Trend::None, Trend::Additive, Trend::Damped].map(|trend| Self {
                    relative,
                    trend,
                    season,
                })
            })
        });
        models.filter(|model| model.relative || model.season != Season::Multiplicative)
    }

    /// Whether there is a trend.
    pub(super) fn trending(self) -> bool {
        self.trend != Trend::None
    }

    /// How many numbers are estimated when a season has `m` steps: smoothing parameters, the states before the first value
    /// (the last phase of the season follows from the others) and the variance.
    pub(super) fn parameters(self, m: usize) -> usize {
        let trend = match self.trend {
            Trend::None => 0,
            Trend::Additive => 2,
            Trend::Damped => 3,
        };
        3 + trend + if self.season == Season::None { 0 } else { m }
    }

    /// The name that is usual, such as `MAdM`.
    #[cfg(test)]
    pub(super) fn name(self) -> String {
        let error = if self.relative { "M" } else { "A" };
        let trend = match self.trend {
            Trend::None => "N",
            Trend::Additive => "A",
            Trend::Damped => "Ad",
        };
        let season = match self.season {
            Season::None => "N",
            Season::Additive => "A",
            Season::Multiplicative => "M",
        };
        format!("{error}{trend}{season}")
    }
}

/// How fast the states follow the errors, and how fast a trend dies out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Smoothing {
    pub(super) alpha: f64,
    /// 0 without a trend.
    pub(super) beta: f64,
    /// 0 without a season.
    pub(super) gamma: f64,
    /// 1 where a trend is not damped.
    pub(super) phi: f64,
}

/// Level, trend (0 without one) and the season's phases, the phase of step 0 first (none without a season).
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct States {
    pub(super) level: f64,
    pub(super) trend: f64,
    pub(super) season: Vec<f64>,
}

impl States {
    /// Copies without allocating where the season already has its length.
    pub(super) fn copy(&mut self, other: &Self) {
        (self.level, self.trend) = (other.level, other.trend);
        self.season.clone_from(&other.season);
    }
}
