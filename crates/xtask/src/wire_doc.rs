//! The tables of docs/WIRE.md, written from `tallymark_event::names`.

use std::fmt::Write as _;

use tallymark_event::names;

/// Where the tables begin and end in the page, whose prose is written by hand.
const BEGIN: &str = "<!-- Names: written by `cargo xtask gen` from crates/event/src/names.rs -->\n";
const END: &str = "<!-- End of names -->\n";

/// The page with its tables as the code has them; `None` if it has no place for them.
pub fn with_names(page: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}{}\n{END}{after}", tables()))
}

fn tables() -> String {
    let mut out = String::new();
    for (title, rows) in [("Events", &names::EVENTS[..]), ("Parameters", &names::PARAMETERS[..])] {
        heading(&mut out, title, &["stored (PostHog's)", "GA4's", "where", "note"]);
        for row in rows {
            let within = if row.within.is_empty() { "everywhere".to_owned() } else { code(row.within) };
            line(&mut out, &[code(row.posthog), code(row.ga4), within, row.note.to_owned()]);
        }
    }
    let one_way = [
        ("Other words for events, to GA4 only", &names::ALSO_TO_GA4[..]),
        ("Other words for parameters of recommended events, to GA4 only", &names::ALSO_PARAMETERS_TO_GA4),
        ("GA4's words for a campaign, in `campaign_details`, from GA4 only", &names::ALSO_TO_POSTHOG),
        ("Keys of `/g/collect`", &names::WIRE_KEYS),
        ("Codes of an item's fields in `pr1`…", &names::ITEM_CODES),
    ];
    for (title, pairs) in one_way {
        heading(&mut out, title, &["from", "to"]);
        for (from, to) in pairs {
            line(&mut out, &[code(from), code(to)]);
        }
    }
    for (title, events) in [
        ("Recommended by GA4: stored under their own names", &names::RECOMMENDED[..]),
        ("Captured by GA4's tag itself: stored under their own names", &names::AUTOMATIC),
    ] {
        heading(&mut out, title, &["event", "parameters"]);
        for known in events {
            let parameters: Vec<String> = known.parameters.iter().map(|name| code(name)).collect();
            line(&mut out, &[code(known.event), parameters.join(", ")]);
        }
    }
    out
}

fn heading(out: &mut String, title: &str, columns: &[&str]) {
    let _ = writeln!(out, "\n### {title}");
    line(out, &columns.iter().map(|&column| column.to_owned()).collect::<Vec<_>>());
    line(out, &vec!["---".to_owned(); columns.len()]);
}

fn line(out: &mut String, cells: &[String]) {
    let _ = writeln!(out, "| {} |", cells.join(" | "));
}

fn code(name: &str) -> String {
    format!("`{name}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_is_written() {
        let page = format!("before\n{BEGIN}old\n{END}after\n");
        let written = with_names(&page).unwrap();
        assert!(written.starts_with("before\n") && written.ends_with("after\n") && !written.contains("old"));
        assert!(written.contains("| `$pageview` | `page_view` |"));
        assert_eq!(with_names(&written).as_deref(), Some(written.as_str()));
        assert_eq!(with_names("no marks"), None);
    }
}
