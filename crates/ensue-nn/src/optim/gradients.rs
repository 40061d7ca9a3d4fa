//! Gradients of one backward pass by parameter path, and their global norm.

use std::collections::HashMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor};

use super::OptimizerError;
use super::host::squares;
use crate::embedding::Touched;

/// A parameter's gradient.
pub(super) struct Gradient {
    pub(super) flat: Flat,
    /// The rows it belongs to, ascending; `None` for all of the parameter.
    pub(super) rows: Option<Vec<u32>>,
}

/// The numbers of a gradient.
pub(super) enum Flat {
    /// On the host: ndarray with f32.
    Host(Vec<f32>),
    /// Anywhere else.
    Device(Box<Tensor<1>>),
}

/// What clipping multiplies every gradient by.
pub(super) enum Scale {
    Host(f32),
    Device(Box<Tensor<1>>),
}

/// Gradients by path.
pub(super) struct Collected {
    /// Looked up by path, never iterated, so its order cannot matter.
    pub(super) by_path: HashMap<String, Gradient>,
    /// Sum of squares of the host gradients, in f64 and in order of the module's fields.
    squares: f64,
    /// Sum of squares of the device gradients.
    device_squares: Option<Tensor<1>>,
}

/// Takes the gradients of `model` and of the rows `touched` out of `gradients`; `clip` says that the
/// norm will be needed.
pub(super) fn collect<M: Module>(
    model: &M,
    gradients: Gradients,
    touched: Vec<Touched>,
    host: bool,
    clip: bool,
) -> Result<Collected, OptimizerError> {
    let mut visitor = Visitor {
        gradients,
        touched,
        host,
        clip,
        path: Vec::new(),
        out: Collected { by_path: HashMap::new(), squares: 0.0, device_squares: None },
        problem: None,
    };
    model.visit(&mut visitor);
    if let Some(left) = visitor.touched.first() {
        let parameter = left.id.to_string();
        visitor.problem.get_or_insert((parameter, "the model has no parameter of this id"));
    }
    match visitor.problem {
        Some((parameter, problem)) => Err(OptimizerError::Rows { parameter, problem }),
        None => Ok(visitor.out),
    }
}

impl Collected {
    /// Global norm of the host gradients; 0 where all of them are on a device.
    pub(super) fn norm(&self) -> f64 {
        self.squares.sqrt()
    }

    /// The factor that brings the global norm down to `limit`; 1 without a limit.
    ///
    /// ```text
    /// scale = limit / max(norm, limit)
    /// ```
    pub(super) fn scale(&self, limit: Option<f64>) -> Scale {
        match (limit, &self.device_squares) {
            (None, _) => Scale::Host(1.0),
            (Some(limit), None) => Scale::Host((limit / self.norm().max(limit)) as f32),
            (Some(limit), Some(squares)) => {
                let norm = squares.clone().sqrt().clamp_min(limit);
                Scale::Device(Box::new(norm.recip() * limit))
            }
        }
    }
}

struct Visitor {
    gradients: Gradients,
    touched: Vec<Touched>,
    host: bool,
    clip: bool,
    path: Vec<String>,
    out: Collected,
    /// The first parameter whose rows cannot be updated, and why.
    problem: Option<(String, &'static str)>,
}

/// A flat gradient, and the rows it belongs to.
type Found = (Tensor<1>, Option<Vec<u32>>);

impl Visitor {
    /// The rows that were gathered from a parameter. Looks through a handful of tables.
    fn rows_of<const D: usize>(
        &mut self,
        param: &Param<Tensor<D>>,
        value: &Tensor<D>,
    ) -> Result<Option<Touched>, &'static str> {
        let Some(at) = self.touched.iter().position(|t| t.id == param.id) else { return Ok(None) };
        let touched = self.touched.remove(at);
        let before = self.touched.len();
        self.touched.retain(|t| t.id != param.id);
        if self.touched.len() < before {
            Err("they were gathered twice in one step")
        } else if touched.table != value.dims() {
            Err("it has another shape than when they were gathered")
        } else {
            Ok(Some(touched))
        }
    }

    fn gradient<const D: usize>(
        &mut self,
        param: &Param<Tensor<D>>,
    ) -> Result<Option<Found>, &'static str> {
        let value = param.val();
        let touched = self.rows_of(param, &value)?;
        let whole = value.grad_remove(&mut self.gradients);
        match (whole, touched) {
            (Some(_), Some(_)) => Err("it is also used as a whole in this step"),
            (Some(whole), None) => Ok(Some((whole.reshape([-1]), None))),
            (None, Some(touched)) => {
                let gradient = touched.gradient(&mut self.gradients);
                Ok(gradient.map(|gradient| (gradient, Some(touched.rows))))
            }
            (None, None) => Ok(None),
        }
    }
}

impl ModuleVisitor for Visitor {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let (gradient, rows) = match self.gradient(param) {
            Ok(Some(found)) => found,
            Ok(None) => return,
            Err(problem) => {
                let path = self.path.join(".");
                self.problem.get_or_insert((path, problem));
                return;
            }
        };
        let flat = if self.host {
            let values = gradient
                .into_data()
                .try_into_vec::<f32>()
                .expect("a gradient has its parameter's type, which is f32 on the host path");
            self.out.squares += squares(&values);
            Flat::Host(values)
        } else {
            if self.clip {
                let sum = (gradient.clone() * gradient.clone()).sum();
                self.out.device_squares = Some(match self.out.device_squares.take() {
                    None => sum,
                    Some(before) => before + sum,
                });
            }
            Flat::Device(Box::new(gradient))
        };
        self.out.by_path.insert(self.path.join("."), Gradient { flat, rows });
    }
}
