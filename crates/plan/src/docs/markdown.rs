//! Markdown, as GitHub and GitLab show it.

use super::{chapters, facts, remarks, rows, type_words};
use crate::Plan;

/// The docs of a plan as one page.
pub fn markdown(plan: &Plan) -> String {
    let mut out = format!("# {}\n\n", escaped(&plan.name));
    if !plan.description.is_empty() {
        out.push_str(&format!("{}\n\n", prose(&plan.description)));
    }
    let Plan { version, owner, policy, .. } = plan;
    out.push_str(&format!("Version {version}, kept by {}. ", escaped(owner)));
    out.push_str(&format!("Events that are not in here are {}ed.\n", policy.unknown_events.name()));
    if !plan.governance.is_empty() {
        out.push_str("\n## What is agreed on\n\n");
        for rule in &plan.governance {
            out.push_str(&format!("- {}\n", prose(rule)));
        }
    }
    for chapter in chapters(plan) {
        out.push_str(&format!("\n## {}\n", escaped(chapter.title)));
        if !chapter.description.is_empty() {
            out.push_str(&format!("\n{}\n", prose(chapter.description)));
        }
        for event in chapter.events {
            let facts: Vec<String> =
                facts(plan, event).iter().map(|(name, fact)| format!("{name}: {}", escaped(fact))).collect();
            out.push_str(&format!("\n### {}\n\n", escaped(&event.name)));
            out.push_str(&format!("{}\n\n{}\n", prose(&event.description), facts.join(" · ")));
            let rows = rows(&event.properties);
            if rows.is_empty() {
                continue;
            }
            out.push_str("\n| property | type | required | |\n|---|---|---|---|\n");
            for (path, property) in rows {
                let required = if property.is_required { "yes" } else { "" };
                let remarks = remarks(property).join(" ");
                let (path, kind) = (escaped(&path), type_words(&property.shape));
                out.push_str(&format!("| {path} | {kind} | {required} | {} |\n", prose(&remarks)));
            }
        }
    }
    out
}

/// Text that Markdown takes for text.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '$' => {
                out.push('\\');
                out.push(c);
            }
            '\n' | '\r' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Text with pieces of code in it, fit for a cell of a table.
fn prose(text: &str) -> String {
    let mut parts = text.split('`');
    let mut out = escaped(parts.next().unwrap_or_default());
    let mut is_code = true;
    for part in parts {
        out.push('`');
        if is_code {
            out.push_str(&part.replace('|', "\\|").replace(['\n', '\r'], " "));
        } else {
            out.push_str(&escaped(part));
        }
        is_code = !is_code;
    }
    out
}
