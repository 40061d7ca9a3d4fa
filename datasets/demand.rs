//! The tables of `datasets/demand`: what a made-up shop sold, day by day.
//!
//! What is planted, so that a test can know the answer:
//!
//! - Thirty items of six categories, 400 days from 2024-01-01, and 28 days more in the related series.
//! - Demand follows a trend and a brand of its own item, the weekday and the day of the year of its category, chance, and the
//!   price: with its square, so that four fifths of a price sell half as much again. A promotion lowers the price for five to
//!   nine days and sells a third more on top.
//! - The fifth item of each category is intermittent: it sells on about one day in six. A day without a sale has no row.
//! - Four items begin late, and one, `tea-new`, has not begun: it is in the metadata and has prices ahead, but no sales.
//!
//! Integers throughout: the same bytes on every machine.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;

use ensue::prelude::Frequency;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::Draw;

const SEED: u64 = 2026;
const DAYS: usize = 400;
/// Days past the target that the related series reach.
const AHEAD: usize = 28;
/// 2024-01-01, a Monday, as days since 1970-01-01.
const FIRST_DAY: i64 = 19_723;
const ITEMS: usize = 5;
const BRANDS: [(&str, usize); 3] = [("heron", 130), ("otter", 100), ("wren", 70)];
/// The item that has no sales yet.
const NEW: &str = "tea-new";

/// What all items of a category share.
struct Category {
    name: &'static str,
    /// Percent of the mean day, Monday first.
    week: [usize; 7],
    /// Day of the year on which most is sold, and by how many percent of the mean more.
    peak: usize,
    swing: usize,
    /// Pieces on a mean day, and the price in cents.
    pieces: usize,
    cents: usize,
}

const CATEGORIES: [Category; 6] = [
    Category {
        name: "tea",
        week: [80, 85, 90, 95, 110, 140, 100],
        peak: 15,
        swing: 40,
        pieces: 24,
        cents: 420,
    },
    Category {
        name: "coffee",
        week: [105, 105, 100, 100, 115, 110, 65],
        peak: 350,
        swing: 15,
        pieces: 40,
        cents: 690,
    },
    Category {
        name: "chocolate",
        week: [75, 80, 85, 95, 125, 150, 90],
        peak: 345,
        swing: 50,
        pieces: 30,
        cents: 250,
    },
    Category {
        name: "juice",
        week: [85, 90, 95, 95, 110, 135, 90],
        peak: 195,
        swing: 45,
        pieces: 26,
        cents: 310,
    },
    Category {
        name: "garden",
        week: [60, 60, 70, 80, 110, 200, 120],
        peak: 135,
        swing: 70,
        pieces: 12,
        cents: 1290,
    },
    Category {
        name: "soap",
        week: [100, 95, 100, 100, 105, 120, 80],
        peak: 200,
        swing: 5,
        pieces: 16,
        cents: 280,
    },
];

/// The three tables.
pub(crate) struct Tables {
    target: String,
    related: String,
    items: String,
}

/// Price in cents and whether a promotion is on.
type Offer = (usize, bool);

/// Offers from the first day to the last one ahead: a regular price that moves a little every two months or so, and
/// promotions between.
fn offers(draw: &mut Draw, regular: usize) -> Vec<Offer> {
    let days = DAYS + AHEAD;
    let mut offers = Vec::with_capacity(days);
    let mut price = regular;
    let mut until_change = 30 + draw.below(60);
    while offers.len() < days {
        let quiet = 12 + draw.below(36);
        for _ in 0..quiet {
            until_change = until_change.saturating_sub(1);
            if until_change == 0 {
                price = regular * (95 + draw.below(16)) / 100;
                until_change = 40 + draw.below(50);
            }
            offers.push((price, false));
        }
        let reduced = price * (70 + draw.below(16)) / 100;
        offers.extend((0..5 + draw.below(5)).map(|_| (reduced, true)));
    }
    offers.truncate(days);
    offers
}

