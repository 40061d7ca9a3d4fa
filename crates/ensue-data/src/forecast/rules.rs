//! What a forecast import accepts, aggregates and fills.

use serde::{Deserialize, Serialize};

use super::{DatasetType, Domain, Schema};
use crate::error::{DataError, Rule};

/// Whose rules hold where Amazon's documentation of 2019 and later ones differ.
///
/// | | `2019` | `later` |
/// |---|---|---|
/// | frequencies | Y, M, W, D, H, 30, 15, 10, 5 and 1 min | their multiples as well |
/// | filling of the target | zero, nan | also value, mean, median, min, max |
/// | filling of related series | none | zero, value, mean, median, min, max |
/// | related series | cover every item of the target and the horizon | forward-looking or historical; restrict the group to their items |
/// | `geolocation` attributes | no | yes |
/// | fields of the domains | more | fewer, see [`Domain::fields`] |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub enum Era {
    /// The first release.
    #[serde(rename = "2019")]
    Y2019,
    /// What came after it, up to the end of the service. The default.
    #[default]
    #[serde(rename = "later")]
    Later,
}

/// The year may be written as a number, too.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Number(u16),
}

impl TryFrom<Written> for Era {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let text = match written {
            Written::Text(text) => text,
            Written::Number(year) => year.to_string(),
        };
        match text.as_str() {
            "2019" => Ok(Self::Y2019),
            "later" => Ok(Self::Later),
            other => Err(format!("{other:?} is no era: use 2019 or later")),
        }
    }
}

/// How the values of one step become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Aggregation {
    /// Their sum; the default.
    #[default]
    Sum,
    /// Their mean.
    Avg,
    /// The one of the earliest time, among equal times the first in the file.
    First,
    /// The smallest.
    Min,
    /// The largest.
    Max,
}

/// What stands where nothing was observed.
///
/// The statistics are those of the 64 latest values observed before the gap, one value for all of the
/// gap. There always is such a value: what lies before an item's first one is never filled.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Filling {
    /// Zero.
    Zero,
    /// Nothing: it stays missing.
    Nan,
    /// This number.
    Value(f64),
    /// The mean.
    Mean,
    /// The median; of an even number the mean of the middle two.
    Median,
    /// The smallest.
    Min,
    /// The largest.
    Max,
}

impl Filling {
    fn name(self) -> &'static str {
        match self {
            Self::Zero => "zero",
            Self::Nan => "nan",
            Self::Value(_) => "value",
            Self::Mean => "mean",
            Self::Median => "median",
            Self::Min => "min",
            Self::Max => "max",
        }
    }
}

/// How one attribute is aggregated and filled; what is not set is at its default.
///
/// | name | target | related series |
/// |---|---|---|
/// | `aggregation` | default sum | never |
/// | `middlefill`, within an item | default zero | no default: a gap is an error |
/// | `backfill`, from the item's end to that of all items | default zero | no default |
/// | `futurefill`, in the horizon | never | no default |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Featurization {
    /// Name of the target or of a related feature.
    pub attribute: String,
    /// How the values of a step become one.
    #[serde(default)]
    pub aggregation: Option<Aggregation>,
    /// What stands in gaps between an item's first and last value.
    #[serde(default)]
    pub middlefill: Option<Filling>,
    /// What stands after an item's last value, up to the last step of all items.
    #[serde(default)]
    pub backfill: Option<Filling>,
    /// What stands in the horizon.
    #[serde(default)]
    pub futurefill: Option<Filling>,
}

impl Featurization {
    /// All defaults for this attribute.
    pub fn new(attribute: impl Into<String>) -> Self {
        let attribute = attribute.into();
        Self { attribute, aggregation: None, middlefill: None, backfill: None, futurefill: None }
    }

