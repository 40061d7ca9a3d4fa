//! Numerical methods that several algorithms share; nothing here knows of forecasts, and nothing but std is used.
//!
//! | file | what it holds |
//! |---|---|
//! | `bfgs.rs` | a minimiser for smooth functions of a few parameters |
//! | `least_squares.rs` | least squares by Householder's QR, symmetric systems by Cholesky |
//! | `kpss.rs` | a test of whether a series wanders |
//! | `stl.rs` | trend and season of a series by local regression |

pub(crate) mod bfgs;
pub(crate) mod kpss;
pub(crate) mod least_squares;
pub(crate) mod stl;
