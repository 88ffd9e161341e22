//! One HTML page that needs nothing else: no script, no font, no request.

use super::{chapters, facts, remarks, rows, type_words};
use crate::Plan;

const STYLE: &str = include_str!("page.css");

/// The docs of a plan as one page.
pub fn html(plan: &Plan) -> String {
    let name = escaped(&plan.name);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{name}: tracking plan</title>\n<style>\n{STYLE}</style>\n"
    );
    let chapters = chapters(plan);
    out.push_str(&format!("<nav aria-label=\"Events\">\n<a class=\"plan\" href=\"#top\">{name}</a>\n"));
    let mut at = 0;
    for chapter in &chapters {
        out.push_str(&format!("<h2>{}</h2>\n<ul>\n", escaped(chapter.title)));
        for event in &chapter.events {
            at += 1;
            let gone = if event.deprecated.is_some() { " class=\"deprecated\"" } else { "" };
            out.push_str(&format!("<li><a{gone} href=\"#e{at}\">{}</a>\n", escaped(&event.name)));
        }
        out.push_str("</ul>\n");
    }
    out.push_str("</nav>\n<main id=\"top\">\n");
    out.push_str(&format!("<h1>{name}</h1>\n<p class=\"lead\">{}</p>\n", code(&plan.description)));
    let Plan { version, owner, policy, .. } = plan;
    out.push_str(&format!(
        "<dl><div><dt>version</dt><dd>{version}</dd></div><div><dt>kept by</dt><dd>{}</dd></div>\
         <div><dt>other events</dt><dd>{}ed</dd></div></dl>\n",
        escaped(owner),
        policy.unknown_events.name()
    ));
    if !plan.governance.is_empty() {
        out.push_str("<h2>What is agreed on</h2>\n<ul>\n");
        for rule in &plan.governance {
            out.push_str(&format!("<li>{}\n", code(rule)));
        }
        out.push_str("</ul>\n");
    }
    let mut at = 0;
    for chapter in &chapters {
        out.push_str(&format!("<h2>{}</h2>\n<p>{}</p>\n", escaped(chapter.title), code(chapter.description)));
        for event in &chapter.events {
            at += 1;
            out.push_str(&format!("<article id=\"e{at}\">\n<h3>{}</h3>\n", escaped(&event.name)));
            out.push_str(&format!("<p>{}</p>\n<dl>", code(&event.description)));
            for (name, fact) in facts(plan, event) {
                out.push_str(&format!("<div><dt>{name}</dt><dd>{}</dd></div>", escaped(&fact)));
            }
            out.push_str("</dl>\n");
            let rows = rows(&event.properties);
            if !rows.is_empty() {
                out.push_str("<div class=\"wide\"><table>\n<thead><tr><th>property<th>type<th>about it</thead>\n<tbody>\n");
                for (path, property) in rows {
                    let required = if property.is_required { " <span>required</span>" } else { "" };
                    out.push_str(&format!(
                        "<tr><th scope=\"row\"><code>{}</code>{required}<td>{}<td>{}\n",
                        escaped(&path),
                        type_words(&property.shape),
                        code(&remarks(property).join(" "))
                    ));
                }
                out.push_str("</tbody>\n</table></div>\n");
            }
            out.push_str("</article>\n");
        }
    }
    out.push_str("</main>\n</html>\n");
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Text in which what is between backquotes is code.
fn code(text: &str) -> String {
    let mut out = String::new();
    let mut parts = text.split('`');
    out.push_str(&escaped(parts.next().unwrap_or_default()));
    let mut is_code = true;
    for part in parts {
        let (open, close) = if is_code { ("<code>", "</code>") } else { ("", "") };
        out.push_str(&format!("{open}{}{close}", escaped(part)));
        is_code = !is_code;
    }
    out
}
