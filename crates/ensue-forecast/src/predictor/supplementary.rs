//! What can be added to the series that nobody has to import.

use ensue_core::Panel;
use serde::{Deserialize, Serialize};

use crate::{
    SettingsError,
    holidays::{Holidays, UnknownCalendar, with_all_holidays},
};

/// Related series that are made from the calendar: Amazon's `SupplementaryFeatures`.
///
/// In JSON `{"name": "holiday", "value": "US"}`, `value` being a code of [`Holidays`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Text", into = "Text")]
#[non_exhaustive]
pub enum SupplementaryFeature {
    /// A related series for each holiday of a country; see [`with_holidays`](crate::holidays::with_holidays).
    Holiday(Holidays),
}

/// As it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    name: String,
    value: String,
}

/// A supplementary feature that there is not.
#[derive(Debug, thiserror::Error)]
enum UnknownFeature {
    #[error(transparent)]
    Calendar(#[from] UnknownCalendar),
    #[error(
        "the supplementary feature \"weather\" is not there: it needs weather records and forecasts, which no \
         library holds; give them as related series"
    )]
    Weather,
    #[error("there is no supplementary feature {0:?}; there is \"holiday\"")]
    Name(String),
}

impl SupplementaryFeature {
    /// The holidays of a code such as `US`.
    ///
    /// # Errors
    /// [`UnknownCalendar`] lists the codes there are.
    pub fn holiday(code: &str) -> Result<Self, UnknownCalendar> {
        Holidays::of(code).map(Self::Holiday)
    }
}

impl TryFrom<Text> for SupplementaryFeature {
    type Error = UnknownFeature;

    fn try_from(text: Text) -> Result<Self, UnknownFeature> {
        match text.name.as_str() {
            "holiday" => Ok(Self::holiday(&text.value)?),
            "weather" => Err(UnknownFeature::Weather),
            _ => Err(UnknownFeature::Name(text.name)),
        }
    }
}

impl From<SupplementaryFeature> for Text {
    fn from(feature: SupplementaryFeature) -> Self {
        match feature {
            SupplementaryFeature::Holiday(calendar) => {
                Self { name: "holiday".to_owned(), value: calendar.code().to_owned() }
            }
        }
    }
}

/// Refuses a second calendar: one holds for all items.
pub(super) fn check(
    features: &[SupplementaryFeature],
    owner: &'static str,
) -> Result<(), SettingsError> {
    if features.len() <= 1 {
        return Ok(());
    }
    let codes = features.iter().map(|SupplementaryFeature::Holiday(calendar)| calendar.code());
    let codes = codes.collect::<Vec<_>>().join(", ");
    let rule = "there may be one holiday calendar, which holds for all items";
    Err(SettingsError::field(owner, "supplementary_features", codes, rule))
}

/// The panel with the related series that `features` are, known `horizon` steps ahead.
pub(super) fn supplemented(
    panel: &Panel,
    features: &[SupplementaryFeature],
    horizon: usize,
) -> Panel {
    features.iter().fold(panel.clone(), |panel, feature| match feature {
        SupplementaryFeature::Holiday(calendar) => with_all_holidays(&panel, calendar, horizon),
    })
}

#[cfg(test)]
mod tests {
    use ensue_core::{Frequency, Run, Seed, Series};
    use jiff::civil::date;

    use super::*;
    use crate::{PredictorSettings, algorithms::prophet::Prophet};

    #[test]
    fn the_text_is_amazons_and_weather_is_refused() {
        // Oracle: SupplementaryFeatures of CreatePredictor.
        let json = r#"[{"name":"holiday","value":"US"}]"#;
        let features: Vec<SupplementaryFeature> = serde_json::from_str(json).unwrap();
        assert_eq!(features, [SupplementaryFeature::holiday("US").unwrap()]);
        assert_eq!(serde_json::to_string(&features).unwrap(), json);
        for (name, value, expected) in [
            ("weather", "true", "weather records"),
            ("holiday", "GB", "there are AT, AU"),
            ("moon", "full", "there is \"holiday\""),
        ] {
            let json = serde_json::json!({"name": name, "value": value}).to_string();
            let error = serde_json::from_str::<SupplementaryFeature>(&json).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        }
        let plan = PredictorSettings::new(Prophet::default(), 7);
        assert!(!serde_json::to_string(&plan).unwrap().contains("supplementary"));
        let [us, uk] = ["US", "UK"].map(|code| SupplementaryFeature::holiday(code).unwrap());
        let two = plan.with_supplementary_feature(us).with_supplementary_feature(uk);
        assert!(two.check().unwrap_err().to_string().contains("US, UK"));
    }

    #[test]
    fn a_series_with_holidays_is_forecast_better_with_the_calendar() {
        // Oracle: the series is made with half as many sales on holidays; nothing else is left to learn, so the calendar must
        // take away most of the error of two weeks with Christmas in them.
        let us = SupplementaryFeature::holiday("US").unwrap();
        let SupplementaryFeature::Holiday(calendar) = us;
        let first = Frequency::DAILY.step_of(date(2017, 1, 2).at(0, 0, 0, 0));
        let sales = |step: i64| {
            let day = Frequency::DAILY.start_of(step).date();
            let level = 100.0 + 20.0 * ((step % 7) as f64 - 3.0).abs() + ((step * 37) % 11) as f64;
            if calendar.between(day, day).is_empty() { level } else { level * 0.5 }
        };
        let end = Frequency::DAILY.step_of(date(2019, 12, 31).at(0, 0, 0, 0));
        let target = (first..end).map(sales).collect();
        let series = vec![Series::new(["tea"], first, target)];
        let panel = Panel::new(Frequency::DAILY, series).unwrap();
        let without = PredictorSettings::new(Prophet::default(), 14);
        let with = without.clone().with_supplementary_feature(us);
        let train =
            |plan: &PredictorSettings| plan.train(&panel, &mut Run::new("ndarray")).unwrap();
        let wape = |plan| train(plan).backtest().own().metrics().unwrap().wape;
        let (without, wape_with) = (wape(&without), wape(&with));
        assert!(wape_with < 0.5 * without, "{wape_with} with holidays, {without} without");

        // Other panels get the same related series, and the predictor comes back from disk with its calendar.
        let predictor = train(&with);
        let dir = tempfile::tempdir().unwrap();
        predictor.save(dir.path().join("predictor")).unwrap();
        let loaded = crate::Predictor::load(dir.path().join("predictor"), "ndarray").unwrap();
        let autumn = panel.cut(60);
        let [one, two] = [&predictor, &loaded].map(|predictor| {
            let forecast = predictor.create_forecast(&autumn, Seed(1)).unwrap();
            let query = crate::ForecastQuery::item("tea");
            serde_json::to_string(&forecast.query(&query).unwrap()).unwrap()
        });
        assert_eq!(one, two);
    }
}
