//! The best items of a catalogue, exactly: every item is scored, none is skipped by a guess.
//!
//! A [`Catalogue`] holds the item vectors `v_i` and biases `b_i` of a model whose scores are
//! `h . v_i + b_i`. [`Catalogue::best`] answers a batch of queries `h`, each with what was
//! [asked](Ask) beside it: terms that are added to single scores, items that are left out, and the
//! terms of the softmax over the whole catalogue.
//!
//! On `ndarray` the table lies packed in host memory. One query reads it once, at the rate of the
//! memory; a batch is cut over the threads ([`crate::kernels::set_threads`]), and every
//! thread goes through the table once for some dozens of queries. The matrix of all scores never
//! exists: a block of scores is made, added up and compared with the best so far while it is in the
//! cache. An answer's bytes do not depend on the batch it is asked in, nor on the number of threads.
//!
//! On other devices, and in double precision, it is a product and a read-back for each block of
//! rows, and the selection runs on the host.

mod device;
mod kept;
#[cfg(test)]
#[cfg(feature = "ndarray")]
mod tests;

#[cfg(feature = "ndarray")]
use std::sync::Arc;

use burn::tensor::Tensor;
use ensue_core::Bitmap;

#[cfg(feature = "ndarray")]
use crate::kernels::Table;
use device::OnDevice;
pub(crate) use kept::Kept;

/// Item vectors and biases, laid out for scoring.
///
/// It is a copy: training the tensors further does not change it. Clones share the copy.
///
/// # Example
/// ```
/// use burn::tensor::Tensor;
/// use ensue_nn::{device, retrieval::{Ask, Catalogue}};
///
/// let device = device::open("ndarray")?;
/// let vectors = Tensor::<2>::from_data([[1.0f32, 0.0], [0.0, 1.0], [1.0, 1.0]], &device);
/// let bias = Tensor::<1>::from_data([0.0f32, 0.5, 0.25], &device);
/// let catalogue = Catalogue::new(vectors, bias);
///
/// // Scores 1.0, 2.5 and 3.25; item 2 is not wanted.
/// let ask = Ask { exclude: &[2], total: true, ..Ask::default() };
/// let best = catalogue.best(&[1.0, 2.0], 2, &[ask]).remove(0);
/// assert_eq!(best.items, [(1, 2.5), (0, 1.0)]);
/// assert_eq!(best.maximum, 3.25);
/// let share = best.probability(2.5);
/// assert!((share - 1.0 / (1.0 + (-1.5f64).exp() + 0.75f64.exp())).abs() < 1e-6);
/// # Ok::<(), device::DeviceError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Catalogue {
    items: usize,
    width: usize,
    place: Place,
}

/// Where the numbers are.
#[derive(Debug, Clone)]
enum Place {
    #[cfg(feature = "ndarray")]
    Host(Arc<Table>),
    Device(Box<OnDevice>),
}

/// What one query wants beside its best items. By default: nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ask<'a> {
    /// What is added to the scores of single items before anything else looks at them, ascending by
    /// item; several entries of one item all count. Items beyond the catalogue are passed over.
    pub added: &'a [(u32, f32)],
    /// Items that are no answer, ascending; duplicates, and items beyond the catalogue, do no harm.
    pub exclude: &'a [u32],
    /// The items that may be an answer; `None` for all. Items from [`Bitmap::len`] on are not in it.
    pub allowed: Option<&'a Bitmap>,
    /// Whether [`Best::sum`] is wanted.
    pub total: bool,
}

/// The answer to one query.
#[derive(Debug, Clone, PartialEq)]
pub struct Best {
    /// Items and their scores, best first; equal scores in ascending item id. Fewer than asked for
    /// when no more are allowed. A score that is not a number ranks last and is given as negative
    /// infinity; -0 is 0.
    pub items: Vec<(u32, f32)>,
    /// Greatest score of the whole catalogue, excluded items too, after [`Ask::added`]; negative
    /// infinity for an empty catalogue.
    pub maximum: f32,
    /// Sum of `exp(score - maximum)` over the whole catalogue, excluded items too, after
    /// [`Ask::added`], to a relative error of about 1e-6; 0 when it was not asked for, and NaN when
    /// it was and a score is not finite.
    pub sum: f64,
    /// Whether all scores of the catalogue are finite.
    pub finite: bool,
}

impl Best {
    /// Softmax over the whole catalogue: the probability that belongs to a score.
    ///
    /// Meaningful where [`Ask::total`] was set.
    pub fn probability(&self, score: f32) -> f64 {
        (f64::from(score) - f64::from(self.maximum)).exp() / self.sum
    }
}

