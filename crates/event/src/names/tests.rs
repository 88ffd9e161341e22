use alloc::{collections::BTreeSet, vec::Vec};

use super::*;

/// The event in which a row of parameters holds; any, if it holds everywhere.
fn event_of(row: &Name) -> &'static str {
    if row.within.is_empty() { "recipe_scaled" } else { row.within }
}

fn all_differ<'n>(names: impl Iterator<Item = &'n str>) -> bool {
    let names: Vec<_> = names.collect();
    names.iter().collect::<BTreeSet<_>>().len() == names.len()
}

#[test]
fn there_and_back_is_the_same_for_every_row() {
    for row in EVENTS {
        assert_eq!(event_to_ga4(row.posthog), row.ga4);
        assert_eq!(event_from_ga4(row.ga4, true), row.posthog);
        assert_eq!(event_to_ga4(event_from_ga4(row.ga4, false)), row.ga4);
    }
    for row in PARAMETERS {
        let event = event_of(&row);
        assert_eq!(parameter_to_ga4(event, row.posthog), row.ga4);
        assert_eq!(parameter_from_ga4(event, row.ga4), row.posthog);
    }
    for (key, parameter) in WIRE_KEYS {
        assert_eq!(parameter_of_wire_key(key), Some(parameter));
        assert_eq!(wire_key_of_parameter(parameter), Some(key));
    }
    for (code, field) in ITEM_CODES {
        assert_eq!(item_field_of_code(code), Some(field));
        assert_eq!(code_of_item_field(field), Some(code));
    }
}

#[test]
fn no_name_stands_for_two_things() {
    for rows in [&EVENTS[..], &PARAMETERS[..]] {
        assert!(all_differ(rows.iter().map(|row| row.posthog)));
        assert!(all_differ(rows.iter().map(|row| row.ga4)));
    }
    assert!(all_differ(RECOMMENDED.iter().chain(&AUTOMATIC).map(|known| known.event)));
}

#[test]
fn recommended_events_and_their_parameters_stay_what_they_are() {
    for known in RECOMMENDED.iter().chain(&AUTOMATIC) {
        assert_eq!(event_from_ga4(known.event, false), known.event);
        assert_eq!(event_to_ga4(known.event), known.event);
        // A campaign's parameters are the one exception: they have names of their own.
        for parameter in known.parameters.iter().filter(|_| known.event != "campaign_details") {
            assert_eq!(parameter_from_ga4(known.event, parameter), *parameter);
            assert_eq!(parameter_to_ga4(known.event, parameter), *parameter);
        }
    }
}

#[test]
fn unknown_names_pass() {
    for name in ["", "recipe_scaled", "$autocapture", "Page_View", "é"] {
        assert_eq!(event_from_ga4(name, true), name);
        assert_eq!(event_to_ga4(name), name);
        assert_eq!(parameter_from_ga4("page_view", name), name);
        assert_eq!(parameter_to_ga4("purchase", name), name);
        assert_eq!(parameter_of_wire_key(name), None);
        assert_eq!(item_field_of_code(name), None);
    }
}

#[test]
fn a_word_means_something_only_where_it_does() {
    assert_eq!(event_from_ga4("login", true), "$identify");
    assert_eq!(event_from_ga4("login", false), "login");
    assert_eq!(parameter_from_ga4("exception", "description"), "$exception_message");
    assert_eq!(parameter_from_ga4("recipe_scaled", "description"), "description");
    assert_eq!(parameter_to_ga4("recipe_scaled", "title"), "title");
    assert_eq!(parameter_from_ga4("campaign_details", "source"), "utm_source");
    assert_eq!(parameter_from_ga4("generate_lead", "source"), "source");
}

#[test]
fn other_words_reach_ga4_as_what_they_mean() {
    for (word, event) in ALSO_TO_GA4 {
        assert_eq!(event_to_ga4(word), event);
        assert!(RECOMMENDED.iter().any(|known| known.event == event), "{event}");
    }
    assert_eq!(event_to_ga4("Order Completed"), "purchase");
    assert_eq!(parameter_to_ga4("purchase", "products"), "items");
    assert_eq!(parameter_to_ga4("recipe_scaled", "products"), "products");
}

#[test]
fn no_parameter_takes_anothers_place() {
    let taken = |names: &'static [&'static str]| move |name: &str| names.contains(&name);
    assert_eq!(rename("page_title", "title", taken(&["dt"])), "title");
    assert_eq!(rename("page_title", "title", taken(&["title"])), "page_title");
    assert_eq!(rename("items", "items", taken(&["items"])), "items");
}
