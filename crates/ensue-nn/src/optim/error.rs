//! Why an optimiser could not step, or its state could not be read.

use safetensors::SafeTensorError;

/// Why an optimiser could not step, or its state could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OptimizerError {
    /// The gradient has a NaN or an infinity in it. Only looked for on ndarray, where it is free.
    #[error("the gradient is not finite (global norm {norm})")]
    NonFinite {
        /// Global norm before clipping.
        norm: f64,
    },
    /// Rows were handed over that cannot be updated; see the rules of
    /// [`embedding`](crate::embedding).
    #[error("rows of parameter {parameter:?} cannot be updated: {problem}")]
    Rows {
        /// Path of the parameter, or its id where the model has no such parameter.
        parameter: String,
        /// Which rule was broken.
        problem: &'static str,
    },
    /// The bytes are not a safetensors file.
    #[error("optimiser state is damaged")]
    Malformed {
        /// What the parser found.
        #[from]
        source: SafeTensorError,
    },
    /// A tensor is missing, or has another length or type than the model's.
    #[error("optimiser state does not fit the model: tensor {tensor:?} {problem}")]
    Mismatch {
        /// Name of the tensor in the state.
        tensor: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The device could not be read.
    #[error("cannot read the optimiser state from its device: {message}")]
    Device {
        /// The backend's own words.
        message: String,
    },
}