    /// From the parameters of Amazon's `FeaturizationMethod`: `aggregation`, `frontfill`, `middlefill`,
    /// `backfill`, `futurefill`, and `<name>_value` beside a filling by `value`.
    ///
    /// ```
    /// use ensue_data::forecast::{Featurization, Filling};
    ///
    /// let parameters = [("middlefill", "value"), ("middlefill_value", "2.5"), ("backfill", "nan")];
    /// let demand = Featurization::from_parameters("demand", parameters)?;
    /// assert_eq!(demand.middlefill, Some(Filling::Value(2.5)));
    /// assert_eq!(demand.backfill, Some(Filling::Nan));
    /// # Ok::<(), ensue_data::DataError>(())
    /// ```
    ///
    /// # Errors
    /// When a parameter or its value is not known.
    pub fn from_parameters<'a>(
        attribute: &str,
        parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, DataError> {
        let mut found = Self::new(attribute);
        let parameters: Vec<_> = parameters.into_iter().collect();
        let value = |name: &str| {
            let known = parameters.iter().find(|(parameter, _)| *parameter == name);
            known.map(|(_, value)| *value)
        };
        for &(name, text) in &parameters {
            let refused = |allowed| refusal(attribute, name, text, allowed);
            match name {
                "aggregation" => {
                    found.aggregation = Some(match text {
                        "sum" => Aggregation::Sum,
                        "avg" => Aggregation::Avg,
                        "first" => Aggregation::First,
                        "min" => Aggregation::Min,
                        "max" => Aggregation::Max,
                        _ => return Err(refused("sum, avg, first, min, max")),
                    });
                }
                "frontfill" if text == "none" => {}
                "frontfill" => return Err(refused("none")),
                "middlefill" | "backfill" | "futurefill" => {
                    let filling = match text {
                        "zero" => Filling::Zero,
                        "nan" => Filling::Nan,
                        "mean" => Filling::Mean,
                        "median" => Filling::Median,
                        "min" => Filling::Min,
                        "max" => Filling::Max,
                        "value" => {
                            let number = value(&format!("{name}_value"));
                            let number = number.and_then(|number| number.parse().ok());
                            let beside = "value with its number beside it, as in middlefill_value";
                            Filling::Value(number.ok_or_else(|| refused(beside))?)
                        }
                        _ => return Err(refused("zero, nan, value, mean, median, min, max")),
                    };
                    match name {
                        "middlefill" => found.middlefill = Some(filling),
                        "backfill" => found.backfill = Some(filling),
                        _ => found.futurefill = Some(filling),
                    }
                }
                "middlefill_value" | "backfill_value" | "futurefill_value" => {
                    let of = name.strip_suffix("_value").expect("each of them ends so");
                    if value(of) != Some("value") {
                        return Err(refused("beside a filling that is value"));
                    }
                }
                _ => {
                    return Err(refused(
                        "aggregation, frontfill, middlefill, backfill, futurefill and <name>_value",
                    ));
                }
            }
        }
        Ok(found)
    }

    fn fillings(&self) -> [(&'static str, Option<Filling>); 3] {
        [
            ("middlefill", self.middlefill),
            ("backfill", self.backfill),
            ("futurefill", self.futurefill),
        ]
    }
}

fn refusal(attribute: &str, parameter: &str, found: &str, allowed: &'static str) -> DataError {
    let (attribute, parameter) = (attribute.into(), parameter.into());
    let rule = Rule::Featurization { attribute, parameter, found: found.into(), allowed };
    DataError::setting("featurizations", rule)
}

/// What a forecast import accepts, and what it makes of it.
///
/// | name | default | meaning |
/// |---|---|---|
/// | `era` | later | whose rules hold where Amazon changed them |
/// | `featurizations` | none | how attributes are aggregated and filled |
/// | `max_points` | 500,000,000 | most steps of all series together, filled ones included; 8 bytes each |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rules {
    /// Whose rules hold where Amazon changed them.
    pub era: Era,
    /// How attributes are aggregated and filled; those not named are at the defaults.
    pub featurizations: Vec<Featurization>,
    /// Most steps of all series together, for the target and for each related feature alike. One
    /// mistyped year can make a series a million times as long as it is; this refuses it. A series
    /// without history that the metadata add counts as 32 steps, about the memory it takes: there is
    /// one for each new item and combination of the other dimensions.
    pub max_points: u64,
}

impl Default for Rules {
    fn default() -> Self {
        Self { era: Era::default(), featurizations: Vec::new(), max_points: 500_000_000 }
    }
}

impl Rules {
    /// The featurization of an attribute, or all defaults.
    pub(super) fn of(&self, attribute: &str) -> Featurization {
        let known = self.featurizations.iter().find(|one| one.attribute == attribute);
        known.cloned().unwrap_or_else(|| Featurization::new(attribute))
    }

