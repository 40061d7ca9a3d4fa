//! `ensue forecast train`.

use std::path::Path;
use std::{fs, io};

use ensue::core::ArtifactWriter;
use ensue::prelude::*;
use serde_json::json;

use super::data::request;
use super::options::TrainOptions;
use super::plan::plan;
use super::{forecast_in, predictor_in};
use crate::train::run;
use crate::{About, AnyError};

pub(super) fn train(options: &TrainOptions) -> Result<(), AnyError> {
    let plan = plan(options)?;
    check_place(&options.out)?;
    let mut run = options.search.limit(run(&options.machine))?;
    if let Some(dir) = &options.checkpoint {
        run = run.with_checkpoint(CheckpointPolicy { dir: dir.clone(), keep: false });
    }
    let group = ForecastGroup::import(&request(&options.tables, &plan)?, &mut run)?;
    let panel = &group.panel;
    let predictor = plan.settings.train(panel, &mut run)?;
    let forecast = predictor.create_forecast(panel, run.seed)?;
    predictor.save(predictor_in(&options.out))?;
    // Should the next step fail, nobody shall be answered by an older predictor's forecast.
    match fs::remove_dir_all(forecast_in(&options.out)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(About::file(&options.out, error))?;
        }
        _ => {}
    }
    forecast.save(forecast_in(&options.out))?;
    let own = predictor.tuning().map(|tuning| ("", tuning));
    let of_candidates = predictor.selection().map_or(&[][..], |selection| &selection.tunings);
    let of_candidates = of_candidates
        .iter()
        .filter_map(|tuning| Some((tuning.candidates.first()?.name.as_str(), tuning)));
    options.search.draw(own.into_iter().chain(of_candidates))?;
    let with_history = panel.series().iter().filter(|series| !series.is_empty()).count();
    let rows = group.statistics.first().map_or(0, |target| target.rows);
    if options.json {
        let answer = json!({
            "predictor": options.out,
            "settings": predictor.settings(),
            "seed": predictor.seed(),
            "data_fingerprint": panel.fingerprint(),
            "series": panel.len(),
            "series_with_history": with_history,
            "rows": rows,
            "aggregated_rows": group.aggregated_rows,
            "fit_seconds": predictor.backtest().own().fit_seconds,
            "backtest": predictor.backtest(),
            "tuning": predictor.tuning(),
            "selection": predictor.selection(),
        });
        println!("{answer}");
        return Ok(());
    }
    print!("{} series", panel.len());
    if with_history < panel.len() {
        print!(", {with_history} with history");
    }
    print!(", {rows} rows, {} aggregated", group.aggregated_rows);
    let features = panel.features().iter().map(|feature| feature.name.as_str()).collect();
    let related = panel.related().iter().map(String::as_str).collect();
    for (what, names) in [("related series", related), ("metadata", features)] {
        let names: Vec<&str> = names;
        if !names.is_empty() {
            print!("; {what}: {}", names.join(", "));
        }
    }
    if let Some(tuning) = predictor.tuning() {
        print!("\n{tuning}");
    }
    if let Some(selection) = predictor.selection() {
        print!("\n{selection}");
    }
    println!("\n{}saved in {}", predictor.backtest(), options.out.display());
    Ok(())
}

/// Refuses a place that cannot be saved to: that should not cost a training first. Leaves nothing behind.
fn check_place(out: &Path) -> Result<(), AnyError> {
    let ours = [predictor_in(out), forecast_in(out)];
    if out.is_dir() {
        for entry in fs::read_dir(out).map_err(|error| About::file(out, error))? {
            let path = entry.map_err(|error| About::file(out, error))?.path();
            if !ours.contains(&path) {
                let name = path.file_name().unwrap_or_default().display().to_string();
                Err(About::file(out, format!("it holds something else, {name}")))?;
            }
        }
    }
    let made = !out.exists();
    for place in &ours {
        drop(ArtifactWriter::create(place)?);
    }
    if made {
        // Whatever keeps it from being removed keeps it from being empty.
        let _ = fs::remove_dir(out);
    }
    Ok(())
}
