//! The Users or Items file to a [`MetadataTable`](crate::MetadataTable).

use ensue_core::Run;

use super::{DatasetType, ImportRules, Source, Table};
use crate::error::DataError;
use crate::read::cells;
use crate::table::{self, ColumnBuilder, MetadataTable};
use crate::vocabulary::Vocabulary;

/// Reads the file; its new ids join the vocabulary.
pub(super) fn import(
    source: &Source,
    dataset: DatasetType,
    rules: &ImportRules,
    run: &Run,
    vocabulary: &mut Vocabulary,
    warnings: &mut Vec<String>,
) -> Result<MetadataTable, DataError> {
    let mut table = Table::open(source, dataset, rules)?;
    warnings.append(&mut table.warnings);
    let (id_name, _) = dataset.required()[0];
    let mut columns: Vec<_> = table.schema.fields.iter().map(ColumnBuilder::new).collect();
    let mut ids = Vec::new();
    table.each_block(run, |schema, block, faults| {
        for (at, (field, builder)) in schema.fields.iter().zip(&mut columns).enumerate() {
            if field.name == id_name {
                faults.walk(at, block.column(at), |cell| {
                    ids.push(cells::encode(vocabulary, cell.text(cells::MAX_ID)?)?);
                    Ok(())
                });
            } else {
                builder.append(field, at, block.column(at), faults);
            }
        }
    })?;
    // The id's own builder keeps nothing, so that its column is left out of the table.
    let names = table.schema.fields.iter().map(|field| field.name.clone());
    let (metadata, replaced) = table::table(names.zip(columns).collect(), &ids, vocabulary.len());
    if replaced > 0 {
        let dataset = dataset.name();
        warnings.push(format!(
            "{replaced} rows of {dataset} have an id that a later row repeats; the later row counts"
        ));
    }
    Ok(metadata)
}
