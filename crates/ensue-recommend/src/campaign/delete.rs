//! Deleting what a campaign knows of one user.

use std::sync::atomic::Ordering;

use ensue_core::OwnedHistory;

use super::{
    Campaign, CampaignError,
    live::{LiveUser, Timeline},
    log::checksum,
    writer::Writer,
};

impl Campaign {
    /// Forgets a user: events (those of the version too, as far as answers go), fields, sessions joined to them, and what
    /// models keep of them. The log is written anew without them, all or nothing; its last line keeps a checksum of the id, so
    /// that the version's own history stays forgotten when the campaign is opened again. Events that come later begin a new
    /// history. The version on disk is another matter: see [`crate::SolutionVersion::without_users`].
    ///
    /// Says whether anything was known of them.
    ///
    /// # Errors
    /// [`CampaignError::Log`] when the log cannot be written; nothing is changed then.
    pub fn delete_user(&self, user_id: &str) -> Result<bool, CampaignError> {
        let writer = &mut *self.writer();
        if let Some(log) = &mut writer.log {
            log.forget(user_id)?;
        }
        Ok(self.forget(writer, user_id))
    }

    fn forget(&self, writer: &mut Writer, user_id: &str) -> bool {
        let known = self.version.users().encode(user_id);
        let before = self.users.pin().get(user_id).cloned();
        let anything = before.is_some() || known.is_some();
        let before = before.unwrap_or_else(|| self.live_user(user_id).into());
        writer.joined.retain(|session, user| **user != *user_id && **session != *user_id);
        if let Some(ages) = &self.catalogue.load().ages {
            before.seen_by_filters().history().items.iter().for_each(|&item| ages.uncount(item));
        }
        let users = self.users.pin();
        if known.is_some() {
            users.insert(user_id.into(), LiveUser::new(None, OwnedHistory::default()).into());
        } else {
            users.remove(user_id);
        }
        if let Some(known) = known {
            self.remembered.pin().remove(&known);
        }
        // As a campaign that is opened again finds it.
        let last = |timeline: &Timeline| timeline.last().map(|event| event.timestamp);
        let newest = users.iter().filter_map(|(_, live)| last(live.seen_by_filters())).max();
        let newest = newest.unwrap_or(0).max(self.newest_of_version);
        self.newest.store(newest, Ordering::Relaxed);
        anything
    }

    /// Forgets the user of the version whose id has a checksum, if there is one.
    pub(super) fn forget_again(&self, writer: &mut Writer, user: &str) {
        let users = self.version.users();
        let found = users.iter().find(|id| checksum(id) == user).map(str::to_owned);
        if let Some(user_id) = found {
            self.forget(writer, &user_id);
        }
    }
}
