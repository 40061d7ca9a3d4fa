//! What deletion leaves: nothing.

use std::{fs, path::Path};

use super::*;

/// Whether any file of a folder has these bytes.
fn found(dir: &Path, needle: &str) -> bool {
    fs::read_dir(dir).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return found(&path, needle);
        }
        let bytes = fs::read(path).unwrap();
        bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
    })
}

#[test]
fn a_deleted_user_leaves_no_trace_in_campaign_and_log() {
    // Oracle: the bytes of the log; the answers for somebody never seen; everybody else's answers before.
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    let version = Arc::new(solution().train(&group(), &mut Run::new("ndarray")).unwrap());
    let campaign = Campaign::open(version.clone(), &log).unwrap();
    for (user, session) in [("u11", Some("secret-visit")), ("fresh-u11", None), ("u12", None)] {
        let session_id = session.map(str::to_owned);
        let put = PutEvent { session_id, ..PutEvent::new(user, "i4", 10_000) };
        campaign.put_event(&put).unwrap();
    }
    let anonymous = PutEvents {
        session_id: "secret-visit".to_owned(),
        user_id: None,
        event_list: vec![SessionEvent::new("view", "i5", 10_001)],
    };
    campaign.put_events(&anonymous).unwrap();
    let ask =
        |campaign: &Campaign, user: &str| campaign.recommend(&RecommendRequest::new(user)).unwrap();
    let others = |campaign: &Campaign| ["u0", "u12"].map(|user| ask(campaign, user));
    let before = others(&campaign);
    assert_eq!(ask(&campaign, "u11").items[0].item_id, "i6");
    assert!(found(dir.path(), "u11"));
    for user in ["u11", "fresh-u11"] {
        assert!(campaign.delete_user(user).unwrap());
        assert_eq!(ask(&campaign, user), ask(&campaign, "nobody"));
    }
    assert!(!campaign.delete_user("never seen").unwrap());
    assert!(!found(dir.path(), "u11") && !found(dir.path(), "secret-visit"));
    assert_eq!(others(&campaign), before);
    // A new life: nothing of the old.
    campaign.put_event(&PutEvent::new("u11", "i1", 20_000)).unwrap();
    let seen = RecommendRequest::new("u11").with_exclude_seen(true);
    assert_eq!(campaign.recommend(&seen).unwrap().items.len(), 9);
    let after = ask(&campaign, "u11");
    drop(campaign);
    let again = Campaign::open(version, &log).unwrap();
    assert_eq!((others(&again), ask(&again, "u11")), (before, after));
    assert_eq!(again.recommend(&seen).unwrap().items.len(), 9);
    assert!(!ask(&again, "fresh-u11").known_user);
}

#[test]
fn a_version_without_users_has_nothing_of_them() {
    // Oracle: the bytes that are saved; the answers for the others.
    let dir = tempfile::tempdir().unwrap();
    let (before, after) = (dir.path().join("before"), dir.path().join("after"));
    let version = described_version();
    let less = version.without_users(&["p0", "p7", "never seen"]);
    version.save(&before).unwrap();
    less.save(&after).unwrap();
    for needle in ["p0", "Atlantis"] {
        assert!(found(&before, needle) && !found(&after, needle), "{needle}");
    }
    let loaded = SolutionVersion::load(&after, "ndarray").unwrap();
    assert_eq!((loaded.users().len(), loaded.histories().len()), (10, 40));
    let (whole, less) = (Campaign::new(version), Campaign::new(loaded));
    for user in ["p1", "p6", "p11"] {
        let request = RecommendRequest::new(user);
        assert_eq!(less.recommend(&request).unwrap(), whole.recommend(&request).unwrap());
        let table = |campaign: &Campaign| {
            let version = campaign.version();
            version.user_table().unwrap().row(version.users().encode(user).unwrap())
        };
        assert_eq!(table(&less), table(&whole));
    }
    assert!(!less.recommend(&RecommendRequest::new("p0")).unwrap().known_user);
}
