//! Numerical methods that several algorithms share; they know nothing of series.
//!
//! | file | what it holds |
//! |---|---|
//! | `decompose.rs` | classical decomposition: the figure of a season |
//! | `nelder_mead.rs` | minimum of a function of a few variables, by its values alone |

pub(crate) mod decompose;
pub(crate) mod nelder_mead;
