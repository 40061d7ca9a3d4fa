//! Measures an import: `cargo run --release -p ensue-data --example import_memory -- [ROWS] [csv|gz|parquet]`.
//!
//! Writes ROWS events (10 million by default) of 500,000 users and 50,000 items to a temporary file, imports
//! it and prints rows per second, the encoded size and the highest memory use of the process (Linux only).
#![allow(clippy::print_stdout, reason = "a program that reports to a terminal")]

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use ensue_core::Run;
use ensue_data::{DatasetGroup, ImportRequest, Source};
use flate2::Compression;
use flate2::write::GzEncoder;
use polars::prelude::{Column, DataFrame, DataType, ParquetWriter, Schema};

/// A linear congruential generator (Knuth's MMIX constants); its upper bits are good enough for ids.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn event(&mut self, row: u64) -> (String, String, i64) {
        let (user, item) = (self.below(500_000), self.below(50_000));
        (format!("user-{user:07}"), format!("item-{item:06}"), 1_500_000_000 + row as i64)
    }
}

fn write_csv(out: impl Write, rows: u64) -> std::io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, out);
    let mut numbers = Numbers(1);
    writeln!(out, "USER_ID,ITEM_ID,TIMESTAMP")?;
    for row in 0..rows {
        let (user, item, time) = numbers.event(row);
        writeln!(out, "{user},{item},{time}")?;
    }
    out.flush()
}

fn write_parquet(out: File, rows: u64) -> Result<(), Box<dyn Error>> {
    const GROUP: u64 = 1 << 18;
    let text = DataType::String;
    let names = [("USER_ID", text.clone()), ("ITEM_ID", text), ("TIMESTAMP", DataType::Int64)];
    let schema: Schema = names.into_iter().map(|(name, kind)| (name.into(), kind)).collect();
    let mut writer = ParquetWriter::new(out).batched(&schema)?;
    let mut numbers = Numbers(1);
    for start in (0..rows).step_by(GROUP as usize) {
        let (mut users, mut items, mut times) = (Vec::new(), Vec::new(), Vec::new());
        for row in start..rows.min(start + GROUP) {
            let (user, item, time) = numbers.event(row);
            users.push(user);
            items.push(item);
            times.push(time);
        }
        let frame = DataFrame::new_infer_height(vec![
            Column::new("USER_ID".into(), users),
            Column::new("ITEM_ID".into(), items),
            Column::new("TIMESTAMP".into(), times),
        ])?;
        writer.write_batch(&frame)?;
    }
    writer.finish()?;
    Ok(())
}

/// A line of `/proc/self/status` in MiB.
fn memory(name: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: f64 = line.trim_start_matches(':').trim_end_matches("kB").trim().parse().ok()?;
    Some(kibibytes / 1024.0)
}

fn generate(path: &Path, format: &str, rows: u64) -> Result<(), Box<dyn Error>> {
    let file = File::create(path)?;
    match format {
        "csv" => write_csv(file, rows)?,
        "gz" => write_csv(GzEncoder::new(file, Compression::fast()), rows)?,
        "parquet" => write_parquet(file, rows)?,
        other => return Err(format!("unknown format {other}").into()),
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let rows: u64 = arguments.next().map_or(Ok(10_000_000), |rows| rows.parse())?;
    let format = arguments.next().unwrap_or_else(|| "csv".to_owned());
    let folder = tempfile::tempdir()?;
    let ending = if format == "gz" { "csv.gz" } else { &format };
    let path = folder.path().join(format!("events.{ending}"));
    generate(&path, &format, rows)?;
    let size = std::fs::metadata(&path)?.len();
    let before = memory("VmHWM").unwrap_or(f64::NAN);

    let start = Instant::now();
    let group =
        DatasetGroup::import(&ImportRequest::new(Source::new(&path)), &mut Run::new("ndarray"))?;
    let seconds = start.elapsed().as_secs_f64();

    let events = group.interactions.len();
    let mib = |bytes: usize| bytes as f64 / f64::from(1 << 20);
    let vocabularies = group.users.heap_bytes() + group.items.heap_bytes();
    let encoded = group.interactions.heap_bytes();
    println!("file          {format}, {rows} rows, {:.0} MiB", mib(size as usize));
    println!("time          {seconds:.2} s, {:.2} million rows/s", rows as f64 / seconds / 1e6);
    println!("events        {events}, {} duplicates dropped", group.duplicates_dropped);
    println!(
        "encoded       {:.0} MiB, {:.1} bytes/event",
        mib(encoded),
        encoded as f64 / events as f64
    );
    println!(
        "vocabularies  {:.0} MiB, {} users, {} items",
        mib(vocabularies),
        group.users.len(),
        group.items.len()
    );
    // Known users in an order that has nothing to do with that of the table.
    let known: Vec<&str> = group.users.iter().collect();
    let mut numbers = Numbers(2);
    let users: Vec<&str> =
        (0..1_000_000).map(|_| known[numbers.below(known.len() as u64) as usize]).collect();
    let million = |start: Instant| 1.0 / start.elapsed().as_secs_f64();
    let start = Instant::now();
    let found = users.iter().filter_map(|user| group.users.encode(user)).count();
    println!("lookups       {:.1} million/s one by one ({found} found)", million(start));
    let (mut users_again, mut ids) = (group.users.clone(), Vec::new());
    let start = Instant::now();
    users_again.insert_all(&users, &mut ids);
    println!("              {:.1} million/s together", million(start));
    println!("peak memory   {:.0} MiB ({before:.0} before)", memory("VmHWM").unwrap_or(f64::NAN));
    Ok(())
}
