//! From the ids of a batch to the rows of a table.

use burn::tensor::{Device, Int, Tensor};

/// The ids of a batch without repeats, and where each id of the batch went.
///
/// Takes `O(n log n)` in the number of ids, whatever the size of the table.
///
/// ```
/// use ensue_nn::embedding::UniqueRows;
///
/// let unique = UniqueRows::new(&[40, 7, 40, 9]);
/// assert_eq!(unique.rows(), [7, 9, 40]);
/// assert_eq!(unique.places(), [2, 0, 2, 1]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UniqueRows {
    rows: Vec<u32>,
    places: Vec<u32>,
}

impl UniqueRows {
    /// The distinct ids of `ids`. Several lists share a table by being chained into one.
    pub fn new(ids: &[u32]) -> Self {
        // Id and position in one number: sorting it is quick, and equal ids keep their order.
        let key = |(at, &id): (usize, &u32)| (u64::from(id) << 32) | at as u64;
        let mut keys: Vec<u64> = ids.iter().enumerate().map(key).collect();
        keys.sort_unstable();
        let mut rows: Vec<u32> = Vec::new();
        let mut places = vec![0; ids.len()];
        for key in keys {
            let (id, at) = ((key >> 32) as u32, key as u32);
            if rows.last() != Some(&id) {
                rows.push(id);
            }
            places[at as usize] = rows.len() as u32 - 1;
        }
        Self { rows, places }
    }

    /// The distinct ids, ascending.
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// For each id of the batch, in its order, where it stands in [`rows`](Self::rows).
    pub fn places(&self) -> &[u32] {
        &self.places
    }

    /// [`places`](Self::places) as a tensor `[ids]` on `device`, to select gathered rows with.
    pub fn places_on(&self, device: &Device) -> Tensor<1, Int> {
        super::row_numbers(&self.places, device)
    }
}