/// Percent of the mean on this day of the year: a triangle around the peak.
fn season(category: &Category, day: usize) -> usize {
    let away = (day % 366).abs_diff(category.peak);
    let away = away.min(366 - away);
    100 + category.swing - 2 * category.swing * away / 183
}

/// `low` to `low + spread` in the mean of two draws: more often in the middle.
fn around(draw: &mut Draw, low: usize, spread: usize) -> usize {
    low + usize::midpoint(draw.below(spread + 1), draw.below(spread + 1))
}

/// Sales of a day in which `thousandths` of a piece are expected: a binomial draw, nearly a Poisson one.
fn sold(draw: &mut Draw, thousandths: usize) -> usize {
    const TRIES: usize = 400;
    (0..TRIES).filter(|_| draw.below(TRIES * 1000) < thousandths).count()
}

/// Sales of a day of an item that sells rarely: mostly none, then one or a few.
fn rarely_sold(draw: &mut Draw, percent: usize) -> usize {
    if draw.below(600) < percent { draw.geometric(1, 1) } else { 0 }
}

fn date(day: usize) -> String {
    Frequency::DAILY.start_of(FIRST_DAY + day as i64).date().to_string()
}

/// The tables as text.
pub(crate) fn tables() -> Tables {
    let mut draw = Draw(ChaCha8Rng::seed_from_u64(SEED));
    let mut target = String::from("timestamp,item_id,demand\n");
    let mut related = String::from("timestamp,item_id,price,promotion_applied\n");
    let mut items = String::from("item_id,category,brand\n");
    let line = |table: &mut String, line: std::fmt::Arguments<'_>| {
        writeln!(table, "{line}").expect("a String takes every write");
    };
    for (at, category) in CATEGORIES.iter().enumerate() {
        // Weather and the like, which all items of a category feel.
        let mood: Vec<usize> = (0..DAYS).map(|_| around(&mut draw, 80, 40)).collect();
        for number in 0..ITEMS {
            let name = format!("{}-{:02}", category.name, number + 1);
            let (brand, level) = BRANDS[(at + number) % BRANDS.len()];
            line(&mut items, format_args!("{name},{},{brand}", category.name));
            let level = level * around(&mut draw, 60, 80) / 100;
            let trend = draw.below(60);
            // One item of each category but two begins late.
            let begin = if number == 3 && at < 4 { 120 + 40 * at } else { 0 };
            let regular = category.cents * around(&mut draw, 80, 40) / 100;
            for (day, (price, promoted)) in offers(&mut draw, regular).into_iter().enumerate() {
                if day < begin {
                    continue;
                }
                let date = date(day);
                let promotion = u8::from(promoted);
                let (whole, cents) = (price / 100, price % 100);
                line(&mut related, format_args!("{date},{name},{whole}.{cents:02},{promotion}"));
                if day >= DAYS {
                    continue;
                }
                let mut percent = category.week[day % 7] * season(category, day) / 100;
                percent = percent * (85 + trend * day / DAYS) / 100 * mood[day] / 100;
                percent = percent * regular * regular / (price * price);
                if promoted {
                    percent = percent * 4 / 3;
                }
                let sales = if number == ITEMS - 1 {
                    rarely_sold(&mut draw, percent)
                } else {
                    sold(&mut draw, category.pieces * level * percent / 10)
                };
                if sales > 0 {
                    line(&mut target, format_args!("{date},{name},{sales}"));
                }
            }
        }
    }
    line(&mut items, format_args!("{NEW},tea,heron"));
    for day in DAYS..DAYS + AHEAD {
        // It is introduced at a lower price.
        let (price, promotion) = if day < DAYS + 7 { ("3.39", 1) } else { ("4.29", 0) };
        line(&mut related, format_args!("{},{NEW},{price},{promotion}", date(day)));
    }
    Tables { target, related, items }
}

