//! What the acceptance program and the criterion benches share.

pub mod served;
pub mod training_step;
