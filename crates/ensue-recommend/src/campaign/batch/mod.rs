//! Batch inference: questions as JSON lines in, answers as JSON lines out, as Amazon's batch jobs had them.

mod error;
mod lines;

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, BufWriter, Write},
    path::Path,
    time::Instant,
};

use ensue_core::{Progress, Run};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use self::lines::{Ask, Asked, Output};
use super::{
    Campaign, CampaignError, RecommendedItem,
    asked::Person,
    rank::{PreparedList, rank_all},
    recommend::{Prepared, recommend_all},
};
use crate::Recommend;

pub use error::BatchError;
pub use lines::MAX_LINE;

/// How a batch is answered.
///
/// | name | default | meaning | range |
/// |---|---|---|---|
/// | `num_results` | 25 | items of each answer | 0 to 500 |
/// | `filter` | none | name of a filter for every line; its values come with the lines | |
/// | `exclude_seen` | `false` | leave out items of each user's history | |
/// | `chunk` | 1024 | lines held in memory at a time | at least 1 |
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BatchOptions {
    /// Items of each answer, 0 to 500. Default 25.
    pub num_results: usize,
    /// Name of a filter for every line.
    pub filter: Option<String>,
    /// Whether items of each user's history are left out. Default `false`.
    pub exclude_seen: bool,
    /// Lines held in memory at a time. Default 1024.
    pub chunk: usize,
}