/// Writes the tables into `folder`.
pub(crate) fn write(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let tables = tables();
    for (name, table) in [("target.csv.gz", tables.target), ("related.csv.gz", tables.related)] {
        let file = std::fs::File::create(folder.join(name))?;
        let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::best());
        gzip.write_all(table.as_bytes())?;
        gzip.finish()?.sync_all()?;
    }
    std::fs::write(folder.join("items.csv"), tables.items)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::io::Read as _;

    use super::*;

    fn committed(name: &str) -> Vec<u8> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../datasets/demand");
        std::fs::read(folder.join(name)).expect("the bundled table is part of the repository")
    }

    // Oracle: the committed bytes. Compared unpacked, since another deflate implementation may pack differently.
    #[test]
    fn committed_demand_is_what_the_generator_writes() {
        let tables = tables();
        let mut size = 0;
        for (name, table) in [("target", &tables.target), ("related", &tables.related)] {
            let packed = committed(&format!("{name}.csv.gz"));
            size += packed.len();
            let mut unpacked = String::new();
            flate2::read::GzDecoder::new(packed.as_slice()).read_to_string(&mut unpacked).unwrap();
            assert!(unpacked == *table, "{name}: run make-dataset and commit what it writes");
        }
        assert!(size < 600_000, "{size} bytes are too many to commit");
        assert_eq!(committed("items.csv"), tables.items.as_bytes());
    }

    // Oracle: the numbers planted: 1.25^2 * 4/3 or more under a promotion, Saturdays twice the mean of gardens, summer
    // juice, one day in six of the rare ones, and one item that is nowhere in the target.
    #[test]
    fn what_is_planted_shows_in_the_tables() {
        let tables = tables();
        let rows = |table: &str| -> Vec<Vec<String>> {
            let cells = |line: &str| line.split(',').map(str::to_owned).collect();
            table.lines().skip(1).map(cells).collect()
        };
        let sales: BTreeMap<(String, String), f64> = rows(&tables.target)
            .iter()
            .map(|row| ((row[1].clone(), row[0].clone()), row[2].parse().unwrap()))
            .collect();
        let sold = |item: &str, day: &str| {
            sales.get(&(item.to_owned(), day.to_owned())).copied().unwrap_or_default()
        };
        let days: Vec<String> = (0..DAYS).map(date).collect();
        let mean = |item: &str, keep: &dyn Fn(usize) -> bool| {
            let kept: Vec<f64> =
                (0..DAYS).filter(|&day| keep(day)).map(|day| sold(item, &days[day])).collect();
            kept.iter().sum::<f64>() / kept.len() as f64
        };
        let related = rows(&tables.related);
        let promoted: BTreeSet<(&str, &str)> = related
            .iter()
            .filter(|row| row[3] == "1")
            .map(|row| (row[1].as_str(), row[0].as_str()))
            .collect();
        for item in ["coffee-01", "soap-02", "chocolate-03"] {
            let on = mean(item, &|day| promoted.contains(&(item, days[day].as_str())));
            let off = mean(item, &|day| !promoted.contains(&(item, days[day].as_str())));
            assert!(on > 1.6 * off, "{item}: {on} under promotions, {off} without");
        }
        let all = mean("garden-01", &|_| true);
        assert!(mean("garden-01", &|day| day % 7 == 5) > 1.6 * all);
        let (summer, winter) = (mean("juice-01", &|day| day.abs_diff(195) < 40), |day| day < 40);
        assert!(summer > 1.5 * mean("juice-01", &winter));
        let busy = days.iter().filter(|day| sold("tea-05", day) > 0.0).count();
        assert!((40..120).contains(&busy), "tea-05 sold on {busy} days");
        assert!(!sales.keys().any(|(item, _)| item == NEW));
        assert_eq!(related.iter().filter(|row| row[1] == NEW).count(), AHEAD);
        assert_eq!(rows(&tables.items).len(), CATEGORIES.len() * ITEMS + 1);
        assert_eq!((date(0).as_str(), date(DAYS - 1).as_str()), ("2024-01-01", "2025-02-03"));
    }
}
