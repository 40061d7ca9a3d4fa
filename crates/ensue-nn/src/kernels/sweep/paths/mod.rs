//! Many paths decoded step by step through recurrent layers and a linear head.
//!
//! A [`Rollout`] holds a block of rows, small enough for the second cache, through all its steps: a
//! layer writes its output where the layer above reads it and its state where its own next step
//! reads it, so that nothing is copied or allocated between two steps.
//!
//! | file | what it holds |
//! |---|---|
//! | `layer.rs` | the rows of one layer |
//! | `own.rs` | a first layer whose inputs differ between rows in a few columns only |
//! | `head.rs` | the linear head |

mod head;
mod layer;
mod own;

use std::ops::Range;
use std::sync::Arc;

use super::step::StepWeights;
use crate::kernels::buffer::Buffer;
pub(crate) use head::Head;
use layer::{Layer, Place};

/// Recurrent layers, from the input upwards, and a head on the last.
#[derive(Debug, Clone)]
pub(crate) struct PathNet {
    layers: Vec<Arc<StepWeights<f32>>>,
    head: Head,
}

impl PathNet {
    pub(crate) fn new(layers: Vec<Arc<StepWeights<f32>>>, head: Head) -> Self {
        assert!(!layers.is_empty(), "a stack has at least one layer");
        for pair in layers.windows(2) {
            assert_eq!(pair[0].hidden, pair[1].input, "layers do not fit together");
        }
        assert_eq!(layers[layers.len() - 1].hidden, head.hidden(), "the head does not fit");
        Self { layers, head }
    }

    /// Whether the first layer can share the product of what is equal in many rows.
    pub(crate) fn shares(&self) -> bool {
        self.layers[0].packed().is_some()
    }
}

/// The last states of one layer's encoder: `h` and, for an LSTM, `c`, both `[row, hidden]`.
#[derive(Debug, Clone)]
pub(crate) struct LayerState {
    pub(crate) h: Vec<f32>,
    pub(crate) c: Vec<f32>,
}

/// A block of rows on their way through all steps.
#[derive(Debug)]
pub(crate) struct Rollout<'a> {
    net: &'a PathNet,
    layers: Vec<Layer<'a>>,
    /// Rows that began from the same state, side by side.
    runs: Vec<Range<usize>>,
    rows: usize,
    most: usize,
    /// `[row, hidden]` of the last layer.
    top: Buffer<f32>,
    /// `[row, head.stride()]`
    raw: Buffer<f32>,
}

impl<'a> Rollout<'a> {
    /// Room for `rows` rows. With `own`, inputs are given as [`Self::shared`] for each run and at
    /// most that many columns for each row.
    pub(crate) fn new(net: &'a PathNet, rows: usize, own: Option<usize>) -> Self {
        let layer = |(n, weights): (usize, &'a Arc<StepWeights<f32>>)| {
            Layer::new(weights, rows, own.filter(|_| n == 0))
        };
        Self {
            net,
            layers: net.layers.iter().enumerate().map(layer).collect(),
            runs: Vec::new(),
            rows: 0,
            most: rows,
            top: Buffer::scratch(rows * net.head.hidden()),
            raw: Buffer::scratch(rows * net.head.stride()),
        }
    }

    /// Begins a block: `runs` of rows, given as a row of `states` and how many rows start from it.
    pub(crate) fn start(&mut self, runs: &[(usize, usize)], states: &[LayerState]) {
        assert_eq!(states.len(), self.layers.len(), "one state for each layer");
        self.runs.clear();
        self.rows = 0;
        for &(_, rows) in runs {
            self.runs.push(self.rows..self.rows + rows);
            self.rows += rows;
        }
        assert!(self.rows <= self.most, "more rows than there is room for");
        for (layer, state) in self.layers.iter_mut().zip(states) {
            layer.start(self.rows, runs, state);
        }
        if let Layer::Own(own) = &mut self.layers[0] {
            own.runs(self.runs.len());
        }
    }

    /// Says which columns of the inputs differ between the rows of a run from now on.
    ///
    /// # Panics
    /// If the rollout was not made for it, or a column is not one of the input's.
    pub(crate) fn own_columns(&mut self, columns: &[usize]) {
        self.own().columns(columns);
    }

    /// Input of this step that the rows of a run have in common, to be written before
    /// [`Self::step`]; own columns are ignored.
    pub(crate) fn shared(&mut self, run: usize) -> &mut [f32] {
        self.own().shared(run)
    }

    fn own(&mut self) -> &mut own::Own<'a> {
        match &mut self.layers[0] {
            Layer::Own(own) => own,
            _ => panic!("made without shared inputs"),
        }
    }

    /// Input of one row at this step, to be written before [`Self::step`]: all columns or its own.
    pub(crate) fn input(&mut self, row: usize) -> &mut [f32] {
        assert!(row < self.rows, "no such row");
        self.layers[0].input(row)
    }

    /// One step of all layers and the head.
    pub(crate) fn step(&mut self) {
        let hidden = self.net.head.hidden();
        for n in 0..self.layers.len() {
            let (layer, above) = self.layers[n..].split_first_mut().expect("n is a layer");
            let to = match above.first_mut() {
                Some(above) => above.inputs(),
                None => Place { at: self.top.as_mut_ptr(), stride: hidden },
            };
            // SAFETY: `to` has room for `rows` rows of this layer's hidden size: the layer above was
            // made for as many rows with that input (`PathNet::new`), `top` as well.
            unsafe { layer.step(&self.runs, to) };
        }
        self.net.head.run(self.rows, &self.top, &mut self.raw);
    }

    /// Outputs of the head for one row, after [`Self::step`].
    pub(crate) fn raw(&self, row: usize) -> &[f32] {
        assert!(row < self.rows, "no such row");
        &self.raw[row * self.net.head.stride()..][..self.net.head.outputs()]
    }
}
