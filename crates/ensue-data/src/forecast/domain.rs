//! The seven domains, and the names that each gives to its fields.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::AttributeType::{self, Float, Integer, String, Timestamp};
use super::Era;

/// Which of the three datasets of a forecast group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DatasetType {
    /// What is forecast.
    TargetTimeSeries,
    /// What is known beside it at each step.
    RelatedTimeSeries,
    /// What is known about each item at all times.
    ItemMetadata,
}

impl DatasetType {
    /// Amazon's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::TargetTimeSeries => "TARGET_TIME_SERIES",
            Self::RelatedTimeSeries => "RELATED_TIME_SERIES",
            Self::ItemMetadata => "ITEM_METADATA",
        }
    }
}

/// What is forecast; fixes the names of the fields and nothing else.
///
/// | domain | item | target | optional in target; related; metadata |
/// |---|---|---|---|
/// | `RETAIL` | `item_id` | demand | location; price, `promotion_applied`; category, brand, color, genre |
/// | `INVENTORY_PLANNING` | `item_id` | demand | location; price; category, brand, `lead_time`, `order_cycle`, `safety_stock` |
/// | `EC2_CAPACITY` | `instance_type` | `number_of_instances` | location; -; - |
/// | `WORK_FORCE` | `workforce_type` | `workforce_demand` | location; -; wages, `shift_length`, location |
/// | `WEB_TRAFFIC` | `item_id` | value | -; -; category |
/// | `METRICS` | `metric_name` | `metric_value` | -; -; category |
/// | `CUSTOM` | `item_id` | `target_value` | -; -; category |
///
/// The rules of 2019 know further fields; see [`fields`](Self::fields). Other attributes are allowed
/// beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Domain {
    /// Demand in shops.
    Retail,
    /// Demand for raw materials and stock.
    InventoryPlanning,
    /// Servers needed.
    Ec2Capacity,
    /// People needed.
    WorkForce,
    /// Visits of web pages.
    WebTraffic,
    /// Numbers such as revenue or cash flow.
    Metrics,
    /// Anything else.
    Custom,
}

/// A field that a domain knows by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownField {
    /// Its name.
    pub name: &'static str,
    /// Its documented type; a number may be an integer or a float.
    pub kind: AttributeType,
    /// Whether a dataset must have it.
    pub required: bool,
}

/// The name of the time in every domain.
pub(super) const TIMESTAMP: &str = "timestamp";

type Optional = &'static [(&'static str, AttributeType)];

impl Domain {
    /// All of them, in Amazon's order.
    pub const ALL: [Self; 7] = [
        Self::Retail,
        Self::Custom,
        Self::InventoryPlanning,
        Self::Ec2Capacity,
        Self::WorkForce,
        Self::WebTraffic,
        Self::Metrics,
    ];

    /// Amazon's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Retail => "RETAIL",
            Self::InventoryPlanning => "INVENTORY_PLANNING",
            Self::Ec2Capacity => "EC2_CAPACITY",
            Self::WorkForce => "WORK_FORCE",
            Self::WebTraffic => "WEB_TRAFFIC",
            Self::Metrics => "METRICS",
            Self::Custom => "CUSTOM",
        }
    }

    /// The field that names the item.
    pub fn item(self) -> &'static str {
        match self {
            Self::Ec2Capacity => "instance_type",
            Self::WorkForce => "workforce_type",
            Self::Metrics => "metric_name",
            Self::Retail | Self::InventoryPlanning | Self::WebTraffic | Self::Custom => "item_id",
        }
    }

    /// The field that is forecast.
    pub fn target(self) -> &'static str {
        match self {
            Self::Retail | Self::InventoryPlanning => "demand",
            Self::Ec2Capacity => "number_of_instances",
            Self::WorkForce => "workforce_demand",
            Self::WebTraffic => "value",
            Self::Metrics => "metric_value",
            Self::Custom => "target_value",
        }
    }

    /// The fields that it knows in a dataset, the required ones first.
    pub fn fields(self, dataset: DatasetType, era: Era) -> Vec<KnownField> {
        let target = if self == Self::Ec2Capacity { Integer } else { Float };
        let required = match dataset {
            DatasetType::TargetTimeSeries => {
                vec![(self.item(), String), (TIMESTAMP, Timestamp), (self.target(), target)]
            }
            DatasetType::RelatedTimeSeries => vec![(self.item(), String), (TIMESTAMP, Timestamp)],
            DatasetType::ItemMetadata => vec![(self.item(), String)],
        };
        let optional = match dataset {
            DatasetType::TargetTimeSeries => self.target_fields(),
            DatasetType::RelatedTimeSeries => self.related_fields(era),
            DatasetType::ItemMetadata => self.metadata_fields(era),
        };
        let field = |required| move |(name, kind)| KnownField { name, kind, required };
        let required = required.into_iter().map(field(true));
        required.chain(optional.iter().copied().map(field(false))).collect()
    }

    /// The field of this name in a dataset.
    pub(super) fn field(self, name: &str, dataset: DatasetType, era: Era) -> Option<KnownField> {
        self.fields(dataset, era).into_iter().find(|field| field.name == name)
    }

    fn target_fields(self) -> Optional {
        match self {
            Self::Retail | Self::InventoryPlanning | Self::Ec2Capacity | Self::WorkForce => {
                &[("location", String)]
            }
            Self::WebTraffic | Self::Metrics | Self::Custom => &[],
        }
    }

    fn related_fields(self, era: Era) -> Optional {
        match (self, era) {
            (Self::Retail, Era::Later) => &[("price", Float), ("promotion_applied", Integer)],
            (Self::Retail, Era::Y2019) => &[
                ("price", Float),
                ("promotion_applied", Integer),
                ("webpage_hits", Float),
                ("stockout_days", Float),
                ("inventory_onhand", Float),
                ("revenue", Float),
                ("in_stock", Integer),
            ],
            (Self::InventoryPlanning, Era::Later) => &[("price", Float)],
            (Self::InventoryPlanning, Era::Y2019) => &[
                ("price", Float),
                ("stockout_days", Float),
                ("inventory_onhand", Float),
                ("revenue", Float),
                ("in_stock", Integer),
            ],
            (Self::Ec2Capacity, Era::Y2019) => &[("traffic_to_service", Float)],
            _ => &[],
        }
    }

    fn metadata_fields(self, era: Era) -> Optional {
        match (self, era) {
            (Self::Retail, _) => {
                &[("category", String), ("brand", String), ("color", String), ("genre", String)]
            }
            (Self::InventoryPlanning, _) => &[
                ("category", String),
                ("brand", String),
                ("lead_time", String),
                ("order_cycle", String),
                ("safety_stock", String),
            ],
            (Self::Ec2Capacity, Era::Y2019) => &[("cpu_cores", String), ("memory", String)],
            (Self::WorkForce, _) => {
                &[("wages", Float), ("shift_length", String), ("location", String)]
            }
            (Self::WebTraffic, Era::Later) | (Self::Metrics | Self::Custom, _) => {
                &[("category", String)]
            }
            (Self::Ec2Capacity, Era::Later) | (Self::WebTraffic, Era::Y2019) => &[],
        }
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// A text that names no domain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no domain: use RETAIL, CUSTOM, INVENTORY_PLANNING, EC2_CAPACITY, WORK_FORCE, \
     WEB_TRAFFIC or METRICS"
)]
pub struct UnknownDomain(std::string::String);

