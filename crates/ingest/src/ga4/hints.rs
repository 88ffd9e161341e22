//! User-agent client hints (`uap`, `uafvl`…), as the properties that `PostHog`'s clients read from the user agent.
//!
//! Of the hints, only what those properties hold is kept: architecture, bitness and full versions tell visitors apart
//! and nothing about a product.

use super::{
    hit::{Hit, decoded_again},
    object::Object,
};

/// Brands and what `PostHog` calls the browser. The first that is in the list decides: each names its ancestors too.
const BROWSERS: [(&str, &str); 5] = [
    ("Microsoft Edge", "Microsoft Edge"),
    ("Opera", "Opera"),
    ("Samsung Internet", "Samsung Internet"),
    ("Google Chrome", "Chrome"),
    ("Chromium", "Chrome"),
];

/// Platforms that `PostHog` calls otherwise.
const SYSTEMS: [(&str, &str); 2] = [("macOS", "Mac OS X"), ("Chromium OS", "Chrome OS")];

/// Adds what the hints say.
pub(super) fn write(object: &mut Object, hit: &Hit<'_>) {
    let platform = hit.get("uap");
    if let Some(platform) = platform {
        let known = SYSTEMS.iter().find(|(hint, _)| *hint == platform);
        object.text("$os", known.map_or(platform, |(_, system)| system));
    }
    object.optional_text("$os_version", hit.get("uapv"));
    // Some clients write 0 for none.
    object.optional_text("$device_model", hit.get("uam").filter(|model| *model != "0"));
    match hit.get("uamb") {
        Some("1") => object.text("$device_type", "Mobile"),
        // What is Android and not mobile is a tablet.
        Some("0") => {
            object.text("$device_type", if platform == Some("Android") { "Tablet" } else { "Desktop" });
        }
        _ => {}
    }
    if let Some(list) = hit.get("uafvl") {
        write_browser(object, list);
    }
}

/// Adds the browser of a list `brand;version|brand;version`, brands encoded once more (some clients: all of it).
fn write_browser(object: &mut Object, list: &str) {
    let list = if list.contains(';') { list.to_owned() } else { decoded_again(list) };
    let brands: Vec<(String, &str)> = list
        .split('|')
        .filter_map(|brand| brand.rsplit_once(';'))
        .map(|(brand, version)| (decoded_again(brand), version))
        .collect();
    for (known, browser) in BROWSERS {
        let Some((_, version)) = brands.iter().find(|(brand, _)| brand == known) else { continue };
        object.text("$browser", browser);
        object.number("$browser_version", major_and_minor(version));
        return;
    }
}

/// `156.0` of `156.0.8078.79`.
fn major_and_minor(version: &str) -> &str {
    let mut dots = version.match_indices('.').map(|(at, _)| at);
    let end = dots.nth(1).unwrap_or(version.len());
    version.get(..end).unwrap_or_default()
}
