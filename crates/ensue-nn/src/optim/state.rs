//! What an optimiser remembers between steps, keyed by parameter path.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{DType, Gradients, Tensor};

use super::clock::Clock;
use super::gradients::collect;
use super::mapper::Mapper;
use super::rule::Paces;
use super::{Optimizer, OptimizerError};
use crate::device::is_ndarray;
use crate::embedding::Touched;

/// An [`Optimizer`] at work: its rule and, by parameter path, the moments it keeps.
///
/// ```
/// use burn::module::{Module, Param};
/// use burn::tensor::Tensor;
/// use ensue_nn::device;
/// use ensue_nn::optim::{Adam, Optimizer, OptimizerState};
///
/// #[derive(Module, Debug)]
/// struct Point {
///     x: Param<Tensor<1>>,
/// }
///
/// let device = device::open("ndarray")?.autodiff();
/// let mut point = Point { x: Param::from_data([3.0f32], &device) };
/// let mut optimizer = OptimizerState::new(Optimizer::Adam(Adam::default()), &point);
/// for _ in 0..200 {
///     let loss = point.x.val().powi_scalar(2).sum();
///     point = optimizer.step(point, loss.backward(), 0.1, None)?;
/// }
/// assert!(point.x.val().into_scalar::<f32>().abs() < 0.1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct OptimizerState {
    pub(super) optimizer: Optimizer,
    /// Whether parameters are updated as host slices.
    pub(super) host: bool,
    pub(super) slots: BTreeMap<String, Slot>,
    paces: Paces,
}

/// What is kept of one parameter.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) clock: Clock,
    pub(super) values: Values,
}

#[derive(Debug)]
pub(super) enum Values {
    /// `second` is empty where the rule needs none.
    Host { first: Vec<f32>, second: Vec<f32> },
    /// `None` only while a step is under way, so that the tensors have one owner.
    Device(Option<Box<Moments>>),
}

#[derive(Debug)]
pub(super) struct Moments {
    pub(super) first: Tensor<1>,
    pub(super) second: Option<Tensor<1>>,
}

impl OptimizerState {
    /// A fresh state for `model`: all moments are zero.
    pub fn new<M: Module>(optimizer: Optimizer, model: &M) -> Self {
        let mut kinds = Kinds { host: true };
        model.visit(&mut kinds);
        Self { optimizer, host: kinds.host, slots: BTreeMap::new(), paces: Paces::default() }
    }

    /// The model after one step along `gradients`, which `loss.backward()` gave.
    ///
    /// A parameter without a gradient stays as it is, and so does its state. `clip_norm` bounds the
    /// norm over all gradients together (f64 on ndarray; elsewhere on the device, in its own type).
    ///
    /// # Errors
    ///
    /// [`OptimizerError::NonFinite`] on ndarray when the gradient has a NaN or an infinity in it.
    pub fn step<M: Module>(
        &mut self,
        model: M,
        gradients: Gradients,
        learning_rate: f64,
        clip_norm: Option<f64>,
    ) -> Result<M, OptimizerError> {
        self.step_with_rows(model, gradients, Vec::new(), learning_rate, clip_norm)
    }

    /// [`step`](Self::step) that also updates the rows of tables that the loss was computed with.
    ///
    /// Of a table, and of what is kept of it, only these rows are read and written, in place; see
    /// [`embedding`](crate::embedding). Their gradients count in the global norm like any other.
    ///
    /// # Errors
    ///
    /// As [`step`](Self::step), and [`OptimizerError::Rows`] when a table was gathered twice or is
    /// also used as a whole.
    pub fn step_with_rows<M: Module>(
        &mut self,
        model: M,
        gradients: Gradients,
        touched: Vec<Touched>,
        learning_rate: f64,
        clip_norm: Option<f64>,
    ) -> Result<M, OptimizerError> {
        let collected = collect(&model, gradients, touched, self.host, clip_norm.is_some())?;
        if !collected.norm().is_finite() {
            return Err(OptimizerError::NonFinite { norm: collected.norm() });
        }
        let scale = collected.scale(clip_norm);
        let mut mapper = Mapper {
            path: Vec::new(),
            gradients: collected.by_path,
            scale,
            learning_rate,
            optimizer: &self.optimizer,
            paces: &mut self.paces,
            slots: &mut self.slots,
        };
        Ok(model.map(&mut mapper))
    }
}

/// Whether every parameter is f32 on ndarray.
struct Kinds {
    host: bool,
}

impl ModuleVisitor for Kinds {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val();
        self.host &= value.dtype() == DType::F32 && is_ndarray(&value.device());
    }
}