impl FromStr for Domain {
    type Err = UnknownDomain;

    fn from_str(name: &str) -> Result<Self, UnknownDomain> {
        let known = Self::ALL.into_iter().find(|domain| domain.name() == name);
        known.ok_or_else(|| UnknownDomain(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Oracle: the enumeration of CreateDatasetGroup.
    #[test]
    fn names_are_amazons_in_text_and_json() {
        for domain in Domain::ALL {
            assert_eq!(domain.name().parse(), Ok(domain));
            assert_eq!(serde_json::to_value(domain).unwrap(), domain.name());
        }
        assert!("retail".parse::<Domain>().is_err());
        let dataset = serde_json::to_value(DatasetType::TargetTimeSeries).unwrap();
        assert_eq!(dataset, DatasetType::TargetTimeSeries.name());
    }

    // Oracle: the domains' pages of the developer guide, 2019 and 2022, as names.
    #[test]
    fn fields_are_those_documented_in_their_time() {
        use DatasetType::{ItemMetadata, RelatedTimeSeries, TargetTimeSeries};
        let names = |domain: Domain, dataset, era| {
            let fields = domain.fields(dataset, era);
            fields.iter().map(|field| field.name).collect::<Vec<_>>().join(" ")
        };
        for (domain, dataset, of_2019, later) in [
            (Domain::Retail, TargetTimeSeries, "item_id timestamp demand location", ""),
            (
                Domain::Retail,
                RelatedTimeSeries,
                "item_id timestamp price promotion_applied webpage_hits stockout_days \
                 inventory_onhand revenue in_stock",
                "item_id timestamp price promotion_applied",
            ),
            (
                Domain::InventoryPlanning,
                RelatedTimeSeries,
                "item_id timestamp price stockout_days inventory_onhand revenue in_stock",
                "item_id timestamp price",
            ),
            (
                Domain::Ec2Capacity,
                TargetTimeSeries,
                "instance_type timestamp number_of_instances location",
                "",
            ),
            (Domain::Ec2Capacity, ItemMetadata, "instance_type cpu_cores memory", "instance_type"),
            (Domain::WorkForce, ItemMetadata, "workforce_type wages shift_length location", ""),
            (Domain::WebTraffic, TargetTimeSeries, "item_id timestamp value", ""),
            (Domain::WebTraffic, ItemMetadata, "item_id", "item_id category"),
            (Domain::Metrics, TargetTimeSeries, "metric_name timestamp metric_value", ""),
            (Domain::Custom, TargetTimeSeries, "item_id timestamp target_value", ""),
        ] {
            assert_eq!(names(domain, dataset, Era::Y2019), of_2019, "{domain}");
            let later = if later.is_empty() { of_2019 } else { later };
            assert_eq!(names(domain, dataset, Era::Later), later, "{domain}");
        }
    }
}
