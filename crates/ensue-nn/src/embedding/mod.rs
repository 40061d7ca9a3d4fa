//! Tables of which a training step touches few rows: its cost follows those, not the table.
//!
//! A table is an ordinary field of a module, `Param<Tensor<D>>` with one row per id on its first
//! axis, so that weights, checkpoints and devices treat it like any other parameter. A training step
//! does not put the table itself into its graph. It [`gather`]s the rows it needs into a small
//! tensor, computes with that, and hands the rows over with its loss
//! ([`Loss::with_rows`](crate::train::Loss::with_rows)); the optimiser then updates these rows of
//! the table, and of what it remembers of them, in place.
//!
//! # What differs from a whole parameter
//! A row that no step gathers keeps its bytes: neither momentum nor weight decay moves it (known as
//! lazy Adam). Adam counts the steps of each row by itself, so that the first step of a rare row is as
//! long as any first step. With Adagrad without momentum the result is that of the whole parameter, whose other
//! rows have zero gradients.
//!
//! # Rules
//! One step gathers a parameter once, and does not also use it as a whole; else the step is an error
//! ([`OptimizerError::Rows`](crate::optim::OptimizerError::Rows)). [`UniqueRows`] turns the ids of a
//! batch into the rows to gather and the place of each id among them.
//!
//! ```
//! use burn::module::{Module, Param};
//! use burn::tensor::Tensor;
//! use ensue_nn::embedding::{UniqueRows, gather};
//! use ensue_nn::optim::{Optimizer, OptimizerState};
//!
//! #[derive(Module, Debug)]
//! struct Items {
//!     table: Param<Tensor<2>>,
//! }
//!
//! let device = ensue_nn::device::open("ndarray")?.autodiff();
//! let items = Items { table: Param::from_tensor(Tensor::ones([1000, 2], &device)) };
//! let mut optimizer = OptimizerState::new(Optimizer::default(), &items);
//!
//! let batch = UniqueRows::new(&[7, 3, 7]);
//! let rows = gather(&items.table, batch.rows());
//! let vectors = rows.tensor().select(0, batch.places_on(&device)); // [3, 2], one for each id
//! let loss = vectors.powi_scalar(2).sum();
//! let touched = vec![rows.into_touched()];
//! let items = optimizer.step_with_rows(items, loss.backward(), touched, 0.5, None)?;
//!
//! let table = items.table.val();
//! assert!((table.clone().slice([7..8, 0..1]).into_scalar::<f32>() - 0.5).abs() < 1e-6);
//! assert_eq!(table.slice([8..9, 0..1]).into_scalar::<f32>(), 1.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "ndarray")]
mod host;
#[cfg(test)]
#[cfg(feature = "ndarray")]
mod tests;
mod unique;

use std::fmt::Debug;

use burn::module::{Param, ParamId};
use burn::tensor::{Device, Gradients, Int, Tensor, TensorData};

pub use unique::UniqueRows;

/// The rows of a table that one training step works on.
#[derive(Debug)]
pub struct Gathered<const D: usize> {
    id: ParamId,
    table: [usize; D],
    rows: Vec<u32>,
    leaf: Tensor<D>,
}

/// Takes the rows `rows` of `table` into a tensor of their own.
///
/// On `ndarray` the cost is that of copying the rows; on other devices it is one launch. Where the
/// table is trained, the tensor is tracked by autodiff, and its gradient belongs to these rows.
///
/// # Shapes
/// `table` `[table rows, ..]`, `rows` ascending and without repeats; the tensor is `[rows, ..]`.
///
/// # Panics
/// When `rows` is empty, not ascending, has repeats, or goes beyond the table.
pub fn gather<const D: usize>(table: &Param<Tensor<D>>, rows: &[u32]) -> Gathered<D> {
    let value = table.val();
    let (dims, trained) = (value.dims(), value.is_require_grad());
    assert!(rows.is_sorted_by(|a, b| a < b), "rows must be ascending and without repeats");
    let last = *rows.last().expect("at least one row is gathered");
    assert!((last as usize) < dims[0], "row {last} is beyond the table's {}", dims[0]);
    let picked = pick(value.without_autodiff(), rows);
    let leaf = if trained { Tensor::from_inner(picked).require_grad() } else { picked };
    Gathered { id: table.id, table: dims, rows: rows.to_vec(), leaf }
}

/// Rows of a tensor without autodiff.
fn pick<const D: usize>(table: Tensor<D>, rows: &[u32]) -> Tensor<D> {
    #[cfg(feature = "ndarray")]
    if let Some(values) = host::rows(&table, rows) {
        let mut dims = table.dims();
        dims[0] = rows.len();
        return Tensor::from_data(TensorData::new(values, dims), &table.device());
    }
    let index = row_numbers(rows, &table.device());
    table.select(0, index)
}

/// Row numbers as a tensor.
pub(crate) fn row_numbers(rows: &[u32], device: &Device) -> Tensor<1, Int> {
    let rows: Vec<i32> = rows.iter().map(|&row| row as i32).collect();
    let length = rows.len();
    Tensor::from_data(TensorData::new(rows, [length]), device)
}

impl<const D: usize> Gathered<D> {
    /// The rows' values `[rows, ..]`, tracked where the table is trained.
    pub fn tensor(&self) -> Tensor<D> {
        self.leaf.clone()
    }

    /// Which rows these are, ascending.
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// What the optimiser needs in order to update the rows.
    pub fn into_touched(self) -> Touched {
        Touched {
            id: self.id,
            table: self.table.to_vec(),
            rows: self.rows,
            leaf: Box::new(self.leaf),
        }
    }
}

/// Rows that a step has worked on, handed to the optimiser beside the gradients.
#[derive(Debug)]
pub struct Touched {
    pub(crate) id: ParamId,
    /// Shape of the table they were gathered from.
    pub(crate) table: Vec<usize>,
    pub(crate) rows: Vec<u32>,
    leaf: Box<dyn Leaf>,
}

impl Touched {
    /// Takes the rows' gradient out of `gradients`, flat; `None` when the loss does not depend on
    /// them.
    pub fn gradient(&self, gradients: &mut Gradients) -> Option<Tensor<1>> {
        self.leaf.gradient(gradients)
    }
}

/// A gathered tensor of any rank.
trait Leaf: Debug + Send {
    fn gradient(&self, gradients: &mut Gradients) -> Option<Tensor<1>>;
}

impl<const D: usize> Leaf for Tensor<D> {
    fn gradient(&self, gradients: &mut Gradients) -> Option<Tensor<1>> {
        self.grad_remove(gradients).map(|gradient| gradient.reshape([-1]))
    }
}
