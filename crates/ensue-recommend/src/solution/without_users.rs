//! A version without some of its users.

use std::sync::Arc;

use super::{
    SolutionVersion,
    version::{Parts, Tables},
};

impl SolutionVersion {
    /// A copy in which nothing of these users is left: neither ids, events, metadata, nor contexts that only their events
    /// had. Ids that the version does not have are passed over. Dense ids of the other users are new.
    ///
    /// What was computed over all users together stays: weights, counts of items, metrics, and the fingerprint of the data,
    /// so that a campaign's log still belongs to it. Train anew where the model itself must not have seen them.
    pub fn without_users(&self, user_ids: &[&str]) -> Self {
        let parts = self.parts();
        let kept = ensue_data::without_users(
            &parts.histories,
            &parts.users,
            parts.tables.users.as_deref(),
            parts.tables.contexts.as_deref(),
            user_ids,
        );
        let model = parts.model.with_users(&kept.users_before, &kept.contexts);
        Self::from_parts(Parts {
            solution: parts.solution.clone(),
            seed: parts.seed,
            data_fingerprint: parts.data_fingerprint.clone(),
            evaluation: parts.evaluation.clone(),
            tuning: parts.tuning.clone(),
            users: kept.users,
            items: Arc::clone(&parts.items),
            histories: kept.interactions,
            popular: parts.popular.clone(),
            model: model.unwrap_or_else(|| Arc::clone(&parts.model)),
            tables: Tables {
                users: kept.user_table.map(Arc::new),
                items: parts.tables.items.clone(),
                contexts: kept.context_table.map(Arc::new),
            },
        })
    }
}
