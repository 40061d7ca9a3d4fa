//! Filters of a campaign, by name.

use std::sync::Arc;

use super::{Campaign, CampaignError, catalogue::Catalogue, log::Operation, writer::log};
use crate::filter::Filter;

impl Campaign {
    /// Makes a filter that requests can name. It is made ready for the data now, and again whenever items or event types
    /// come; the log keeps it.
    ///
    /// # Errors
    /// [`CampaignError`] when there is a filter of this name already, the expression cannot be read or does not fit the data,
    /// or the log cannot be written.
    pub fn create_filter(&self, name: &str, expression: &str) -> Result<(), CampaignError> {
        let writer = &mut *self.writer();
        let next = self.with_filter(name, expression)?;
        log(writer, || Operation::Filter {
            name: name.to_owned(),
            expression: expression.to_owned(),
        })?;
        self.catalogue.store(Arc::new(next));
        Ok(())
    }

    /// Names and expressions of the filters, ascending by name.
    pub fn filters(&self) -> Vec<(String, Filter)> {
        let catalogue = self.catalogue.load();
        let filters = catalogue.filters.iter();
        filters.map(|(name, named)| (name.clone(), named.filter.clone())).collect()
    }

    /// Removes a filter.
    ///
    /// # Errors
    /// [`CampaignError`] when there is none of this name, or the log cannot be written.
    pub fn delete_filter(&self, name: &str) -> Result<(), CampaignError> {
        let writer = &mut *self.writer();
        let next = self.without_filter(name)?;
        log(writer, || Operation::DeleteFilter { name: name.to_owned() })?;
        self.catalogue.store(Arc::new(next));
        Ok(())
    }

    pub(super) fn with_filter(
        &self,
        name: &str,
        expression: &str,
    ) -> Result<Catalogue, CampaignError> {
        let mut next = Catalogue::clone(&self.catalogue.load());
        if next.filters.contains_key(name) {
            return Err(CampaignError::FilterExists { name: name.to_owned() });
        }
        let ready = next.compile(Filter::parse(expression)?, &self.version)?;
        next.filters.insert(name.to_owned(), ready);
        Ok(next)
    }

    pub(super) fn without_filter(&self, name: &str) -> Result<Catalogue, CampaignError> {
        let mut next = Catalogue::clone(&self.catalogue.load());
        if next.filters.remove(name).is_none() {
            return Err(super::asked::unknown_filter(&next, name));
        }
        Ok(next)
    }
}
