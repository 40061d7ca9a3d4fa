//! Catalogues against sorting everything, on every instruction set that can run here.

use burn::tensor::{Device, Tensor, TensorData};
use ensue_core::{Bitmap, Seed};
use proptest::prelude::*;
use rand::RngExt;

use super::*;
use crate::kernels::{available_isas, with_isa};

/// Tables and queries of one case.
struct Case {
    items: usize,
    width: usize,
    vectors: Vec<f32>,
    bias: Vec<f32>,
    hidden: Vec<f32>,
}

impl Case {
    /// Numbers between -1 and 1; small multiples of a half when `ties` are wanted.
    fn new(seed: u64, queries: usize, items: usize, width: usize, ties: bool) -> Self {
        let mut rng = Seed(seed).stream("catalogue");
        let mut numbers = |n: usize| -> Vec<f32> {
            (0..n)
                .map(|_| rng.random::<f32>() * 2.0 - 1.0)
                .map(|x| if ties { (x * 2.0).round() / 2.0 } else { x })
                .collect()
        };
        let (vectors, bias) = (numbers(items * width), numbers(items));
        Self { items, width, vectors, bias, hidden: numbers(queries * width) }
    }

    fn catalogue(&self, device: &Device) -> Catalogue {
        let vectors = TensorData::new(self.vectors.clone(), [self.items, self.width]);
        let bias = TensorData::new(self.bias.clone(), [self.items]);
        Catalogue::new(Tensor::from_data(vectors, device), Tensor::from_data(bias, device))
    }

    /// Plain loops.
    fn score(&self, query: usize, item: usize) -> f64 {
        let h = &self.hidden[query * self.width..][..self.width];
        let v = &self.vectors[item * self.width..][..self.width];
        let dot: f64 = h.iter().zip(v).map(|(&h, &v)| f64::from(h) * f64::from(v)).sum();
        dot + f64::from(self.bias[item])
    }
}

/// What one query asks for, owned.
#[derive(Debug, Clone, Default)]
struct Wish {
    added: Vec<(u32, f32)>,
    exclude: Vec<u32>,
    allowed: Option<Bitmap>,
    total: bool,
}

impl Wish {
    fn random(seed: u64, query: usize, items: usize) -> Self {
        let mut rng = Seed(seed).stream(&format!("wish {query}"));
        let mut ids = |most: usize| -> Vec<u32> {
            let n = rng.random_range(0..=most);
            let mut ids: Vec<u32> =
                (0..n).map(|_| rng.random_range(0..items as u32 + 40)).collect();
            ids.sort_unstable();
            ids
        };
        let (exclude, mask, added) = (ids(60), ids(2 * items), ids(30));
        let added = added.into_iter().map(|item| (item, rng.random_range(-4..4) as f32 / 2.0));
        let added = added.collect();
        let allowed = (!query.is_multiple_of(3)).then(|| mask.into_iter().collect());
        Self { added, exclude, allowed, total: query.is_multiple_of(2) }
    }

    fn ask(&self) -> Ask<'_> {
        let Self { added, exclude, allowed, total } = self;
        Ask { added, exclude, allowed: allowed.as_ref(), total: *total }
    }
}

/// A number that compares, as the documentation says.
fn comparable(score: f32) -> f32 {
    if score.is_nan() { f32::NEG_INFINITY } else { score + 0.0 }
}

/// Sorts everything, and sums in double precision.
fn sorted(scores: &[f32], k: usize, wish: &Wish) -> Best {
    let mut scores = scores.to_vec();
    for &(item, term) in &wish.added {
        if (item as usize) < scores.len() {
            scores[item as usize] += term;
        }
    }
    let allowed = |item: &u32| wish.allowed.as_ref().is_none_or(|allowed| allowed.contains(*item));
    let mut items: Vec<(u32, f32)> = (0..scores.len() as u32)
        .filter(|item| !wish.exclude.contains(item))
        .filter(allowed)
        .map(|item| (item, comparable(scores[item as usize])))
        .collect();
    items.sort_by(|a, b| b.1.partial_cmp(&a.1).unwrap().then(a.0.cmp(&b.0)));
    items.truncate(k);
    let numbers = scores.iter().filter(|score| !score.is_nan());
    let maximum = numbers.fold(f32::NEG_INFINITY, |a, &b| if b > a { b } else { a });
    let finite = scores.iter().all(|score| score.is_finite());
    let sum = match (wish.total, finite) {
        (false, _) => 0.0,
        (true, false) => f64::NAN,
        (true, true) => scores.iter().map(|&s| (f64::from(s) - f64::from(maximum)).exp()).sum(),
    };
    Best { items, maximum, sum, finite }
}

fn agree(what: &str, got: &Best, want: &Best) {
    assert_eq!((&got.items, got.maximum), (&want.items, want.maximum), "{what}");
    assert_eq!(got.finite, want.finite, "{what}");
    let same = got.sum.is_nan() && want.sum.is_nan();
    let close = (got.sum - want.sum).abs() <= 2e-6 * want.sum;
    assert!(same || close, "{what}: sum {} instead of {}", got.sum, want.sum);
}

