//! Tables of vectors for static categories.

use burn::{
    module::Param,
    tensor::{Device, Int, Tensor, TensorData},
};
use ensue_core::Seed;
use ensue_nn::init;

use super::{Feature, Known};

/// Rows and columns of each table: one row more, for categories that training has not seen.
pub(in crate::algorithms) fn shapes(known: &Known) -> Vec<[usize; 2]> {
    let table = |feature: &Feature| [feature.categories.len() + 1, feature.dimension];
    known.features.iter().map(table).collect()
}

/// Tables of these shapes, of elements that have a variance of 1 over a row.
pub(in crate::algorithms) fn tables(
    shapes: &[[usize; 2]],
    seed: Seed,
    device: &Device,
) -> Vec<Param<Tensor<2>>> {
    let table = |(n, &[rows, columns]): (usize, &[usize; 2])| {
        let bound = (3.0 / columns as f64).sqrt();
        init::uniform([rows, columns], bound, seed.child(&format!("embedding-{n}")), device)
    };
    shapes.iter().enumerate().map(table).collect()
}

/// The vectors of `windows` windows, one tensor `[windows, dimension]` for each table.
///
/// # Shapes
/// `rows` `[tables, windows]`.
pub(in crate::algorithms) fn picked<'a>(
    tables: &'a [Param<Tensor<2>>],
    rows: &'a [i32],
    windows: usize,
    device: &'a Device,
) -> impl Iterator<Item = Tensor<2>> + 'a {
    tables.iter().zip(rows.chunks_exact(windows.max(1))).map(move |(table, rows)| {
        let rows = Tensor::<1, Int>::from_data(TensorData::new(rows.to_vec(), [windows]), device);
        table.val().select(0, rows)
    })
}
