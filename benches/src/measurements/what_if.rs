//! `[what-if]`: what halving the price does to the forecast of each orange juice in each store.

use ensue::core::{Panel, Seed};
use ensue::forecast::{
    Limits, PredictorSettings, WhatIf, WhatIfAnalysis, WhatIfForecast,
    what_if::{ComparisonRow, Operation, TimeSeriesTransformation},
};

use crate::{
    Context,
    data::orange_juice,
    forecasts::{note_settings, wanted_deepar},
    recipes,
    report::{Bar, Failure, Report},
};

/// Changes of the price, which are dollars an ounce in the data, not logarithms.
const CHANGES: [(&str, f64); 3] = [("four_fifths", 0.8), ("half", 0.5), ("dearer", 1.2)];
const HALF: &str = "half";

pub(crate) fn measure(context: &Context) -> Result<Report, Failure> {
    let mut report = Report::new(&context.seeds, context.threads.get());
    // The last weeks are hidden; their prices stay known.
    let panel = orange_juice::load(true)?.cut(orange_juice::HORIZON);
    report.row("series", panel.len() as f64, Bar::Count(913));
    let algorithm = wanted_deepar(context)?;
    note_settings(&mut report, "DeepAR", &algorithm)?;
    let settings = PredictorSettings::new(algorithm, orange_juice::HORIZON)
        .with_limits(Limits::Relaxed)
        .with_windows(0);
    let mut analyses = Vec::new();
    for &seed in &context.seeds {
        let predictor = settings.train(&panel, &mut recipes::run(context, seed))?;
        let forecasts = CHANGES.map(|(name, factor)| {
            let change = TimeSeriesTransformation::new("price", Operation::Multiply, factor);
            WhatIfForecast::new(name, WhatIf::new(vec![change]))
        });
        analyses.push(predictor.what_if(&panel, &forecasts, Seed(seed))?);
    }
    for (name, factor) in CHANGES {
        let changes: Vec<Vec<f64>> = analyses.iter().map(|one| percents(one, name)).collect();
        let bar = |bar| if name == HALF { bar } else { Bar::None };
        let what = format!("price times {factor}: share of series with a higher median");
        let shares: Vec<f64> = changes.iter().map(|changes| risen(changes)).collect();
        report.seeds_row(what, &shares, bar(Bar::AtLeast(0.95)), "");
        let what = format!("price times {factor}: median change in percent");
        let medians: Vec<f64> = changes.iter().map(|changes| median(changes)).collect();
        report.seeds_row(what, &medians, Bar::None, "");
    }
    let shown: Vec<f64> = analyses.iter().map(|one| drawn_higher(one, &panel)).collect();
    let what = "price times 0.5: share of charts whose line lies above the baseline's";
    report.seeds_row(what, &shown, Bar::AtLeast(0.95), "");
    if let Some(one) = analyses.first() {
        // The head, all series together, and the first series.
        let text = one.comparison().to_string();
        let lines = 1 + 2 * one.comparison().totals().len();
        report.note(text.lines().take(lines).collect::<Vec<_>>().join("\n"));
    }
    Ok(report)
}

/// Change of each series' sum of medians.
fn percents(analysis: &WhatIfAnalysis, name: &str) -> Vec<f64> {
    let comparison = analysis.comparison();
    let ours = |row: &&ComparisonRow| row.what_if == name && row.forecast_type == "p50";
    comparison.rows().iter().filter(ours).filter_map(ComparisonRow::percent).collect()
}

fn risen(changes: &[f64]) -> f64 {
    changes.iter().filter(|&&change| change > 0.0).count() as f64 / changes.len() as f64
}

fn median(changes: &[f64]) -> f64 {
    let mut sorted = changes.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// Share of the series in whose chart the line of the halved price lies above the baseline's on average.
fn drawn_higher(analysis: &WhatIfAnalysis, panel: &Panel) -> f64 {
    let higher = |key: &Vec<String>| {
        let chart = analysis.chart(panel, key).unwrap_or_default();
        let [base, half] = ["baseline p50", HALF].map(|name| height(&chart, name));
        // Downwards in the picture is lower.
        f64::from(u8::from(half < base))
    };
    let keys = analysis.baseline().keys();
    keys.iter().map(higher).sum::<f64>() / keys.len() as f64
}

/// Mean of the vertical coordinates of the path with this title.
fn height(chart: &str, title: &str) -> f64 {
    let line = chart.lines().find(|line| line.contains(&format!("<title>{title}</title>")));
    let path = line.and_then(|line| line.split(" d=\"").nth(1)?.split('"').next());
    let points =
        path.unwrap_or_default().split(['M', 'L']).filter_map(|point| point.split(' ').nth(1));
    let heights: Vec<f64> = points.filter_map(|y| y.parse().ok()).collect();
    heights.iter().sum::<f64>() / heights.len() as f64
}