fn bits(scores: &[f32]) -> Vec<u32> {
    scores.iter().map(|score| score.to_bits()).collect()
}

/// Everything that holds for one case, on every instruction set.
fn check(case: &Case, k: usize, wishes: &[Wish]) {
    let device = crate::device::open("ndarray").unwrap();
    let asks: Vec<Ask<'_>> = wishes.iter().map(Wish::ask).collect();
    for isa in available_isas() {
        with_isa(isa, || {
            let catalogue = case.catalogue(&device);
            assert!(catalogue.table_bytes().is_some(), "packed");
            let scores = catalogue.scores(&case.hidden);
            assert_eq!(scores.len(), asks.len() * case.items);
            let batch = catalogue.best(&case.hidden, k, &asks);
            assert_eq!(batch.len(), asks.len());
            for (query, wish) in wishes.iter().enumerate() {
                let row = &scores[query * case.items..][..case.items];
                for (item, &score) in row.iter().enumerate() {
                    let want = case.score(query, item);
                    let near = (f64::from(score) - want).abs() < 1e-4;
                    let same = want.is_nan() && score.is_nan() || f64::from(score) == want;
                    assert!(near || same, "{isa:?} {query} {item}: {score} instead of {want}");
                }
                let what = format!("{isa:?} query {query} k {k}");
                agree(&what, &batch[query], &sorted(row, k, wish));
                let alone = &case.hidden[query * case.width..][..case.width];
                assert_eq!(bits(&catalogue.scores(alone)), bits(row), "{what}: scores, alone");
                let alone = catalogue.best(alone, k, &asks[query..=query]).remove(0);
                assert_eq!(alone.sum.to_bits(), batch[query].sum.to_bits(), "{what}: alone");
                assert_eq!(alone.items, batch[query].items, "{what}: alone");
            }
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    // Oracle: scores by plain loops in f64, a full sort, a sum in f64; a batch, its queries alone.
    #[test]
    fn equals_a_full_sort(
        (queries, items, width) in (1usize..70, 1usize..1300, 1usize..70),
        k in prop_oneof![0usize..40, 0usize..1400],
        ties: bool,
        seed: u64,
    ) {
        let case = Case::new(seed, queries, items, width, ties);
        let wishes: Vec<Wish> = (0..queries).map(|q| Wish::random(seed, q, items)).collect();
        check(&case, k, &wishes);
    }
}

// Oracle: scores by plain loops, a full sort.
#[test]
fn corners_of_tiles_blocks_and_answers() {
    for (queries, items, width) in
        [(1, 1, 1), (2, 512, 3), (61, 513, 2), (121, 16, 257), (3, 1024, 300), (5, 2047, 1)]
    {
        let case = Case::new(3, queries, items, width, false);
        for k in [0, 1, 32, items, usize::MAX] {
            check(&case, k, &vec![Wish { total: true, ..Wish::default() }; queries]);
        }
    }
}

// Oracle: by hand. All scores of an item without vector are its bias.
#[test]
fn scores_that_are_not_finite_rank_by_the_rules() {
    for (strange, first, finite) in [
        (f32::NAN, 2, false),
        (f32::INFINITY, 700, false),
        (f32::NEG_INFINITY, 2, false),
        (-0.0, 2, true),
    ] {
        let mut case = Case::new(5, 7, 900, 4, false);
        case.vectors.fill(0.0);
        case.bias.fill(0.0);
        case.bias[2] = 1.0;
        case.bias[700] = strange;
        check(&case, 10, &vec![Wish { total: true, ..Wish::default() }; 7]);
        let catalogue = case.catalogue(&crate::device::open("ndarray").unwrap());
        let best = catalogue.best(&case.hidden[..4], 900, &[Ask::default()]).remove(0);
        assert_eq!((best.items[0].0, best.finite), (first, finite), "{strange}");
        let place = best.items.iter().position(|&(item, _)| item == 700);
        let want = match first {
            700 => 0,
            _ if finite => 700,
            _ => 899,
        };
        assert_eq!(place, Some(want), "{strange}");
    }
}

// Oracle: by hand.
#[test]
fn terms_count_before_everything_else() {
    let mut case = Case::new(5, 1, 600, 1, false);
    case.vectors.fill(0.0);
    case.bias.fill(0.0);
    let device = crate::device::open("ndarray").unwrap();
    let catalogue = case.catalogue(&device);
    let added = [(3, 1.0), (3, 1.0), (599, 1.5), (600, 9.0), (u32::MAX, 9.0)];
    let allowed = Bitmap::ones(20);
    let ask = Ask { added: &added, total: true, allowed: Some(&allowed), ..Ask::default() };
    let best = catalogue.best(&[1.0], 2, &[ask]).remove(0);
    assert_eq!(best.items, [(3, 2.0), (0, 0.0)]);
    assert_eq!(best.maximum, 2.0);
    let want = 1.0 + (-0.5f64).exp() + 598.0 * (-2f64).exp();
    assert!((best.sum - want).abs() < 2e-6 * want, "{} instead of {want}", best.sum);
    assert!((best.probability(2.0) - 1.0 / want).abs() < 1e-6);
    // An item that is left out still counts for the maximum and the sum.
    let without = catalogue.best(&[1.0], 2, &[Ask { exclude: &[3, 3], ..ask }]).remove(0);
    assert_eq!((without.maximum, without.sum), (best.maximum, best.sum));
    assert_eq!(without.items, [(0, 0.0), (1, 0.0)]);
}

// Oracle: one thread.
#[test]
fn threads_change_nothing() {
    let case = Case::new(9, 200, 3000, 20, false);
    let catalogue = case.catalogue(&crate::device::open("ndarray").unwrap());
    let wishes: Vec<Wish> = (0..200).map(|q| Wish::random(9, q, 3000)).collect();
    let asks: Vec<Ask<'_>> = wishes.iter().map(Wish::ask).collect();
    let alone = |catalogue: &Catalogue| catalogue.best(&case.hidden, 10, &asks);
    let one = with_isa(crate::kernels::isa(), || alone(&catalogue));
    assert_eq!(one, alone(&catalogue));
    let scores = with_isa(crate::kernels::isa(), || catalogue.scores(&case.hidden));
    assert_eq!(scores, catalogue.scores(&case.hidden));
}

// Oracle: the packed table in single precision.
#[test]
fn plain_tensors_of_another_precision_agree() {
    use burn::tensor::DType;

    let case = Case::new(11, 9, 400, 12, true);
    let device = crate::device::open("ndarray").unwrap();
    let packed = case.catalogue(&device);
    let vectors = TensorData::new(case.vectors.clone(), [400, 12]);
    let bias = TensorData::new(case.bias.clone(), [400]);
    let double = Catalogue::new(
        Tensor::from_data(vectors, (&device, DType::F64)),
        Tensor::from_data(bias, (&device, DType::F64)),
    );
    assert_eq!(double.table_bytes(), None);
    same_answers(&case, &packed, &double);
}

#[cfg(feature = "wgpu")]
#[test]
fn parity_of_catalogue_scores_and_answers() {
    // Oracle: the packed table on ndarray. Sums of multiples of a quarter are exact on both.
    let case = Case::new(13, 9, 700, 12, true);
    let packed = case.catalogue(&crate::device::open("ndarray").unwrap());
    let device = case.catalogue(&crate::device::open("wgpu").unwrap());
    same_answers(&case, &packed, &device);
}

/// Two catalogues of the same numbers, all of whose scores are exact.
fn same_answers(case: &Case, one: &Catalogue, other: &Catalogue) {
    assert_eq!(one.scores(&case.hidden), other.scores(&case.hidden));
    let queries = case.hidden.len() / case.width;
    let wishes: Vec<Wish> = (0..queries).map(|q| Wish::random(1, q, case.items)).collect();
    let asks: Vec<Ask<'_>> = wishes.iter().map(Wish::ask).collect();
    let answers = [one, other].map(|catalogue| catalogue.best(&case.hidden, 20, &asks));
    for (query, (a, b)) in answers[0].iter().zip(&answers[1]).enumerate() {
        agree(&format!("query {query}"), b, a);
    }
    let mut rows = [vec![0.0; case.width], vec![0.0; case.width]];
    for item in [0, 17, case.items as u32 - 1] {
        one.vector(item, &mut rows[0]);
        other.vector(item, &mut rows[1]);
        let want = &case.vectors[item as usize * case.width..][..case.width];
        assert_eq!([&rows[0][..], &rows[1]], [want, want], "vector {item}");
    }
}

// Oracle: by hand.
#[test]
fn empty_catalogues_and_batches_have_empty_answers() {
    let device = crate::device::open("ndarray").unwrap();
    let case = Case::new(1, 2, 0, 3, false);
    let catalogue = case.catalogue(&device);
    let ask = Ask { total: true, ..Ask::default() };
    let want = Best { items: vec![], maximum: f32::NEG_INFINITY, sum: 0.0, finite: true };
    assert_eq!(catalogue.best(&case.hidden, 5, &[ask; 2]), [want.clone(), want]);
    assert!(catalogue.scores(&case.hidden).is_empty());
    let catalogue = Case::new(1, 0, 4, 3, false).catalogue(&device);
    assert!(catalogue.best(&[], 5, &[]).is_empty());
    assert!(catalogue.stream().is_some());
}

#[test]
#[should_panic(expected = "ascending")]
fn terms_out_of_order_are_refused() {
    let case = Case::new(1, 1, 4, 3, false);
    let catalogue = case.catalogue(&crate::device::open("ndarray").unwrap());
    catalogue.best(&case.hidden, 1, &[Ask { added: &[(2, 1.0), (1, 1.0)], ..Ask::default() }]);
}
