//! What an attribute list may say, beyond its form.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::{Attribute, AttributeType, Schema, SchemaError};
use crate::forecast::domain::TIMESTAMP;
use crate::forecast::{DatasetType, Domain, Era};

/// Most characters of a name.
const MAX_NAME: usize = 63;
/// Most dimensions beside the item.
pub(in crate::forecast) const MAX_DIMENSIONS: usize = 10;
/// Most features of related series.
const MAX_FEATURES: usize = 13;
/// Most columns of item metadata.
const MAX_METADATA: usize = 10;

/// Amazon's list of reserved field names, in upper case.
static RESERVED: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("../reserved_names.txt").lines().collect());

impl Schema {
    /// Holds the schema against Amazon's rules for a dataset; `dimensions` are the forecast dimensions
    /// beside the item.
    pub(in crate::forecast) fn check(
        &self,
        domain: Domain,
        dataset: DatasetType,
        dimensions: &[String],
        era: Era,
    ) -> Result<(), SchemaError> {
        self.check_names(domain, dataset, era)?;
        self.check_required(domain, dataset, era)?;
        let required = |attribute: &&Attribute| {
            let known = domain.field(&attribute.name, dataset, era);
            known.is_none_or(|field| !field.required)
        };
        let others: Vec<&Attribute> = self.attributes.iter().filter(required).collect();
        match dataset {
            DatasetType::TargetTimeSeries => Self::check_target(&others, domain),
            DatasetType::RelatedTimeSeries => Self::check_related(&others, domain, dimensions),
            DatasetType::ItemMetadata => self.check_metadata(&others, domain, era),
        }
    }

    fn check_names(
        &self,
        domain: Domain,
        dataset: DatasetType,
        era: Era,
    ) -> Result<(), SchemaError> {
        for (at, Attribute { name, kind }) in self.attributes.iter().enumerate() {
            let attribute = || name.clone();
            let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let begins = name.starts_with(|c: char| c.is_ascii_alphabetic());
            if !begins || !name.chars().all(allowed) || name.len() > MAX_NAME {
                return Err(SchemaError::Name { attribute: attribute() });
            }
            let reserved = RESERVED.contains(name.to_ascii_uppercase().as_str());
            if reserved && domain.field(name, dataset, era).is_none() {
                return Err(SchemaError::Reserved { attribute: attribute() });
            }
            if self.attributes[..at].iter().any(|before| before.name == *name) {
                return Err(SchemaError::Duplicate { attribute: attribute() });
            }
            if era == Era::Y2019 && *kind == AttributeType::Geolocation {
                return Err(SchemaError::TypeOf2019 { attribute: attribute() });
            }
        }
        Ok(())
    }

    fn check_required(
        &self,
        domain: Domain,
        dataset: DatasetType,
        era: Era,
    ) -> Result<(), SchemaError> {
        for field in domain.fields(dataset, era).iter().filter(|field| field.required) {
            let Some(found) = self.attribute(field.name) else {
                return Err(SchemaError::Missing {
                    dataset: dataset.name(),
                    domain: domain.name(),
                    attribute: field.name,
                    expected: field.kind.name(),
                });
            };
            let number = field.kind.is_number();
            if found.kind != field.kind && !(number && found.kind.is_number()) {
                let expected = if number { "integer or float" } else { field.kind.name() };
                return Err(wrong_type(found, expected));
            }
        }
        Ok(())
    }

    fn check_target(others: &[&Attribute], domain: Domain) -> Result<(), SchemaError> {
        for attribute in others {
            if !attribute.kind.is_text() {
                let (name, found) = (attribute.name.clone(), attribute.kind.name());
                let target = domain.target();
                return Err(SchemaError::NotDimension { attribute: name, found, target });
            }
        }
        at_most(DatasetType::TargetTimeSeries, "dimensions", others.len(), MAX_DIMENSIONS)
    }

    fn check_related(
        others: &[&Attribute],
        domain: Domain,
        dimensions: &[String],
    ) -> Result<(), SchemaError> {
        let target = domain.target();
        if others.iter().any(|attribute| attribute.name == target) {
            return Err(SchemaError::TargetInRelated { target });
        }
        let (keys, features): (Vec<&Attribute>, Vec<_>) =
            others.iter().copied().partition(|attribute| dimensions.contains(&attribute.name));
        if let Some(key) = keys.iter().find(|key| !key.kind.is_text()) {
            return Err(wrong_type(key, "string, as it is a forecast dimension"));
        }
        let text = features.iter().filter(|feature| !feature.kind.is_number());
        let attributes: Vec<_> = text.map(|feature| feature.name.clone()).collect();
        if !attributes.is_empty() {
            return Err(SchemaError::TextFeature { attributes });
        }
        let dataset = DatasetType::RelatedTimeSeries;
        at_most(dataset, "dimensions", keys.len(), MAX_DIMENSIONS)?;
        at_most(dataset, "features", features.len(), MAX_FEATURES)?;
        if features.is_empty() { Err(SchemaError::NoFeature) } else { Ok(()) }
    }

    fn check_metadata(
        &self,
        others: &[&Attribute],
        domain: Domain,
        era: Era,
    ) -> Result<(), SchemaError> {
        let dataset = DatasetType::ItemMetadata;
        for attribute in others {
            // Some domains document numbers among the metadata, such as wages.
            let known = domain.field(&attribute.name, dataset, era).is_some();
            if !(attribute.kind == AttributeType::String || known && attribute.kind.is_number()) {
                let (name, found) = (attribute.name.clone(), attribute.kind.name());
                return Err(SchemaError::MetadataType { attribute: name, found });
            }
        }
        at_most(dataset, "attributes", self.attributes.len(), MAX_METADATA)
    }

    /// The numbers of related series, with their positions.
    pub(in crate::forecast) fn features(&self) -> Vec<(usize, &Attribute)> {
        let columns = self.attributes.iter().enumerate();
        let is_feature =
            |attribute: &Attribute| attribute.kind.is_number() && attribute.name != TIMESTAMP;
        columns.filter(|(_, attribute)| is_feature(attribute)).collect()
    }
}

fn wrong_type(found: &Attribute, expected: &'static str) -> SchemaError {
    let (attribute, found) = (found.name.clone(), found.kind.name());
    SchemaError::WrongType { attribute, found, expected }
}

fn at_most(
    dataset: DatasetType,
    what: &'static str,
    found: usize,
    limit: usize,
) -> Result<(), SchemaError> {
    let dataset = dataset.name();
    if found <= limit { Ok(()) } else { Err(SchemaError::TooMany { dataset, what, found, limit }) }
}
