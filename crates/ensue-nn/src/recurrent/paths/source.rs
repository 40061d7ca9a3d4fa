//! What drives the decoding of paths.

use std::ops::Range;

/// The inputs and draws of sample paths; called from several threads.
///
/// A path may depend on its series, its number and its noise, and on nothing else: then it is the
/// same whatever paths are decoded beside it, and wherever.
///
/// Most of an input is often the same for all paths of a series (calendar, static features, lags
/// from before the forecast). A source that says so in [`Self::own_columns`] spares most of the
/// first layer's work and of its own; then [`Self::shared`] gives what is common and
/// [`Self::input`] the rest.
pub trait PathSource: Sync {
    /// What is random about one path, such as a generator of its own.
    type Noise: Send;

    /// The noise of a path. Called once, before the path's first step.
    fn start(&self, series: usize, path: usize) -> Self::Noise;

    /// Columns of the input of `step` in which the paths of a series may differ, or `None` (the
    /// default) for all. They are the same for all series, and each is named once.
    fn own_columns(&self, step: usize) -> Option<&[usize]> {
        let _ = step;
        None
    }

    /// Writes what the inputs of a series' paths have in common at `step`, where
    /// [`Self::own_columns`] has named columns; what it leaves in those is ignored. `x` has all
    /// columns of an input, with arbitrary contents.
    fn shared(&self, series: usize, step: usize, x: &mut [f32]) {
        let _ = (series, step, x);
    }

    /// Writes the input of `step` (from 0) of one path: all columns, or those that
    /// [`Self::own_columns`] has named, in that order. `past` holds the path's own earlier draws,
    /// oldest first, `step` of them; `x` has arbitrary contents.
    fn input(&self, series: usize, path: usize, step: usize, past: &[f32], x: &mut [f32]);

    /// The value of a path at `step` from the raw outputs of the head; it is what `past` holds from
    /// then on. Called for the steps of a path in order.
    fn draw(
        &self,
        noise: &mut Self::Noise,
        series: usize,
        path: usize,
        step: usize,
        raw: &[f32],
    ) -> f32;
}

/// How many of everything.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub(super) series: usize,
    pub(super) paths: usize,
    pub(super) steps: usize,
    /// Columns of an input.
    pub(super) input: usize,
}

/// Paths that are decoded together: some of each of some series. Either all paths of the series, or
/// one series only, so that their values lie side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) series: Range<usize>,
    pub(super) paths: Range<usize>,
}

impl Block {
    pub(super) fn rows(&self) -> usize {
        self.series.len() * self.paths.len()
    }

    /// Blocks of at most `most` paths each, all of nearly the same size.
    pub(super) fn cut(sizes: Sizes, most: usize) -> Vec<Self> {
        let Sizes { series, paths, .. } = sizes;
        let most = most.max(1);
        // Of whole series, or of one's paths.
        let blocks = series.div_ceil((most / paths).max(1));
        let pieces = paths.div_ceil(most);
        let part = |n: usize, parts: usize, i: usize| n * i / parts..n * (i + 1) / parts;
        (0..blocks)
            .flat_map(|b| {
                (0..pieces).map(move |p| Self {
                    series: part(series, blocks, b),
                    paths: part(paths, pieces, p),
                })
            })
            .collect()
    }

    /// Series and path of each row.
    pub(super) fn each(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let paths = self.paths.clone();
        self.series.clone().flat_map(move |series| paths.clone().map(move |path| (series, path)))
    }
}

/// Whole inputs of a series' paths at one step, from what they share and what they do not.
#[derive(Debug)]
pub(super) struct Whole<'a, S> {
    source: &'a S,
    columns: Option<&'a [usize]>,
    series: usize,
    step: usize,
    shared: Vec<f32>,
    own: Vec<f32>,
}

impl<'a, S: PathSource> Whole<'a, S> {
    pub(super) fn new(source: &'a S, input: usize) -> Self {
        let shared = vec![0.0; input];
        Self { source, columns: None, series: 0, step: 0, shared, own: Vec::new() }
    }

    /// Turns to a series and step.
    pub(super) fn at(&mut self, series: usize, step: usize) {
        (self.series, self.step) = (series, step);
        self.columns = self.source.own_columns(step);
        if let Some(columns) = self.columns {
            self.own.resize(columns.len(), 0.0);
            self.source.shared(series, step, &mut self.shared);
        }
    }

    /// The input of one path.
    pub(super) fn input(&mut self, path: usize, past: &[f32], x: &mut [f32]) {
        let Some(columns) = self.columns else {
            return self.source.input(self.series, path, self.step, past, x);
        };
        self.source.input(self.series, path, self.step, past, &mut self.own);
        x.copy_from_slice(&self.shared);
        for (&column, &value) in columns.iter().zip(&self.own) {
            x[column] = value;
        }
    }
}