impl Default for BatchOptions {
    fn default() -> Self {
        Self { num_results: 25, filter: None, exclude_seen: false, chunk: 1024 }
    }
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BatchReport {
    /// Lines read; empty ones are skipped and not counted.
    pub lines: usize,
    /// Lines with an answer.
    pub answered: usize,
    /// Lines with an error.
    pub failed: usize,
}

/// A prepared line.
enum Ready<'a> {
    Recommend(Prepared<'a>),
    Rank(PreparedList<'a>),
}

type Answer = Result<Vec<RecommendedItem>, String>;

impl Campaign {
    /// Answers a question a line, in the order of the lines.
    ///
    /// | input line | answer |
    /// |---|---|
    /// | `{"userId": "u"}` | recommendations for a user |
    /// | `{"itemId": "i"}` | related items, for recipes that answer for items |
    /// | `{"userId": "u", "itemList": ["a", "b"]}` | the list ranked for the user |
    ///
    /// Each may have `"filterValues": {"NAME": "\"a\",\"b\""}` and `"context": {"FIELD": "value"}`. An output line is
    /// `{"input": .., "output": {"recommendedItems": [..], "scores": [..]}, "error": null}`; `scores` are left out where the
    /// recipe gives none, and `null` for items without one. A line that cannot be answered has `"output": null` and says why
    /// in `error`; the others go on.
    ///
    /// Lines are read and answered in chunks, so that memory does not grow with the input, and the queries of a chunk go to
    /// the model together; from several threads where the recipe allows that. Progress goes to `run`, whose cancel flag
    /// is looked at between chunks. Events that come in meanwhile count from the next chunk on.
    ///
    /// # Errors
    /// [`BatchError`] when the options are outside their ranges, the input cannot be read, the output cannot be written, or
    /// the run is cancelled.
    ///
    /// ```
    /// # use ensue_core::Run;
    /// # use ensue_data::{DatasetGroup, ImportRules};
    /// # use ensue_recommend::{AnyRecipe, BatchOptions, Campaign, Solution};
    /// # let events: Vec<(String, String, i64)> = (0..40)
    /// #     .flat_map(|user| (0..8).map(move |step| (format!("u{user}"), format!("i{}", (user + step) % 10), step)))
    /// #     .collect();
    /// # let rules = ImportRules { min_interactions: 100, ..ImportRules::default() };
    /// # let group = DatasetGroup::from_events(events.iter().map(|(u, i, t)| (u.as_str(), i.as_str(), *t)), &rules)?;
    /// # let version = Solution::new(AnyRecipe::by_name("markov")?).train(&group, &mut Run::new("ndarray"))?;
    /// # let campaign = Campaign::new(version);
    /// let input = "{\"userId\": \"u2\"}\n{\"who\": 1}\n";
    /// let mut output = Vec::new();
    /// let options = BatchOptions { num_results: 1, ..BatchOptions::default() };
    /// let report = campaign.batch_inference(input.as_bytes(), &mut output, &options, &Run::new("ndarray"))?;
    /// assert_eq!((report.answered, report.failed), (1, 1));
    /// let output = String::from_utf8(output)?;
    /// assert!(output.starts_with(r#"{"input":{"userId":"u2"},"output":{"recommendedItems":["i0"]},"error":null}"#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn batch_inference(
        &self,
        mut input: impl BufRead,
        mut output: impl Write,
        options: &BatchOptions,
        run: &Run,
    ) -> Result<BatchReport, BatchError> {
        if options.num_results > super::MAX_RESULTS {
            let num_results = options.num_results;
            return Err(CampaignError::NumResults { num_results }.into());
        }
        if options.chunk == 0 {
            return Err(BatchError::Chunk);
        }
        let start = Instant::now();
        run.emit(Progress::Started { what: "batch inference".to_owned(), total_steps: None });
        let mut report = BatchReport::default();
        let mut bytes = Vec::new();
        loop {
            if run.is_cancelled() {
                return Err(BatchError::Cancelled);
            }
            let mut asked = Vec::new();
            while asked.len() < options.chunk
                && let Some(line) = lines::next(&mut input, options)?
            {
                asked.push(line);
            }
            if asked.is_empty() {
                break;
            }
            bytes.clear();
            for (line, answer) in asked.iter().zip(self.answer_all(&asked, options)) {
                report.lines += 1;
                match answer {
                    Ok(_) => report.answered += 1,
                    Err(_) => report.failed += 1,
                }
                Output::new(&line.input, answer).write(&mut bytes);
            }
            output.write_all(&bytes).map_err(BatchError::Write)?;
            run.emit(Progress::Answered { lines: report.lines, failed: report.failed });
        }
        output.flush().map_err(BatchError::Write)?;
        let seconds = start.elapsed().as_secs_f64();
        run.emit(Progress::Finished { what: "batch inference".to_owned(), seconds });
        Ok(report)
    }

    /// As [`Campaign::batch_inference`], from a file to a file. The output has its name only when it is whole.
    ///
    /// # Errors
    /// As [`Campaign::batch_inference`]; an output that was there before is kept then.
    pub fn batch_inference_files(
        &self,
        input: impl AsRef<Path>,
        output: impl AsRef<Path>,
        options: &BatchOptions,
        run: &Run,
    ) -> Result<BatchReport, BatchError> {
        let (input, output) = (input.as_ref(), output.as_ref());
        let source = File::open(input).map_err(BatchError::open(input))?;
        let name = output.file_name().unwrap_or_default().to_string_lossy();
        let temporary = output.with_file_name(format!(".{name}.new-{}", std::process::id()));
        let target = File::create(&temporary).map_err(BatchError::open(&temporary))?;
        let mut writer = BufWriter::new(&target);
        let done = self.batch_inference(BufReader::new(source), &mut writer, options, run);
        drop(writer);
        let done = done.and_then(|report| {
            target.sync_all().map_err(BatchError::Write)?;
            fs::rename(&temporary, output).map_err(BatchError::Write)?;
            Ok(report)
        });
        if done.is_err() {
            // Half an output is of no use.
            let _ = fs::remove_file(&temporary);
        }
        done
    }

    fn answer_all(&self, asked: &[Asked], options: &BatchOptions) -> Vec<Answer> {
        let people: Vec<Person> = asked.iter().map(|line| self.person(line.user_id())).collect();
        let catalogue = &*self.catalogue.load();
        let ready: Vec<Result<Ready<'_>, String>> = asked
            .par_iter()
            .zip(&people)
            .map(|(line, person)| match &line.ask {
                Ok(Ask::Recommend(request)) => {
                    request.check().map_err(|error| error.to_string())?;
                    let ready = self.prepare(catalogue, request, person);
                    ready.map(Ready::Recommend).map_err(|error| error.to_string())
                }
                Ok(Ask::Rank(request)) => {
                    request.check().map_err(|error| error.to_string())?;
                    let ready = self.prepare_list(catalogue, request, person);
                    ready.map(Ready::Rank).map_err(|error| error.to_string())
                }
                Err(error) => Err(error.clone()),
            })
            .collect();
        let mut answers: Vec<Option<Answer>> = vec![None; asked.len()];
        for own in [true, false] {
            let model = if own { &*catalogue.model } else { &*catalogue.popular };
            let (mut questions, mut lists) = (Vec::new(), Vec::new());
            for (at, ready) in ready.iter().enumerate() {
                match ready {
                    Ok(Ready::Recommend(one)) if one.own() == own => questions.push((at, one)),
                    Ok(Ready::Rank(one)) if one.own() == own => lists.push((at, one)),
                    _ => {}
                }
            }
            let questions = in_batches(model, &questions, |batch| {
                let answers = recommend_all(self, catalogue, batch, model, options.num_results)?;
                Ok(answers.into_iter().map(|answer| answer.map(|a| a.items)).collect())
            });
            let lists = in_batches(model, &lists, |batch| {
                let answers = rank_all(catalogue, batch, model)?;
                let items = answers.into_iter();
                Ok(items.map(|answer| answer.map(|a| a.personalized_ranking)).collect())
            });
            for (at, answer) in questions.into_iter().chain(lists) {
                answers[at] = Some(answer);
            }
        }
        let errors = ready.iter().map(|ready| ready.as_ref().err().cloned());
        let answers = answers.into_iter().zip(errors);
        answers.map(|(answer, error)| answer.unwrap_or(Err(error.unwrap_or_default()))).collect()
    }
}

/// Answers in batches whose scores take about 64 MiB at most, several at a time where the model allows it.
fn in_batches<T: Sync>(
    model: &dyn Recommend,
    ready: &[(usize, &T)],
    answer: impl Fn(
        &[&T],
    ) -> Result<Vec<Result<Vec<RecommendedItem>, CampaignError>>, crate::QueryError>
    + Sync,
) -> Vec<(usize, Answer)> {
    let size = (16 * 1024 * 1024 / model.n_items().max(1)).clamp(16, 256);
    let batch = |batch: &[(usize, &T)]| -> Vec<(usize, Answer)> {
        let all: Vec<&T> = batch.iter().map(|(_, one)| *one).collect();
        let told = |answer: Result<Vec<RecommendedItem>, CampaignError>| {
            answer.map_err(|error| error.to_string())
        };
        let answers: Vec<Answer> = match answer(&all) {
            Ok(answers) => answers.into_iter().map(told).collect(),
            // One question that the model refuses must not take its neighbours with it.
            Err(_) => all
                .iter()
                .map(|one| match answer(&[*one]) {
                    Ok(mut answers) => answers.pop().map_or(Ok(Vec::new()), told),
                    Err(error) => Err(error.to_string()),
                })
                .collect(),
        };
        batch.iter().map(|(at, _)| *at).zip(answers).collect()
    };
    if model.parallel_queries() {
        ready.par_chunks(size.min(32)).flat_map_iter(batch).collect()
    } else {
        ready.chunks(size).flat_map(batch).collect()
    }
}

impl Asked {
    fn user_id(&self) -> Option<&str> {
        match self.ask.as_ref().ok()? {
            Ask::Recommend(request) => request.user_id.as_deref(),
            Ask::Rank(request) => Some(&request.user_id),
        }
    }
}
