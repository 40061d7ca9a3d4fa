//! `ensue forecast export`.

use ensue::prelude::*;

use super::forecast_in;
use super::options::ExportOptions;
use crate::AnyError;

pub(super) fn export(options: &ExportOptions) -> Result<(), AnyError> {
    let forecast = Forecast::load(forecast_in(&options.predictor))?;
    forecast.export(&options.out)?;
    println!(
        "{} series of {} steps in {}",
        forecast.len(),
        forecast.horizon(),
        options.out.display()
    );
    Ok(())
}
