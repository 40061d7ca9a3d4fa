//! Gathering against burn's own `select`.

use burn::module::Param;
use burn::tensor::{DType, Device, Tensor, TensorData};
use proptest::prelude::*;

use super::*;

fn device() -> Device {
    crate::device::open("ndarray").unwrap()
}

fn table<const D: usize>(dims: [usize; D], dtype: DType, device: &Device) -> Param<Tensor<D>> {
    let values: Vec<f64> = (0..dims.iter().product()).map(|i: usize| i as f64 * 0.5).collect();
    Param::from_tensor(Tensor::from_data(TensorData::new(values, dims), (device, dtype)))
}

fn same_as_select<const D: usize>(dims: [usize; D], rows: &[u32]) {
    for dtype in [DType::F32, DType::F64] {
        let table = table(dims, dtype, &device().autodiff());
        let index = row_numbers(rows, &device());
        // Oracle: `select` of burn.
        let expected = table.val().inner().select(0, index).into_data();
        let got = gather(&table, rows);
        assert_eq!(got.rows(), rows);
        assert_eq!(got.tensor().inner().into_data(), expected, "{dtype:?} {dims:?}");
    }
}

#[test]
fn gathered_rows_are_those_of_the_table() {
    same_as_select([6], &[0, 5]);
    same_as_select([6, 3], &[1]);
    same_as_select([6, 3], &[0, 1, 2, 3, 4, 5]);
    same_as_select([6, 3, 2], &[2, 4]);
}

#[test]
fn a_transposed_table_is_gathered_by_its_own_rows() {
    // Oracle: the transposed matrix written down.
    let matrix = Tensor::<2>::from_data([[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]], &device());
    let table = Param::from_tensor(matrix.transpose());
    let rows = gather(&table, &[0, 2]).tensor().into_data();
    assert_eq!(rows, TensorData::from([[1.0f32, 4.0], [3.0, 6.0]]));
}

#[test]
fn rows_are_tracked_where_the_table_is_trained() {
    // Oracle: what is asked of the table.
    let trained = table([3, 2], DType::F32, &device().autodiff());
    assert!(gather(&trained, &[1]).tensor().is_require_grad(), "trained");
    let frozen = trained.clone().set_require_grad(false);
    assert!(!gather(&frozen, &[1]).tensor().is_require_grad(), "frozen");
    let plain = table([3, 2], DType::F32, &device());
    assert!(!gather(&plain, &[1]).tensor().is_autodiff(), "inference");
}

#[test]
fn the_gradient_of_the_rows_is_that_of_the_table() {
    // Oracle: autodiff through the whole table.
    let device = device().autodiff();
    let table = table([5, 2], DType::F32, &device);
    let ids = [4, 1, 4, 2];
    let loss = |x: Tensor<2>| (x.clone() * x).sum();
    let index = row_numbers(&ids, &device);
    let mut whole = loss(table.val().select(0, index)).backward();
    let whole = table.val().grad_remove(&mut whole).unwrap();
    let unique = UniqueRows::new(&ids);
    let rows = gather(&table, unique.rows());
    let mut few = loss(rows.tensor().select(0, unique.places_on(&device))).backward();
    assert!(table.val().grad_remove(&mut few).is_none(), "the table is not in the graph");
    let few = rows.into_touched().gradient(&mut few).unwrap();
    let expected = whole.select(0, row_numbers(unique.rows(), &few.device()));
    assert_eq!(few.into_data(), expected.reshape([-1]).into_data());
}

#[test]
#[should_panic(expected = "ascending and without repeats")]
fn repeated_rows_are_refused() {
    gather(&table([5, 2], DType::F32, &device()), &[1, 1]);
}

#[test]
#[should_panic(expected = "row 5 is beyond the table's 5")]
fn rows_beyond_the_table_are_refused() {
    gather(&table([5, 2], DType::F32, &device()), &[1, 5]);
}

proptest! {
    #[test]
    fn every_id_finds_itself_at_its_place(ids in proptest::collection::vec(0u32..40, 0..200)) {
        // Oracle: an ordered set of the ids.
        let unique = UniqueRows::new(&ids);
        let set: Vec<u32> = ids.iter().copied().collect::<std::collections::BTreeSet<_>>().into_iter().collect();
        prop_assert_eq!(unique.rows(), &set[..]);
        let back: Vec<u32> = unique.places().iter().map(|&at| unique.rows()[at as usize]).collect();
        prop_assert_eq!(back, ids);
    }
}