impl Catalogue {
    /// Lays the tables out; autodiff is left behind.
    ///
    /// # Shapes
    /// `vectors` `[items, width]`, `bias` `[items]`.
    ///
    /// # Panics
    /// If the shapes do not fit together, or there are more than `u32::MAX` items.
    pub fn new(vectors: Tensor<2>, bias: Tensor<1>) -> Self {
        let [items, width] = vectors.dims();
        assert_eq!(bias.dims(), [items], "one bias for each item");
        assert!(u32::try_from(items).is_ok(), "items are numbered by u32");
        let (vectors, bias) = (vectors.without_autodiff(), bias.without_autodiff());
        Self { items, width, place: Place::new(vectors, bias) }
    }

    /// Number of items.
    pub fn items(&self) -> usize {
        self.items
    }

    /// Length of an item's vector.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Writes the vector of an item to `out` `[width]`, for models whose inputs are embedded by the
    /// same table. In host memory a matter of nanoseconds, elsewhere a read-back.
    ///
    /// # Panics
    /// If there is no such item, or `out` has another length.
    pub fn vector(&self, item: u32, out: &mut [f32]) {
        assert!((item as usize) < self.items, "item {item} of {}", self.items);
        assert_eq!(out.len(), self.width, "out is not [width]");
        match &self.place {
            #[cfg(feature = "ndarray")]
            Place::Host(table) => table.vector(item as usize, out),
            Place::Device(tensors) => tensors.vector(item as usize, out),
        }
    }

    /// All scores of all queries: `[queries, items]`, of which there should not be many.
    ///
    /// # Shapes
    /// `hidden` `[queries, width]`.
    ///
    /// # Panics
    /// If `hidden` is not whole rows.
    pub fn scores(&self, hidden: &[f32]) -> Vec<f32> {
        let queries = hidden.len() / self.width.max(1);
        assert_eq!(hidden.len(), queries * self.width, "hidden is not [queries, width]");
        match &self.place {
            #[cfg(feature = "ndarray")]
            Place::Host(table) => table.scores(hidden, queries),
            Place::Device(tensors) => tensors.scores(hidden, queries),
        }
    }

    /// The `k` best items of each query, in the order of the queries.
    ///
    /// Memory does not grow with the catalogue, and does not hold more than the answers and some
    /// hundred kilobytes for each thread (in host memory; elsewhere, 64 MiB of scores).
    ///
    /// # Shapes
    /// `hidden` `[queries, width]`, `asks` one for each query.
    ///
    /// # Panics
    /// If the shapes do not fit, or [`Ask::added`] or [`Ask::exclude`] are not ascending.
    pub fn best(&self, hidden: &[f32], k: usize, asks: &[Ask<'_>]) -> Vec<Best> {
        assert_eq!(hidden.len(), asks.len() * self.width, "hidden is not [asks, width]");
        for ask in asks {
            assert!(ask.added.is_sorted_by_key(|&(item, _)| item), "added terms must be ascending");
            assert!(ask.exclude.is_sorted(), "excluded items must be ascending");
        }
        match &self.place {
            #[cfg(feature = "ndarray")]
            Place::Host(table) => table.best(hidden, k, asks),
            Place::Device(tensors) => tensors.best(hidden, k, asks),
        }
    }

    /// Bytes of the table that one query reads, if it lies in host memory.
    pub fn table_bytes(&self) -> Option<usize> {
        match &self.place {
            #[cfg(feature = "ndarray")]
            Place::Host(table) => Some(size_of_val(table.numbers())),
            Place::Device(_) => None,
        }
    }

    /// Reads the whole table once by [`stream`](crate::kernels::stream), if it lies in host memory:
    /// the least time that an exact answer can take, for benchmarks. The sum means nothing.
    pub fn stream(&self) -> Option<f32> {
        match &self.place {
            #[cfg(feature = "ndarray")]
            Place::Host(table) => Some(crate::kernels::stream(table.numbers())),
            Place::Device(_) => None,
        }
    }
}

impl Place {
    #[cfg(feature = "ndarray")]
    fn new(vectors: Tensor<2>, bias: Tensor<1>) -> Self {
        use burn::tensor::DType;

        if !crate::device::is_ndarray(&vectors.device())
            || (vectors.dtype(), bias.dtype()) != (DType::F32, DType::F32)
        {
            return Self::Device(Box::new(OnDevice::new(vectors, bias)));
        }
        let [_, width] = vectors.dims();
        let host = "tensors of ndarray are host memory of their type";
        let vectors = vectors.into_data().try_into_vec::<f32>().expect(host);
        let bias = bias.into_data().try_into_vec::<f32>().expect(host);
        Self::Host(Arc::new(Table::new(vectors, &bias, width)))
    }

    #[cfg(not(feature = "ndarray"))]
    fn new(vectors: Tensor<2>, bias: Tensor<1>) -> Self {
        Self::Device(Box::new(OnDevice::new(vectors, bias)))
    }
}
