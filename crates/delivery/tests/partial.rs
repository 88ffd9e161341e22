//! Where an answer tells events apart, what is taken is never sent again, what is refused is parked alone, and what
//! failed is all that is tried again.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod log;

use std::collections::BTreeSet;

use proptest::prelude::*;
use tallymark_delivery::{Attempt, Destination, Outcome, Row, Rule, Sent, State, guard::Reach};
use tallymark_event::Timestamp;

fn destination(batch_size: u32, cluster: &str) -> Destination {
    let record = format!(
        r#"[{{"name":"bus","kind":"kafka","brokers":["https://a.example"],"topic":"t",{cluster}"batch_size":{batch_size}}}]"#
    );
    let (mut all, problems) = Destination::parse_list(&record, Reach::Public, Rule::default());
    assert_eq!(problems, []);
    all.remove(0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 50, ..ProptestConfig::default() })]

    #[test]
    fn each_record_is_taken_once(
        head in 1_u64..120,
        batch_size in 1_u32..50,
        is_v3: bool,
        refused in prop::collection::btree_set(1_u64..120, 0..4),
        failures in prop::collection::vec(0_u8..4, 400),
    ) {
        let destination = destination(batch_size, if is_v3 { r#""cluster_id":"c","# } else { "" });
        let mut state = State::new(&destination, 0);
        let (mut taken, mut parked) = (BTreeSet::new(), BTreeSet::new());
        let mut failures = failures.into_iter();
        let mut now = 1_790_000_000_000;
        for attempt in 0..2_000 {
            if state.cursor >= head {
                break;
            }
            prop_assert!(attempt < 1_999, "does not come to an end: {:?}", state);
            prop_assert_eq!(&state.paused_reason, &None);
            now = now.max(state.next_at_ms);
            let at = Timestamp::from_ms(now);
            let id = attempt.to_string();
            let lease = state.lease(&destination, &id, head, at).unwrap();
            let last = head.min(lease.after + u64::from(lease.rows));
            let page = log::page(lease.after + 1..=last);
            let composed = Attempt::compose(&destination, &state, &Row::parse_page(&page).unwrap(), at);
            let mut sent = Vec::new();
            for request in composed.requests {
                let mut answers = Vec::new();
                for seq in &request.seqs {
                    let fails = failures.next() == Some(0);
                    let code = match (refused.contains(seq), fails) {
                        (true, _) => if is_v3 { 422 } else { 1 },
                        (_, true) => if is_v3 { 503 } else { 2 },
                        _ => {
                            prop_assert!(taken.insert(*seq), "{} was sent again", seq);
                            if is_v3 { 200 } else { 0 }
                        }
                    };
                    answers.push(format!(r#"{{"error_code":{code}}}"#));
                }
                let body = if is_v3 { answers.join("\n") } else { format!(r#"{{"offsets":[{}]}}"#, answers.join(",")) };
                let outcome = Outcome::Answered { status: 200, retry_after: None, body, is_cut: false };
                sent.push(Sent { seqs: request.seqs, event_ids: request.event_ids, outcome: Some(outcome) });
            }
            let settled = state.settle(&destination, &id, composed.through, &sent, at, u64::MAX / 2).unwrap();
            parked.extend(settled.parked.iter().map(|one| one.seq));
        }
        let expected: BTreeSet<u64> = (1..=head).filter(|seq| refused.contains(seq)).collect();
        prop_assert_eq!(parked, expected);
        prop_assert_eq!(taken.len() as u64 + refused.range(..=head).count() as u64, head);
    }
}
