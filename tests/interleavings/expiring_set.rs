//! Tests thread interleavings of readers and writers of the expiring set, with thousands of random schedules. See
//! `jwks.rs` for the command. The tables are small there, so that entries move often.

use std::sync::Arc;

use shuttle::sync::atomic::{AtomicU32, Ordering};
use shuttle::thread;

use super::{ExpiringSet, Kept, Name};
use crate::schedules::{check, check_long_pauses};

fn key(set: &ExpiringSet, name: u32) -> Name {
    set.group("entry").name(0, &name.to_string())
}

/// An entry that counts in all tests.
const KEPT: Kept = Kept { until: 1_000, number: 0 };

fn is_listed(set: &ExpiringSet, name: u32, now: u32) -> bool {
    set.get(&key(set, name)).is_some_and(|found| found.is_live(now))
}

#[test]
fn readers_find_every_entry_that_was_added_before() {
    check_long_pauses(3_000, || {
        let (set, added) = (Arc::new(ExpiringSet::new()), Arc::new(AtomicU32::new(0)));
        let readers: Vec<_> = (0..2)
            .map(|_| {
                let (set, added) = (Arc::clone(&set), Arc::clone(&added));
                thread::spawn(move || {
                    for _ in 0..3 {
                        let end = added.load(Ordering::SeqCst);
                        assert!((0..end).all(|name| is_listed(&set, name, 0)), "{end}");
                        assert!(!is_listed(&set, 100, 0));
                    }
                })
            })
            .collect();
        for name in 0..9 {
            assert!(set.insert(&key(&set, name), KEPT, 0));
            added.store(name + 1, Ordering::SeqCst);
        }
        readers.into_iter().for_each(|reader| reader.join().unwrap());
        assert_eq!(set.len(0), 9);
    });
}

#[test]
fn a_table_that_is_used_again_hides_no_entry() {
    check_long_pauses(3_000, || {
        let set = Arc::new(ExpiringSet::new());
        let lasting = key(&set, 0);
        set.insert(&lasting, KEPT, 0);
        let reader = thread::spawn({
            let set = Arc::clone(&set);
            move || {
                for _ in 0..4 {
                    assert_eq!(set.get(&lasting), Some(KEPT));
                }
            }
        });
        // The others have expired when the next one is added, so the tables of the smallest size take turns.
        for now in 1..8 {
            set.insert(&key(&set, now), Kept { until: now + 1, number: 0 }, now);
        }
        reader.join().unwrap();
        assert_eq!(set.len(8), 1);
    });
}

#[test]
fn concurrent_writers_lose_nothing() {
    check(2_000, || {
        let set = Arc::new(ExpiringSet::new());
        let writers: Vec<_> = (0..2)
            .map(|writer| {
                let set = Arc::clone(&set);
                thread::spawn(move || {
                    let own = (0..4).map(|it| 10 * (writer + 1) + it);
                    let news = own.filter(|name| set.insert(&key(&set, *name), KEPT, 0)).count();
                    // One entry is added by both.
                    (news, set.insert(&key(&set, 0), Kept { until: 900, number: writer }, 0))
                })
            })
            .collect();
        let outcomes: Vec<_> = writers.into_iter().map(|writer| writer.join().unwrap()).collect();
        assert!(outcomes.iter().all(|(news, _)| *news == 4));
        assert_eq!(outcomes.iter().filter(|(_, is_new)| *is_new).count(), 1);
        assert_eq!(set.len(0), 9);
        assert_eq!(set.get(&key(&set, 0)), Some(Kept { until: 900, number: 1 }));
    });
}
