//! Gradients of one backward pass by parameter path, and their global norm.

use std::collections::HashMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor};

/// A parameter's gradient, flat.
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
    pub(super) by_path: HashMap<String, Flat>,
    /// Sum of squares of the host gradients, in f64 and in order of the module's fields.
    squares: f64,
    /// Sum of squares of the device gradients.
    device_squares: Option<Tensor<1>>,
}

/// Takes the gradients of `model` out of `gradients`; `clip` says that the norm will be needed.
pub(super) fn collect<M: Module>(
    model: &M,
    gradients: Gradients,
    host: bool,
    clip: bool,
) -> Collected {
    let mut visitor = Visitor {
        gradients,
        host,
        clip,
        path: Vec::new(),
        out: Collected { by_path: HashMap::new(), squares: 0.0, device_squares: None },
    };
    model.visit(&mut visitor);
    visitor.out
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
    host: bool,
    clip: bool,
    path: Vec<String>,
    out: Collected,
}

impl ModuleVisitor for Visitor {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = param.val().grad_remove(&mut self.gradients) else { return };
        let flat = if self.host {
            let values = gradient
                .into_data()
                .try_into_vec::<f32>()
                .expect("a gradient has its parameter's type, which is f32 on the host path");
            self.out.squares += squares(&values);
            Flat::Host(values)
        } else {
            let flat = gradient.reshape([-1]);
            if self.clip {
                let sum = (flat.clone() * flat.clone()).sum();
                self.out.device_squares = Some(match self.out.device_squares.take() {
                    None => sum,
                    Some(before) => before + sum,
                });
            }
            Flat::Device(Box::new(flat))
        };
        self.out.by_path.insert(self.path.join("."), flat);
    }
}

/// Sum of squares in f64. Eight partial sums in a fixed order: quick, and the same every time.
fn squares(values: &[f32]) -> f64 {
    let mut lanes = [0.0f64; 8];
    let chunks = values.chunks_exact(8);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane += f64::from(value) * f64::from(value);
        }
    }
    let rest: f64 = rest.iter().map(|&v| f64::from(v) * f64::from(v)).sum();
    lanes.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    #[test]
    fn squares_are_summed_in_f64() {
        // Oracle: n times one square, exact in f64; an f32 sum stalls at 2^24 = 16777216.
        let values = vec![1.0f32; (1 << 24) + 3];
        assert_eq!(super::squares(&values), 16_777_219.0);
        assert_eq!(super::squares(&[3.0, 4.0]), 25.0);
        assert_eq!(super::squares(&[1e30; 9]), 9.0 * f64::from(1e30f32).powi(2));
    }
}
