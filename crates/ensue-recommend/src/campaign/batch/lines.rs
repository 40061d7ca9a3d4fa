//! One line of a batch: read, held against its form, and answered.

use std::{
    collections::BTreeMap,
    io::{BufRead, Read},
};

use ensue_data::FieldValues;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Answer, BatchError, BatchOptions};
use crate::{RankRequest, RecommendRequest};

/// Longest line of an input, bytes.
pub const MAX_LINE: usize = 1 << 20;

/// A line as it was read.
pub(super) struct Asked {
    /// What stands for it in the output.
    pub(super) input: Value,
    pub(super) ask: Result<Ask, String>,
}

/// What a line asks.
pub(super) enum Ask {
    Recommend(RecommendRequest),
    Rank(RankRequest),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Line {
    user_id: Option<String>,
    item_id: Option<String>,
    item_list: Option<Vec<String>>,
    #[serde(default)]
    filter_values: BTreeMap<String, String>,
    #[serde(default)]
    context: FieldValues,
}

/// The next line that is not empty.
pub(super) fn next(
    input: &mut impl BufRead,
    options: &BatchOptions,
) -> Result<Option<Asked>, BatchError> {
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let limit = MAX_LINE as u64 + 1;
        input.by_ref().take(limit).read_until(b'\n', &mut bytes).map_err(BatchError::Read)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        if bytes.len() > MAX_LINE && !bytes.ends_with(b"\n") {
            skip_line(input)?;
            let input = Value::String(String::from_utf8_lossy(&bytes[..64]).into_owned());
            let ask = Err(format!("the line has more than {MAX_LINE} bytes"));
            return Ok(Some(Asked { input, ask }));
        }
        if !bytes.trim_ascii().is_empty() {
            return Ok(Some(read(bytes.trim_ascii(), options)));
        }
    }
}

fn skip_line(input: &mut impl BufRead) -> Result<(), BatchError> {
    loop {
        let part = input.fill_buf().map_err(BatchError::Read)?;
        let end = part.iter().position(|&byte| byte == b'\n');
        let (length, done) =
            (end.map_or(part.len(), |end| end + 1), end.is_some() || part.is_empty());
        input.consume(length);
        if done {
            return Ok(());
        }
    }
}

fn read(bytes: &[u8], options: &BatchOptions) -> Asked {
    let value: Value = match serde_json::from_slice(bytes) {
        Ok(value) => value,
        Err(error) => {
            let input = Value::String(String::from_utf8_lossy(bytes).into_owned());
            return Asked { input, ask: Err(format!("the line is not JSON ({error})")) };
        }
    };
    let ask = Line::deserialize(&value).map_err(|error| error.to_string());
    let ask = ask.and_then(|line| line.ask(options));
    Asked { input: value, ask }
}

impl Line {
    fn ask(self, options: &BatchOptions) -> Result<Ask, String> {
        let Self { user_id, item_id, item_list, filter_values, context } = self;
        let filter = options.filter.clone();
        if filter.is_none() && !filter_values.is_empty() {
            return Err("filterValues are given, but the batch has no filter".to_owned());
        }
        match (user_id, item_id, item_list) {
            (Some(user_id), None, Some(input_list)) => Ok(Ask::Rank(RankRequest {
                user_id,
                input_list,
                context,
                filter,
                filter_values,
                ..RankRequest::default()
            })),
            (_, _, Some(_)) => Err("itemList needs userId, and no itemId".to_owned()),
            (user_id, item_id, None) => Ok(Ask::Recommend(RecommendRequest {
                user_id,
                item_id,
                num_results: options.num_results,
                exclude_seen: options.exclude_seen,
                context,
                filter,
                filter_values,
                ..RecommendRequest::default()
            })),
        }
    }
}

/// A line of the output.
#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "Amazon's names")]
pub(super) struct Output<'a> {
    input: &'a Value,
    output: Option<Answered>,
    error: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answered {
    recommended_items: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scores: Option<Vec<Option<f32>>>,
}

impl<'a> Output<'a> {
    pub(super) fn new(input: &'a Value, answer: Answer) -> Self {
        match answer {
            Err(error) => Self { input, output: None, error: Some(error) },
            Ok(items) => {
                let scores: Vec<Option<f32>> = items.iter().map(|line| line.score).collect();
                let scores = scores.iter().any(Option::is_some).then_some(scores);
                let recommended_items = items.into_iter().map(|line| line.item_id).collect();
                let output = Some(Answered { recommended_items, scores });
                Self { input, output, error: None }
            }
        }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        serde_json::to_writer(&mut *out, self).expect("memory takes what has strings for keys");
        out.push(b'\n');
    }
}
