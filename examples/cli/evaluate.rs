//! `ensue recommend evaluate`.

use ensue::core::metrics::ranking::LIST_LENGTH;
use ensue::core::{Event, HeldOut, OwnedHistory, RankingAccumulator, split};
use ensue::prelude::*;
use ensue::recommend::{EvaluationRow, Query, seen_items};
use serde_json::json;

use crate::AnyError;
use crate::options::EvaluateOptions;
use crate::settings::rules;
use crate::tables::source;
use crate::train::run;

/// Queries asked at once.
const BATCH: usize = 64;

pub(crate) fn evaluate(options: &EvaluateOptions) -> Result<(), AnyError> {
    let version = SolutionVersion::load(&options.version, &options.machine.device)?;
    let evaluation = match &options.interactions {
        None => version.evaluation().clone(),
        Some(table) => {
            let mut run = run(&options.machine);
            let request = ImportRequest::new(source(table, options.schema.as_deref())?)
                .with_rules(rules(&options.settings)?);
            let group = DatasetGroup::import(&request, &mut run)?;
            measure(
                &version,
                &group,
                options.evaluation.unwrap_or(version.evaluation().mode),
                &run,
            )?
        }
    };
    if options.json {
        println!("{}", json!(evaluation));
    } else {
        print!("{evaluation}");
    }
    Ok(())
}

/// Asks the version about the users of another table and compares with what they did.
fn measure(
    version: &SolutionVersion,
    group: &DatasetGroup,
    mode: EvaluationMode,
    run: &Run,
) -> Result<Evaluation, AnyError> {
    let events = version.solution().select(group)?;
    let split = split(&events, mode, run.seed);
    let translated: Vec<Translated> =
        split.queries.iter().map(|held| translate(version, group, held)).collect();
    let report = |exclude_seen: bool| -> Result<RankingReport, AnyError> {
        let mut metrics = RankingAccumulator::new(mode.ndcg_form());
        for batch in translated.chunks(BATCH) {
            let seen: Vec<Vec<u32>> = batch
                .iter()
                .map(
                    |asked| {
                        if exclude_seen { seen_items(asked.history.as_history()) } else { vec![] }
                    },
                )
                .collect();
            let queries: Vec<Query<'_>> = batch
                .iter()
                .zip(&seen)
                .map(|(asked, exclude)| Query {
                    user: asked.user,
                    exclude,
                    ..Query::from_history(asked.history.as_history())
                })
                .collect();
            let answers = version.model().recommend(&queries, LIST_LENGTH)?;
            for (answer, asked) in answers.iter().zip(batch) {
                let items: Vec<u32> = answer.iter().map(|line| line.item).collect();
                metrics.add(&items, &asked.relevant);
            }
        }
        Ok(metrics.finish(version.items().len()))
    };
    let row = EvaluationRow {
        recipe: version.model().recipe().to_owned(),
        seen_kept: report(false)?,
        seen_removed: report(true)?,
        fit_seconds: None,
    };
    Ok(Evaluation { mode, rows: vec![row] })
}

/// A question in the ids of the version.
struct Translated {
    user: Option<u32>,
    history: OwnedHistory,
    relevant: Vec<u32>,
}

fn translate(version: &SolutionVersion, group: &DatasetGroup, held: &HeldOut) -> Translated {
    let item = |item: u32| group.items.decode(item).and_then(|name| version.items().encode(name));
    let trained = version.histories();
    let mut history = OwnedHistory::default();
    for event in held.history.as_history().events() {
        // What the version has no name for is left out, as a campaign does.
        let Some(known) = item(event.item) else { continue };
        let event_type = event.event_type.and_then(|code| {
            let name = &group.interactions.event_type_names()[usize::from(code)];
            trained.event_type_names().iter().position(|other| other == name)
        });
        history.push(Event {
            item: known,
            timestamp: event.timestamp,
            event_type: event_type.map(|code| code as u8),
            value: event.value.filter(|_| trained.has_values()),
            session: event.session.filter(|_| trained.has_sessions()),
            context: None,
        });
    }
    // An item outside the catalogue is an answer that cannot be found, and counts as one.
    let unknown = |position: usize| (version.items().len() + position) as u32;
    let relevant = held.relevant.iter().enumerate();
    Translated {
        user: group.users.decode(held.user).and_then(|name| version.users().encode(name)),
        history,
        relevant: relevant.map(|(n, &code)| item(code).unwrap_or_else(|| unknown(n))).collect(),
    }
}
