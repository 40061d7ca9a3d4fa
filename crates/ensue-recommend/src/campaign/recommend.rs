//! Answers to [`RecommendRequest`]s, alone or many at once.

use super::{
    Campaign, CampaignError, Promotion, RecommendRequest, Recommendations,
    answers::Namer,
    asked::{Person, Question},
    catalogue::Catalogue,
    compose::{compose, share},
    explore,
};
use crate::{Query, QueryError, Recommend, ScoredItem, Subject};

/// A checked request, its question to the model, and the other sets of items that it needs in order.
#[derive(Debug)]
pub(super) struct Prepared<'a> {
    request: &'a RecommendRequest,
    question: Question<'a>,
    /// What is promoted, and what may be.
    promoted: Option<(&'a Promotion, Option<ensue_core::Bitmap>)>,
    /// What may be explored.
    young: Option<ensue_core::Bitmap>,
}

impl Campaign {
    /// The items most likely to be next for a user, or that go best with an item; popular items where nothing is known.
    ///
    /// # Errors
    /// [`CampaignError`] when the request breaks a rule of [`RecommendRequest`], or a filter is unknown or was not given the
    /// values it asks for.
    pub fn recommend(&self, request: &RecommendRequest) -> Result<Recommendations, CampaignError> {
        request.check()?;
        let person = self.person(request.user_id.as_deref());
        let catalogue = self.catalogue.load();
        let prepared = self.prepare(&catalogue, request, &person)?;
        let memory = prepared.question.remembered(&catalogue);
        let mut queries = prepared.queries();
        for query in &mut queries {
            query.memory = memory.as_ref();
        }
        let model = prepared.question.model(&catalogue);
        let orders = model.recommend(&queries, request.num_results)?;
        self.composed(&catalogue, &prepared, &orders)
    }

    /// Checks what needs the catalogue, and gathers what the questions to the model borrow.
    pub(super) fn prepare<'a>(
        &'a self,
        catalogue: &Catalogue,
        request: &'a RecommendRequest,
        person: &'a Person,
    ) -> Result<Prepared<'a>, CampaignError> {
        let recipe = catalogue.model.recipe();
        let nobody = |needed| CampaignError::NobodyAsked { recipe, needed };
        match (catalogue.model.subject(), &request.user_id, &request.item_id) {
            (Subject::User, _, Some(item_id)) => {
                return Err(CampaignError::ItemAsked { recipe, item_id: item_id.clone() });
            }
            (Subject::User, None, None) => return Err(nobody("a user (user_id)")),
            (Subject::Item, None, None) => return Err(nobody("an item (item_id)")),
            _ => {}
        }
        let mut question = Question::about_user(self, catalogue, person, &request.context)?;
        if catalogue.model.subject() == Subject::Item {
            question = question.about_item(catalogue, request.item_id.as_deref());
        }
        if request.exclude_seen {
            question = question.excluding_seen();
        }
        if let Some(filter) = &request.filter {
            question.allowed = self.allowed(catalogue, filter, &request.filter_values, person)?;
        }
        let promoted = request.promotions.first().map(|promotion| {
            let Promotion { filter, filter_values, .. } = promotion;
            let mut promoted = self.allowed(catalogue, filter, filter_values, person)?;
            match (&mut promoted, &question.allowed) {
                (Some(promoted), Some(allowed)) => *promoted &= allowed,
                (None, Some(allowed)) => promoted = Some(allowed.clone()),
                (_, None) => {}
            }
            Ok::<_, CampaignError>((promotion, promoted))
        });
        let promoted = promoted.transpose()?;
        let young = self.young(catalogue, question.allowed.as_ref());
        Ok(Prepared { request, question, promoted, young })
    }

    /// Makes the answer of the orders that the model gave to [`Prepared::queries`].
    pub(super) fn composed(
        &self,
        catalogue: &Catalogue,
        prepared: &Prepared<'_>,
        orders: &[Vec<ScoredItem>],
    ) -> Result<Recommendations, CampaignError> {
        let request = prepared.request;
        let names = Namer::new(catalogue, &request.metadata_columns)?;
        let known_user = prepared.question.own;
        let Some((ordinary, rest)) = orders.split_first() else {
            return Ok(Recommendations { items: Vec::new(), known_user });
        };
        if rest.is_empty() {
            let items = ordinary.iter().map(|&line| names.line(line, None)).collect();
            return Ok(Recommendations { items, known_user });
        }
        let mut rest = rest.iter();
        let n = request.num_results;
        let promotion = prepared.promoted.as_ref().map(|(promotion, _)| *promotion);
        let promoted = promotion.and_then(|promotion| {
            let best = rest.next()?;
            Some(&best[..share(n, promotion.percent_promoted_items).min(best.len())])
        });
        let young = match (&catalogue.ages, prepared.young.is_some()) {
            (Some(ages), true) => rest.next().map(|young| explore::order(young, ages)),
            _ => None,
        };
        let asked = request.item_id.as_ref().or(request.user_id.as_ref());
        let draws = self.draws(asked.map_or("", String::as_str), prepared.question.events());
        let lines = compose(
            n,
            ordinary,
            promoted.unwrap_or_default(),
            young.as_deref().unwrap_or_default(),
            draws,
        );
        let name = promotion.map(|promotion| promotion.name.as_str());
        let lines = lines.iter();
        let items = lines.map(|line| names.line(line.item, name.filter(|_| line.promoted)));
        Ok(Recommendations { items: items.collect(), known_user })
    }
}

impl Prepared<'_> {
    /// Questions to the model: for the ordinary items, the promoted and the young, as far as they are wanted.
    pub(super) fn queries(&self) -> Vec<Query<'_>> {
        let query = self.question.query();
        let promoted = self.promoted.as_ref().map(|(_, allowed)| allowed.as_ref());
        let young = self.young.as_ref().map(Some);
        let others = promoted.into_iter().chain(young);
        std::iter::once(query).chain(others.map(|allowed| Query { allowed, ..query })).collect()
    }

    pub(super) fn own(&self) -> bool {
        self.question.own
    }
}

/// Answers many prepared requests for the same number of results.
pub(super) fn recommend_all(
    campaign: &Campaign,
    catalogue: &Catalogue,
    prepared: &[&Prepared<'_>],
    model: &dyn Recommend,
    num_results: usize,
) -> Result<Vec<Result<Recommendations, CampaignError>>, QueryError> {
    let queries: Vec<Vec<Query<'_>>> = prepared.iter().map(|one| one.queries()).collect();
    let flat: Vec<Query<'_>> = queries.iter().flatten().copied().collect();
    let orders = model.recommend(&flat, num_results)?;
    let mut from = 0;
    let answers = prepared.iter().zip(&queries).map(|(one, queries)| {
        let own = from..from + queries.len();
        from = own.end;
        campaign.composed(catalogue, one, &orders[own])
    });
    Ok(answers.collect())
}