    /// Holds the featurizations against the datasets.
    pub(super) fn check(
        &self,
        domain: Domain,
        related: Option<&Schema>,
        horizon: Option<usize>,
    ) -> Result<(), DataError> {
        let setting = |rule| DataError::setting("featurizations", rule);
        let known = domain.fields(DatasetType::RelatedTimeSeries, self.era);
        for (at, one) in self.featurizations.iter().enumerate() {
            let name = &one.attribute;
            if self.featurizations[..at].iter().any(|before| before.attribute == *name) {
                return Err(setting(Rule::NamedTwice(name.clone())));
            }
            if name == domain.target() {
                self.check_target(one)?;
            } else if related.is_some_and(|related| {
                let key = known.iter().any(|field| field.required && field.name == *name);
                !key && related.attribute(name).is_some_and(|found| found.kind.is_number())
            }) {
                self.check_related(one)?;
                if one.futurefill.is_some() && horizon.is_none() {
                    return Err(setting(Rule::Needs("horizon")));
                }
            } else {
                let of = "the target or the features of the related series";
                return Err(setting(Rule::NoSuchAttribute { name: name.clone(), of }));
            }
        }
        Ok(())
    }

    fn check_target(&self, one: &Featurization) -> Result<(), DataError> {
        for (parameter, filling) in one.fillings() {
            let Some(filling) = filling else { continue };
            let allowed = match (parameter, self.era, filling) {
                ("futurefill", ..) => "none: the horizon of the target is what is forecast",
                (_, _, Filling::Zero | Filling::Nan) => continue,
                (_, Era::Y2019, _) => "zero, nan (2019)",
                (_, Era::Later, Filling::Value(value)) if !value.is_finite() => "a finite value",
                (_, Era::Later, _) => continue,
            };
            return Err(refusal(&one.attribute, parameter, filling.name(), allowed));
        }
        Ok(())
    }

    fn check_related(&self, one: &Featurization) -> Result<(), DataError> {
        if one.aggregation.is_some() {
            let allowed = "none: related series must have the forecast frequency";
            return Err(refusal(&one.attribute, "aggregation", "set", allowed));
        }
        for (parameter, filling) in one.fillings() {
            let Some(filling) = filling else { continue };
            let allowed = match (self.era, filling) {
                (Era::Y2019, _) => "none: only the target is filled (2019)",
                (_, Filling::Nan) => "zero, value, mean, median, min, max",
                (_, Filling::Value(value)) if !(value as f32).is_finite() => "a finite value",
                _ => continue,
            };
            return Err(refusal(&one.attribute, parameter, filling.name(), allowed));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Oracle: the JSON by hand.
    #[test]
    fn rules_read_as_they_are_written() {
        let json = r#"{"era": "2019", "featurizations":
            [{"attribute": "demand", "aggregation": "avg", "middlefill": {"value": 2.0}}]}"#;
        let rules: Rules = serde_json::from_str(json).unwrap();
        let demand = &rules.featurizations[0];
        assert_eq!(rules.era, Era::Y2019);
        assert_eq!(demand.aggregation, Some(Aggregation::Avg));
        assert_eq!(demand.middlefill, Some(Filling::Value(2.0)));
        assert_eq!(rules.max_points, Rules::default().max_points);
        let back = serde_json::to_string(&rules).unwrap();
        assert_eq!(serde_json::from_str::<Rules>(&back).unwrap(), rules);
        assert!(serde_json::from_str::<Rules>(r#"{"eras": "2019"}"#).is_err());
    }

    // Oracle: the parameters' table in the reference of FeaturizationMethod.
    #[test]
    fn parameters_that_amazon_does_not_know_are_refused() {
        let said = |parameters: &[(&str, &str)]| {
            let parameters = parameters.iter().copied();
            Featurization::from_parameters("demand", parameters).unwrap_err().to_string()
        };
        let of = |parameter: &str, found: &str, allowed: &str| {
            format!(
                "import rule featurizations: {parameter} of demand is {found}; allowed: {allowed}"
            )
        };
        let all = "zero, nan, value, mean, median, min, max";
        assert_eq!(said(&[("middlefill", "linear")]), of("middlefill", "linear", all));
        assert_eq!(said(&[("frontfill", "zero")]), of("frontfill", "zero", "none"));
        let all = "sum, avg, first, min, max";
        assert_eq!(said(&[("aggregation", "last")]), of("aggregation", "last", all));
        let beside = "value with its number beside it, as in middlefill_value";
        assert_eq!(said(&[("backfill", "value")]), of("backfill", "value", beside));
        let beside = "beside a filling that is value";
        let lonely = [("backfill", "zero"), ("backfill_value", "1")];
        assert_eq!(said(&lonely), of("backfill_value", "1", beside));
        assert!(said(&[("filling", "zero")]).contains("aggregation, frontfill"));
        let front = Featurization::from_parameters("demand", [("frontfill", "none")]);
        assert_eq!(front.unwrap(), Featurization::new("demand"));
    }
}
