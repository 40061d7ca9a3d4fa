//! From paths on the command line to an import request.

use std::path::Path;

use ensue::prelude::*;

use crate::options::Metadata;
use crate::{About, AnyError};

/// A table with the schema that a file holds.
pub(crate) fn source(table: &Path, schema: Option<&Path>) -> Result<Source, AnyError> {
    let source = Source::new(table);
    let Some(path) = schema else { return Ok(source) };
    let schema = Schema::from_path(path).map_err(|error| About::file(path, error))?;
    Ok(source.with_schema(schema))
}

/// The same request with users and items where they are given.
pub(crate) fn with_metadata(
    mut request: ImportRequest,
    metadata: &Metadata,
) -> Result<ImportRequest, AnyError> {
    if let Some(users) = &metadata.users {
        request = request.with_users(source(users, metadata.users_schema.as_deref())?);
    }
    if let Some(items) = &metadata.items {
        request = request.with_items(source(items, metadata.items_schema.as_deref())?);
    }
    Ok(request)
}
