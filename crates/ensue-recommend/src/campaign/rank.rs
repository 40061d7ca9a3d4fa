//! Answers to [`RankRequest`]s, alone or many at once.

use std::collections::HashSet;

use super::{
    Campaign, CampaignError, PersonalizedRanking, RankRequest, RecommendedItem,
    answers::Namer,
    asked::{Person, Question},
    catalogue::Catalogue,
};
use crate::{Query, QueryError, Recommend, ScoredItem, Subject};

/// A checked list and its question to the model.
#[derive(Debug)]
pub(super) struct PreparedList<'a> {
    request: &'a RankRequest,
    question: Question<'a>,
    /// Distinct items that the model knows.
    list: Vec<u32>,
    /// Distinct items that it does not know, those outside the catalogue by name alone.
    unknown: Vec<(Option<u32>, &'a str)>,
}

impl Campaign {
    /// A list in the order in which a user will like it, best first; see [`RankRequest`] and [`PersonalizedRanking`]. For
    /// somebody without a history, and for Popularity-Count, the order is that of popularity, without scores.
    ///
    /// # Errors
    /// [`CampaignError`] when the request breaks a rule of [`RankRequest`], the recipe answers for items, or a filter is
    /// unknown or was not given the values it asks for.
    pub fn rank(&self, request: &RankRequest) -> Result<PersonalizedRanking, CampaignError> {
        request.check()?;
        let person = self.person(Some(&request.user_id));
        let catalogue = self.catalogue.load();
        let prepared = self.prepare_list(&catalogue, request, &person)?;
        let memory = prepared.question.remembered(&catalogue);
        let query = Query { memory: memory.as_ref(), ..prepared.question.query() };
        let model = prepared.question.model(&catalogue);
        let orders = model.rerank(&[query], &[&prepared.list])?;
        named(&catalogue, &prepared, orders.first().map_or(&[], Vec::as_slice))
    }

    pub(super) fn prepare_list<'a>(
        &'a self,
        catalogue: &Catalogue,
        request: &'a RankRequest,
        person: &'a Person,
    ) -> Result<PreparedList<'a>, CampaignError> {
        if catalogue.model.subject() == Subject::Item {
            return Err(CampaignError::NoRanking { recipe: catalogue.model.recipe() });
        }
        let question = Question::about_user(self, catalogue, person, &request.context)?;
        let allowed = match &request.filter {
            Some(filter) => self.allowed(catalogue, filter, &request.filter_values, person)?,
            None => None,
        };
        let n_items = question.model(catalogue).n_items();
        let (mut list, mut unknown) = (Vec::new(), Vec::new());
        let mut met: HashSet<&str> = HashSet::new();
        for item_id in request.input_list.iter().filter(|item_id| met.insert(item_id.as_str())) {
            let item = catalogue.items.encode(item_id);
            if allowed.as_ref().is_some_and(|set| !item.is_some_and(|item| set.contains(item))) {
                continue;
            }
            match item {
                Some(item) if (item as usize) < n_items => list.push(item),
                _ => unknown.push((item, item_id.as_str())),
            }
        }
        Ok(PreparedList { request, question, list, unknown })
    }
}

impl PreparedList<'_> {
    pub(super) fn own(&self) -> bool {
        self.question.own
    }
}

fn named(
    catalogue: &Catalogue,
    prepared: &PreparedList<'_>,
    order: &[ScoredItem],
) -> Result<PersonalizedRanking, CampaignError> {
    let names = Namer::new(catalogue, &prepared.request.metadata_columns)?;
    let known = order.iter().map(|&line| names.line(line, None));
    let unknown = prepared.unknown.iter().map(|&(item, item_id)| match item {
        Some(item) => names.line(ScoredItem { item, score: None }, None),
        None => names.unknown(item_id),
    });
    let personalized_ranking: Vec<RecommendedItem> = known.chain(unknown).collect();
    Ok(PersonalizedRanking { personalized_ranking, known_user: prepared.question.own })
}

/// Ranks many prepared lists.
pub(super) fn rank_all(
    catalogue: &Catalogue,
    prepared: &[&PreparedList<'_>],
    model: &dyn Recommend,
) -> Result<Vec<Result<PersonalizedRanking, CampaignError>>, QueryError> {
    let queries: Vec<Query<'_>> = prepared.iter().map(|one| one.question.query()).collect();
    let lists: Vec<&[u32]> = prepared.iter().map(|one| one.list.as_slice()).collect();
    let orders = model.rerank(&queries, &lists)?;
    Ok(prepared.iter().zip(&orders).map(|(one, order)| named(catalogue, one, order)).collect())
}
