//! Writes the bundled tables of the quickstart: a made-up shop whose customers walk its shelves, and what it sold
//! (`demand.rs`).
//!
//! ```text
//! cargo run --release -p ensue-examples --bin make-dataset -- datasets
//! ```
//!
//! What is planted, so that a test can know the answer:
//!
//! - Twenty shelves of twenty items, each shelf a ring. Every customer has a hidden stride (1, 3, 7 or 9) and mostly takes
//!   the item that lies one stride further on the ring. The last item alone leaves four candidates; the last two, or
//!   anything seen earlier of the same customer, leave one. A model with memory wins over a first-order Markov chain.
//! - Two favourite shelves a customer, sessions of a few minutes with hours or days between them.
//! - Popularity skew over shelves and over the items a session starts with.
//! - One event in eight is noise from anywhere; the walk then goes on from where it was.
//!
//! Every draw is an integer from a seeded `ChaCha8` stream: the same bytes on every machine.

mod demand;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

const SEED: u64 = 2025;
const CUSTOMERS: usize = 3000;
const RING: usize = 20;
const STRIDES: [usize; 4] = [1, 3, 7, 9];
/// 2025-01-01 00:00 UTC.
const FIRST_SECOND: u64 = 1_735_689_600;
const SHELVES: [&str; 20] = [
    "tea",
    "coffee",
    "chocolate",
    "bread",
    "cheese",
    "fruit",
    "spices",
    "honey",
    "nuts",
    "pasta",
    "rice",
    "juice",
    "jam",
    "herbs",
    "flowers",
    "soap",
    "mugs",
    "lamps",
    "games",
    "garden",
];

/// Integer draws from one seeded stream.
struct Draw(ChaCha8Rng);

impl Draw {
    /// Uniform in `0..n`; the bias of the multiplication is below 2^-32 for the small `n` used here.
    fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.0.next_u64()) * n as u128) >> 64) as usize
    }

    fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    /// Zipf-like: index `i` of `0..n` with weight proportional to `1 / (i + 4)`.
    fn skewed(&mut self, n: usize) -> usize {
        let weight = |i: usize| 1_000_000 / (i + 4);
        let mut left = self.below((0..n).map(weight).sum());
        (0..n)
            .find(|&i| {
                let here = left < weight(i);
                left = left.saturating_sub(weight(i));
                here
            })
            .expect("the draw lies below the sum of the weights")
    }

    /// `low` plus a geometric tail of the given mean, cut at `low + 4 * mean`.
    fn geometric(&mut self, low: usize, mean: usize) -> usize {
        low + (0..4 * mean).take_while(|_| self.below(mean + 1) < mean).count()
    }
}

/// The item on which sessions of a shelf most often start differs from shelf to shelf.
fn start(draw: &mut Draw, shelf: usize) -> usize {
    (draw.skewed(RING) * 7 + shelf * 3) % RING
}

fn item(shelf: usize, place: usize) -> String {
    format!("{}-{place:02}", SHELVES[shelf])
}

fn customer(draw: &mut Draw, name: &str, csv: &mut String) {
    let stride = STRIDES[draw.below(STRIDES.len())];
    let favourites = [draw.skewed(SHELVES.len()), draw.skewed(SHELVES.len())];
    let mut second = FIRST_SECOND + draw.below(90 * 86_400) as u64;
    for _ in 0..draw.geometric(2, 3) {
        let shelf = match draw.below(10) {
            0..=5 => favourites[0],
            6..=8 => favourites[1],
            _ => draw.skewed(SHELVES.len()),
        };
        let mut place = start(draw, shelf);
        for step in 0..draw.geometric(3, 3) {
            let mut taken = (shelf, place);
            if step > 0 && draw.percent(12) {
                let elsewhere = draw.skewed(SHELVES.len());
                taken = (elsewhere, start(draw, elsewhere));
            } else if step > 0 {
                place = (place + stride) % RING;
                taken = (shelf, place);
            }
            writeln!(csv, "{name},{},{second}", item(taken.0, taken.1))
                .expect("a String takes every write");
            second += 30 + draw.below(400) as u64;
        }
        second += 4 * 3600 + draw.below(10 * 86_400) as u64;
    }
}

