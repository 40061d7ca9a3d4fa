//! Many readers and a writer at once.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// Items of a ring on which 1000 people walk two steps each.
const RING: usize = 1000;
/// Users among whom the events go round.
const USERS: usize = 8;

fn version() -> SolutionVersion {
    let events: Vec<(String, String, i64)> = (0..RING)
        .flat_map(|user| {
            (0..3).map(move |step| {
                (format!("u{user}"), format!("i{}", (user + step) % RING), step as i64)
            })
        })
        .collect();
    let rules =
        ImportRules { min_interactions: 1, min_users_with_two: 1, ..ImportRules::default() };
    let events = events.iter().map(|(user, item, time)| (user.as_str(), item.as_str(), *time));
    let group = DatasetGroup::from_events(events, &rules).unwrap();
    let solution = Solution { refit: true, ..solution() };
    solution.train(&group, &mut Run::new("ndarray")).unwrap()
}

#[test]
fn every_answer_belongs_to_a_prefix_of_the_events_and_none_is_lost() {
    // Oracle: the ring. Walker w is at item k of the ring after k events, so that an answer tells how many events it has
    // seen: at least those that were finished before it was asked, at most those that were begun before it came back.
    const EVENTS: usize = 100_000;
    let dir = tempfile::tempdir().unwrap();
    let (saved, log) = (dir.path().join("version"), dir.path().join("log.jsonl"));
    version().save(&saved).unwrap();
    let load = || SolutionVersion::load(&saved, "ndarray").unwrap();
    let campaign = Campaign::open(load(), &log).unwrap();
    let begun: [AtomicUsize; USERS] = Default::default();
    let finished: [AtomicUsize; USERS] = Default::default();
    let done = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for reader in 0..4 {
            let (campaign, begun, finished, done) = (&campaign, &begun, &finished, &done);
            scope.spawn(move || {
                let mut answers = 0;
                while done.load(Ordering::SeqCst) == 0 || answers < 100 {
                    let walker = (answers + reader) % USERS;
                    let least = finished[walker].load(Ordering::SeqCst);
                    let request = RecommendRequest::new(format!("w{walker}")).with_num_results(1);
                    let answer = campaign.recommend(&request).unwrap();
                    let most = begun[walker].load(Ordering::SeqCst);
                    answers += 1;
                    if !answer.known_user {
                        assert_eq!(least, 0, "the events of w{walker} are lost");
                        continue;
                    }
                    // After k events the walker stands on item k, and k + 1 follows.
                    let item: usize = answer.items[0].item_id[1..].parse().unwrap();
                    let seen = (item + RING - 1) % RING;
                    let close = (least..=most).any(|events| events > 0 && events % RING == seen);
                    assert!(close, "w{walker} has {least} to {most} events, but i{item} follows");
                }
            });
        }
        scope.spawn(|| {
            for event in 0..EVENTS {
                let (walker, step) = (event % USERS, event / USERS + 1);
                begun[walker].store(step, Ordering::SeqCst);
                let (user, item) = (format!("w{walker}"), format!("i{}", step % RING));
                let put = PutEvent::new(user, item, 1_000_000 + step as i64);
                assert_eq!(campaign.put_event(&put).unwrap(), EventOutcome::Learned);
                finished[walker].store(step, Ordering::SeqCst);
            }
            done.store(1, Ordering::SeqCst);
        });
    });
    assert_eq!(campaign.event_counts().received, EVENTS as u64);
    let length =
        |campaign: &Campaign, walker| campaign.live_user(&format!("w{walker}")).events.len();
    assert_eq!((0..USERS).map(|walker| length(&campaign, walker)).sum::<usize>(), EVENTS);

    let ask = |campaign: &Campaign| -> Vec<Recommendations> {
        let users = (0..USERS).map(|w| format!("w{w}")).chain((0..20).map(|u| format!("u{u}")));
        users.map(|user| campaign.recommend(&RecommendRequest::new(user)).unwrap()).collect()
    };
    let (before, counts) = (ask(&campaign), campaign.event_counts());
    drop(campaign);
    let again = Campaign::open(load(), &log).unwrap();
    assert_eq!(again.warnings(), [""; 0]);
    assert_eq!((ask(&again), again.event_counts()), (before, counts));
    assert_eq!((0..USERS).map(|walker| length(&again, walker)).sum::<usize>(), EVENTS);
}
