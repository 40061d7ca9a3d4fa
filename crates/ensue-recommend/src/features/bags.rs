//! Rows with weights, one set for each id.

use burn::tensor::{Device, Int, Tensor, TensorData};

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

    /// The bag of an id; empty for one that is not here.
    pub(crate) fn of(&self, id: u32) -> &[(u32, f32)] {
        let id = id as usize;
        match (self.offsets.get(id), self.offsets.get(id + 1)) {
            (Some(&from), Some(&to)) => &self.entries[from as usize..to as usize],
            _ => &[],
        }
    }
}

/// Weighted sums of rows of `table`, one for each bag.
///
/// # Shapes
/// `table` `[rows, width]` to `[bags, width]`.
pub(crate) fn sums<'a>(
    table: Tensor<2>,
    bags: impl Iterator<Item = &'a [(u32, f32)]> + Clone,
    device: &Device,
) -> Tensor<2> {
    let [_, width] = table.dims();
    let n = bags.clone().count();
    let most = bags.clone().map(<[_]>::len).max().unwrap_or(0);
    if most == 0 {
        return Tensor::zeros([n, width], device);
    }
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
