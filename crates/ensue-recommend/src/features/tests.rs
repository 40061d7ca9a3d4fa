use burn::tensor::Tensor;
use ensue_data::{FieldKind, FieldValues, MetadataTable};

use super::*;

fn fields(json: &str) -> FieldValues {
    serde_json::from_str(json).unwrap()
}

fn table() -> MetadataTable {
    let mut table = MetadataTable::with_fields([
        ("GENRE", FieldKind::Categorical),
        ("YEAR", FieldKind::Number),
        ("NEW", FieldKind::Boolean),
        ("SINCE", FieldKind::Timestamp),
        ("EMPTY", FieldKind::Number),
    ]);
    for (id, row) in [
        r#"{"GENRE": "a|b", "YEAR": 1990, "NEW": true, "SINCE": 100}"#,
        r#"{"GENRE": "c", "YEAR": 2000}"#,
        "{}",
        r#"{"YEAR": 1995, "NEW": false, "SINCE": 300}"#,
    ]
    .into_iter()
    .enumerate()
    {
        table.set_row(id as u32, &fields(row)).unwrap();
    }
    table
}

// Oracle: by hand; knots of the years are 1990, 1995, 2000, those of the times 100 and 300.
#[test]
fn values_become_rows_with_weights() {
    let table = table();
    let fitted = Fields::fit(&table);
    assert_eq!(fitted.rows(), 3 + 3 + 2 + 2);
    let bags = fitted.bags(&table);
    assert_eq!(bags.of(0), [(0, 1.0), (1, 1.0), (3, 1.0), (7, 1.0), (8, 1.0)]);
    assert_eq!(bags.of(1), [(2, 1.0), (5, 1.0)]);
    assert_eq!(bags.of(2), []);
    assert_eq!(bags.of(3), [(4, 1.0), (6, 1.0), (9, 1.0)]);
    assert_eq!(bags.of(4), []);
    let given = fields(r#"{"GENRE": "c|new|a", "YEAR": 1992.5, "SINCE": 1000, "COLOR": "red"}"#);
    assert_eq!(fitted.bag(&given), [(0, 1.0), (2, 1.0), (3, 0.5), (4, 0.5), (9, 1.0)]);
    assert_eq!(fitted.bag(&fields(r#"{"YEAR": -5, "NEW": 7}"#)), [(3, 1.0)]);
}

// Oracle: the bags of the table, value by value through the other way in.
#[test]
fn a_row_by_name_is_the_row_of_the_table() {
    let table = table();
    let fitted = Fields::fit(&table);
    let bags = fitted.bags(&table);
    for id in 0..4 {
        assert_eq!(fitted.bag(&table.row(id)), bags.of(id), "{id}");
    }
    let json = serde_json::to_string(&fitted).unwrap();
    assert_eq!(serde_json::from_str::<Fields>(&json).unwrap(), fitted);
}

// Oracle: quantiles by hand.
#[test]
fn knots_are_distinct_quantiles() {
    assert_eq!(
        knots((0..=1500).map(f64::from).collect()),
        (0..16).map(|k| f64::from(k) * 100.0).collect::<Vec<_>>()
    );
    assert_eq!(knots(vec![3.0; 10]), [3.0]);
    assert!(knots(Vec::new()).is_empty());
}

// Oracle: sums by hand, for the product and for picked rows.
#[test]
fn sums_are_weighted_rows() {
    let device = ensue_nn::device::open("ndarray").unwrap();
    let table = Tensor::<2>::from_data([[1.0, 2.0], [10.0, 20.0], [100.0, 200.0]], &device);
    let bags: [&[(u32, f32)]; 3] = [&[(0, 0.5), (2, 1.0)], &[], &[(1, -1.0)]];
    let sum = sums(table.clone(), bags.iter().copied(), &device);
    let values: Vec<f32> = sum.into_data().try_to_vec().unwrap();
    assert_eq!(values, [100.5, 201.0, 0.0, 0.0, -10.0, -20.0]);
    let picked = bags::picked(table.clone(), bags.iter().copied(), &device);
    assert_eq!(picked.into_data().try_to_vec::<f32>().unwrap(), values);
    let empty: [&[(u32, f32)]; 2] = [&[], &[]];
    assert_eq!(sums(table, empty.iter().copied(), &device).dims(), [2, 2]);
}
