//! Numerical methods that several algorithms share; nothing here knows of forecasts, and nothing but std is used.
//!
//! | file | what it holds |
//! |---|---|
//! | `bfgs.rs` | a minimiser for smooth functions of a few parameters |
//! | `decompose.rs` | classical decomposition: the figure of a season |
//! | `kpss.rs` | a test of whether a series wanders |
//! | `least_squares.rs` | least squares by Householder's QR, symmetric systems by Cholesky |
//! | `nelder_mead.rs` | minimum of a function of a few variables, by its values alone |
//! | `stl.rs` | trend and season of a series by local regression |

pub(crate) mod bfgs;
pub(crate) mod decompose;
pub(crate) mod kpss;
pub(crate) mod least_squares;
pub(crate) mod nelder_mead;
pub(crate) mod stl;
