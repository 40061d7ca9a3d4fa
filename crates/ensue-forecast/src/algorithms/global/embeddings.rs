//! Tables of vectors for static categories.

use burn::{
    module::Param,
    tensor::{Device, Int, Tensor, TensorData},
};
use ensue_core::Seed;
use ensue_nn::init;

use super::{Feature, Known, Ready};

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

/// The tables with a vector for what no series with a past had: the mean of the series' vectors. As they were drawn, such rows
/// would tell the network something about new items that nobody knows.
///
/// That concerns categories that are unknown, or that only items without a past have.
pub(in crate::algorithms) fn usual_where_unseen<'a>(
    tables: Vec<Param<Tensor<2>>>,
    series: &(impl Iterator<Item = &'a Ready> + Clone),
) -> Vec<Param<Tensor<2>>> {
    let filled = |(n, table): (usize, Param<Tensor<2>>)| {
        let tensor = table.val();
        let [rows, columns] = tensor.dims();
        let mut counts = vec![0u32; rows];
        for ready in series.clone().filter(|ready| ready.past.is_some()) {
            counts[ready.rows[n] as usize] += 1;
        }
        let all: u32 = counts.iter().sum();
        if all == 0 || !counts.contains(&0) {
            return table;
        }
        let device = tensor.device();
        let mut values = tensor.into_data().try_to_vec::<f32>().expect("weights are f32");
        let mut usual = vec![0.0; columns];
        for (row, &count) in values.chunks_exact(columns).zip(&counts) {
            let share = f64::from(count) / f64::from(all);
            usual.iter_mut().zip(row).for_each(|(sum, &x)| *sum += share * f64::from(x));
        }
        for (row, _) in values.chunks_exact_mut(columns).zip(&counts).filter(|(_, n)| **n == 0) {
            row.iter_mut().zip(&usual).for_each(|(to, &x)| *to = x as f32);
        }
        Param::from_tensor(Tensor::from_data(TensorData::new(values, [rows, columns]), &device))
    };
    tables.into_iter().enumerate().map(filled).collect()
}
