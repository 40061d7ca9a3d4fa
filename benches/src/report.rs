//! What a measurement says: values beside their bars, and whether they suffice.

use std::fmt;

/// Why a measurement has no result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Something it needs is not here: exit code 2.
    NotMeasured(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::NotMeasured(reason) = self;
        f.write_str(reason)
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        Self::NotMeasured(text)
    }
}

/// What a value is held to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Bar {
    /// At least this.
    AtLeast(f64),
    /// At most this.
    AtMost(f64),
    /// These digits, as many decimals as given.
    Digits(f64, usize),
    /// Exactly this count.
    Count(usize),
    /// No bar: reported only.
    None,
}

impl Bar {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::AtLeast(bar) => value >= bar,
            Self::AtMost(bar) => value <= bar,
            Self::Digits(bar, decimals) => {
                format!("{value:.decimals$}") == format!("{bar:.decimals$}")
            }
            Self::Count(count) => value == count as f64,
            Self::None => true,
        }
    }
}

impl fmt::Display for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::AtLeast(bar) => f.pad(&format!(">= {bar}")),
            Self::AtMost(bar) => f.pad(&format!("<= {bar:e}")),
            Self::Digits(bar, decimals) => f.pad(&format!("= {bar:.decimals$}")),
            Self::Count(count) => f.pad(&format!("= {count}")),
            Self::None => f.pad("-"),
        }
    }
}

/// One line of a report.
#[derive(Debug, Clone)]
struct Row {
    what: String,
    value: f64,
    bar: Bar,
    note: String,
}

/// The result of a measurement.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
    notes: Vec<String>,
    missing: Option<Failure>,
    /// Seeds that were used; empty when nothing was drawn.
    pub(crate) seeds: Vec<u64>,
    /// Threads that computed.
    pub(crate) threads: usize,
}

impl Report {
    /// An empty report.
    pub(crate) fn new(seeds: &[u64], threads: usize) -> Self {
        Self { rows: Vec::new(), notes: Vec::new(), missing: None, seeds: seeds.to_vec(), threads }
    }

    /// Adds a value.
    pub(crate) fn row(&mut self, what: impl Into<String>, value: f64, bar: Bar) {
        self.row_with(what, value, bar, String::new());
    }

    /// Adds a value and a remark on it.
    pub(crate) fn row_with(
        &mut self,
        what: impl Into<String>,
        value: f64,
        bar: Bar,
        note: impl Into<String>,
    ) {
        self.rows.push(Row { what: what.into(), value, bar, note: note.into() });
    }

    /// Adds several seeds of one figure: their mean is held to the bar, their spread is the remark.
    pub(crate) fn mean_row(&mut self, what: impl Into<String>, values: &[f64], bar: Bar) {
        let (mean, sd) = mean_and_sd(values);
        self.row_with(what, mean, bar, format!("mean of {}, sd {sd:.4}", values.len()));
    }

    /// The same, saying every seed's value and a remark.
    pub(crate) fn seeds_row(
        &mut self,
        what: impl Into<String>,
        values: &[f64],
        bar: Bar,
        remark: &str,
    ) {
        let (mean, sd) = mean_and_sd(values);
        let n = values.len();
        self.row_with(what, mean, bar, format!("mean of {n}, sd {sd:.4} {values:.4?}{remark}"));
    }

    /// Adds a line without a value, such as the settings used.
    pub(crate) fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    /// Adds the rows and lines of another report on the same seeds.
    pub(crate) fn append(&mut self, other: Self) {
        self.rows.extend(other.rows);
        self.notes.extend(other.notes);
        self.missing = self.missing.take().or(other.missing);
    }

    /// Notes what became of a part: its failure leaves the values measured before it standing.
    pub(crate) fn part(&mut self, measured: Result<(), Failure>) {
        self.missing = self.missing.take().or(measured.err());
    }

    /// Why a part could not be measured.
    pub(crate) fn missing(&self) -> Option<&Failure> {
        self.missing.as_ref()
    }

    /// Whether every value holds its bar.
    pub(crate) fn holds(&self) -> bool {
        self.rows.iter().all(|row| row.bar.holds(row.value))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widest = self.rows.iter().map(|row| row.what.chars().count()).max().unwrap_or(0);
        for Row { what, value, bar, note } in &self.rows {
            let held = match bar {
                Bar::None => "",
                bar if bar.holds(*value) => "ok",
                _ => "SHORT",
            };
            let value = match bar {
                Bar::Count(_) => format!("{value}"),
                Bar::Digits(_, decimals) => format!("{value:.decimals$}"),
                Bar::AtMost(bar) if *bar < 1e-3 => format!("{value:.2e}"),
                _ if value.abs() >= 100.0 => format!("{value:.1}"),
                _ if value.abs() < 0.1 => format!("{value:.5}"),
                _ => format!("{value:.4}"),
            };
            writeln!(f, "{what:widest$}  {value:>10}  {bar:<12}  {held:5}  {note}")?;
        }
        for note in &self.notes {
            writeln!(f, "{note}")?;
        }
        write!(f, "seeds {:?}, threads {}", self.seeds, self.threads)
    }
}

/// Mean and sample standard deviation.
pub(crate) fn mean_and_sd(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, if values.len() < 2 { 0.0 } else { (squares / (n - 1.0)).sqrt() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_compare_as_printed() {
        // Oracle: rounding by hand.
        assert!(Bar::Digits(0.0893, 4).holds(0.089_345));
        assert!(!Bar::Digits(0.0893, 4).holds(0.089_351));
        assert!(Bar::AtLeast(0.2).holds(0.2) && !Bar::AtLeast(0.2).holds(f64::NAN));
        assert!(!Bar::AtMost(0.2).holds(f64::NAN));
    }

    #[test]
    fn spread_is_the_samples() {
        // Oracle: by hand.
        assert_eq!(mean_and_sd(&[1.0, 2.0, 3.0]), (2.0, 1.0));
        assert_eq!(mean_and_sd(&[4.0]), (4.0, 0.0));
    }
}
