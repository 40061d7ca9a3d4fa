//! Rows with weights, one set for each id.

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::columns::{are_offsets, from_bytes, to_bytes};

/// Rows of an embedding table with their weights.
pub(crate) type Bag = Vec<(u32, f32)>;

/// The bags of ids 0, 1, ..
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bags {
    /// Bag `i` is `offsets[i]..offsets[i + 1]`.
    offsets: Vec<u32>,
    entries: Bag,
}

impl Default for Bags {
    fn default() -> Self {
        Self { offsets: vec![0], entries: Bag::new() }
    }
}

impl Bags {
    /// Adds the bag of the next id.
    pub(crate) fn push(&mut self, bag: impl IntoIterator<Item = (u32, f32)>) {
        self.entries.extend(bag);
        self.offsets.push(self.entries.len() as u32);
    }

    /// Number of ids.
    pub(crate) fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// All of them as bytes: number of ids (u64), where each bag begins and the last ends (u64), rows (u32), weights (f32).
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let offsets: Vec<u64> = self.offsets.iter().map(|&at| u64::from(at)).collect();
        let (rows, weights): (Vec<u32>, Vec<f32>) = self.entries.iter().copied().unzip();
        [to_bytes(&[self.len() as u64]), to_bytes(&offsets), to_bytes(&rows), to_bytes(&weights)]
            .concat()
    }

    /// Reads what [`Bags::to_bytes`] wrote for a table of `table_rows`; `None` when it is not that.
    pub(crate) fn from_bytes(bytes: &[u8], table_rows: usize) -> Option<Self> {
        let (head, rest) = bytes.split_at_checked(8)?;
        let ids = usize::try_from(from_bytes::<u64>(head)?[0]).ok()?;
        let (offsets, rest) = rest.split_at_checked(ids.checked_add(1)?.checked_mul(8)?)?;
        let offsets: Vec<u64> = from_bytes(offsets)?;
        let entries = rest.len() / 8;
        let (rows, weights) = rest.split_at_checked(entries * 4)?;
        let (rows, weights): (Vec<u32>, Vec<f32>) = (from_bytes(rows)?, from_bytes(weights)?);
        let fits = are_offsets(&offsets, ids, entries)
            && rows.len() == weights.len()
            && rows.iter().all(|&row| (row as usize) < table_rows);
        fits.then(|| Self {
            offsets: offsets.into_iter().map(|at| at as u32).collect(),
            entries: rows.into_iter().zip(weights).collect(),
        })
    }

    /// The bag of an id; empty for one that is not here.
    pub(crate) fn of(&self, id: u32) -> &[(u32, f32)] {
        let id = id as usize;
        match (self.offsets.get(id), self.offsets.get(id + 1)) {
            (Some(&from), Some(&to)) => &self.entries[from as usize..to as usize],
            _ => &[],
        }
    }
}

/// Most numbers of a matrix of bags: 8 MiB.
const DENSE: usize = 1 << 21;

/// Weighted sums of rows of `table`, one for each bag.
///
/// Where bags and rows are few it is a product with the matrix of the bags, most of whose numbers are 0: that takes a
/// fraction of the time of picking rows, and of adding gradients to them.
///
/// # Shapes
/// `table` `[rows, width]` to `[bags, width]`.
pub(crate) fn sums<'a>(
    table: Tensor<2>,
    bags: impl Iterator<Item = &'a [(u32, f32)]> + Clone,
    device: &Device,
) -> Tensor<2> {
    let [rows, width] = table.dims();
    let n = bags.clone().count();
    if bags.clone().all(<[_]>::is_empty) {
        return Tensor::zeros([n, width], device);
    }
    if n * rows > DENSE {
        return picked(table, bags, device);
    }
    let mut matrix = vec![0f32; n * rows];
    for (bag, line) in bags.zip(matrix.chunks_exact_mut(rows)) {
        for &(row, weight) in bag {
            line[row as usize] += weight;
        }
    }
    Tensor::<2>::from_data(TensorData::new(matrix, [n, rows]), device).matmul(table)
}

/// The same by picking rows.
pub(super) fn picked<'a>(
    table: Tensor<2>,
    bags: impl Iterator<Item = &'a [(u32, f32)]> + Clone,
    device: &Device,
) -> Tensor<2> {
    let [_, width] = table.dims();
    let n = bags.clone().count();
    let most = bags.clone().map(<[_]>::len).max().unwrap_or(0).max(1);
    // Shorter bags are filled up with rows of weight 0.
    let mut rows = vec![0i32; n * most];
    let mut weights = vec![0f32; n * most];
    for (at, bag) in bags.enumerate() {
        for (place, &(row, weight)) in bag.iter().enumerate() {
            rows[at * most + place] = row as i32;
            weights[at * most + place] = weight;
        }
    }
    let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [n * most]), device);
    let weights = Tensor::<3>::from_data(TensorData::new(weights, [n, most, 1]), device);
    let picked = table.select(0, rows).reshape([n, most, width]);
    (picked * weights).sum_dim(1).reshape([n, width])
}