/// The interactions table, one line an event, customers one after the other.
fn interactions(seed: u64) -> String {
    let mut draw = Draw(ChaCha8Rng::seed_from_u64(seed));
    let mut csv = String::from("USER_ID,ITEM_ID,TIMESTAMP\n");
    for number in 0..CUSTOMERS {
        customer(&mut draw, &format!("u{number:04}"), &mut csv);
    }
    csv
}

/// The items table: the shelf of every item.
fn items() -> String {
    let mut csv = String::from("ITEM_ID,SHELF\n");
    for (shelf, name) in SHELVES.iter().enumerate() {
        for place in 0..RING {
            writeln!(csv, "{},{name}", item(shelf, place)).expect("a String takes every write");
        }
    }
    csv
}

fn write(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let file = std::fs::File::create(folder.join("interactions.csv.gz"))?;
    let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::best());
    gzip.write_all(interactions(SEED).as_bytes())?;
    gzip.finish()?.sync_all()?;
    std::fs::write(folder.join("items.csv"), items())
}

fn main() -> std::io::Result<()> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../datasets");
    let folder = std::env::args_os().nth(1).map_or_else(|| PathBuf::from(default), PathBuf::from);
    write(&folder.join("quickstart"))?;
    demand::write(&folder.join("demand"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;
    use std::io::Read;

    fn committed(name: &str) -> Vec<u8> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../datasets/quickstart");
        std::fs::read(folder.join(name)).expect("the bundled table is part of the repository")
    }

    // Oracle: the committed bytes. Compared unpacked, since another deflate implementation may pack differently.
    #[test]
    fn committed_tables_are_what_the_generator_writes() {
        let packed = committed("interactions.csv.gz");
        assert!(packed.len() < 1_000_000, "{} bytes are too many to commit", packed.len());
        let mut unpacked = String::new();
        flate2::read::GzDecoder::new(packed.as_slice()).read_to_string(&mut unpacked).unwrap();
        assert!(unpacked == interactions(SEED), "run make-dataset and commit what it writes");
        assert_eq!(committed("items.csv"), items().as_bytes());
    }

    // Oracle: the planted rule. The commonest successor of the last two items is right far more often than that of the last.
    #[test]
    fn the_last_two_items_say_more_than_the_last_one() {
        let csv = interactions(SEED);
        let mut histories: HashMap<&str, Vec<&str>> = HashMap::new();
        for line in csv.lines().skip(1) {
            let (user, rest) = line.split_once(',').unwrap();
            histories.entry(user).or_default().push(rest.split_once(',').unwrap().0);
        }
        assert_eq!(histories.len(), CUSTOMERS);
        let hits = |order: usize| {
            let mut counts: HashMap<&[&str], HashMap<&str, u32>> = HashMap::new();
            let steps = || histories.values().flat_map(|h| h.windows(order + 1));
            for step in steps() {
                *counts.entry(&step[..order]).or_default().entry(step[order]).or_default() += 1;
            }
            // Counting on the data that is then predicted flatters rare contexts: only those seen 20 times enter.
            let common = |step: &&[&str]| counts[&step[..order]].values().sum::<u32>() >= 20;
            let best = |step: &&[&str]| {
                let next = &counts[&step[..order]];
                next[step[order]] == *next.values().max().unwrap()
            };
            let asked = steps().filter(common).count();
            steps().filter(common).filter(best).count() as f64 / asked as f64
        };
        let (one, two) = (hits(1), hits(2));
        assert!(one < 0.35 && two > one + 0.2, "first order {one:.3}, second order {two:.3}");
    }
}
