//! The page being viewed: how long, how far down, and which one came before.

use alloc::string::String;

use crate::{members, text};

/// One view of one page, from its `$pageview` to the next or to its `$pageleave`.
#[derive(Debug)]
pub(crate) struct View {
    /// `$pageview_id`, without quotes: the id of its `$pageview`. Empty before the first.
    pub(crate) id: String,
    /// The id of its `$pageleave`, without quotes, if that was made: the same however often the page is hidden.
    pub(crate) leave_id: String,
    /// JSON string.
    pathname: String,
    began_ms: u64,
    live: bool,
    last: Extent,
    max: Extent,
    scrollable: u32,
    height: u32,
}

/// What was seen of a page, in pixels from its top.
#[derive(Clone, Copy, Debug)]
struct Extent {
    top: u32,
    bottom: u32,
}

const NOTHING: Extent = Extent { top: 0, bottom: 0 };

impl View {
    /// No view yet.
    pub(crate) const fn new() -> Self {
        Self {
            id: String::new(),
            leave_id: String::new(),
            pathname: String::new(),
            began_ms: 0,
            live: false,
            last: NOTHING,
            max: NOTHING,
            scrollable: 0,
            height: 0,
        }
    }

    /// Begins another view, of the page where `place` says `$pathname`, at `monotonic_ms`.
    pub(crate) fn begin(&mut self, id: &str, place: &str, monotonic_ms: u64) {
        text::put(&mut self.id, id);
        self.leave_id.clear();
        self.pathname.clear();
        if let Some(pathname) = members::find(place, "\"$pathname\"") {
            self.pathname.push_str(pathname);
        }
        self.began_ms = monotonic_ms;
        self.live = true;
        (self.last, self.max, self.scrollable, self.height) = (NOTHING, NOTHING, 0, 0);
    }

    /// The visitor scrolled: pixels above the viewport, of the viewport, and of the whole page.
    pub(crate) fn scroll(&mut self, top: u32, viewport: u32, height: u32) {
        let bottom = top.saturating_add(viewport);
        self.last = Extent { top, bottom };
        self.max = Extent { top: self.max.top.max(top), bottom: self.max.bottom.max(bottom) };
        self.scrollable = self.scrollable.max(height.saturating_sub(viewport));
        self.height = self.height.max(height);
    }

    /// Ends the view, and [describes](Self::describe) it. Nothing if it had ended before, so that it is told once.
    pub(crate) fn end(&mut self, out: &mut String, monotonic_ms: u64) {
        self.describe(out, monotonic_ms);
        self.live = false;
    }

    /// Appends which view this is, in `PostHog`'s words; nothing if it has ended.
    pub(crate) fn name(&self, out: &mut String) {
        if self.live {
            members::text(out, "$prev_pageview_id", &self.id);
            if !self.pathname.is_empty() {
                members::raw(out, "$prev_pageview_pathname", &self.pathname);
            }
        }
    }

    /// Appends `PostHog`'s `$prev_pageview_*`: pixels, fractions of 1, and seconds. Nothing if the view has ended.
    pub(crate) fn describe(&self, out: &mut String, monotonic_ms: u64) {
        self.name(out);
        if !self.live {
            return;
        }
        members::key(out, "$prev_pageview_duration");
        let ms = monotonic_ms.saturating_sub(self.began_ms);
        text::digits(out, ms / 1_000);
        text::decimals(out, ms % 1_000, 100);
        extent(out, "last_scroll", self.last.top, self.scrollable);
        extent(out, "max_scroll", self.max.top, self.scrollable);
        extent(out, "last_content", self.last.bottom, self.height);
        extent(out, "max_content", self.max.bottom, self.height);
    }
}

/// Appends `$prev_pageview_<name>` in pixels and as a percentage (which is `PostHog`'s word for a fraction).
fn extent(out: &mut String, name: &str, pixels: u32, of: u32) {
    for (suffix, is_fraction) in [("\":", false), ("_percentage\":", true)] {
        out.push_str(",\"$prev_pageview_");
        out.push_str(name);
        out.push_str(suffix);
        if is_fraction {
            write_fraction(out, pixels, of);
        } else {
            text::digits(out, u64::from(pixels));
        }
    }
}

/// `pixels / of` with four decimals, at most 1. A page that cannot be scrolled has been seen whole.
fn write_fraction(out: &mut String, pixels: u32, of: u32) {
    if of <= 1 || pixels >= of {
        out.push('1');
    } else {
        out.push('0');
        text::decimals(out, u64::from(pixels) * 10_000 / u64::from(of), 1_000);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use std::format;

    const PLACE: &str = r#""$host":"h","$pathname":"/a""#;

    fn view(monotonic_ms: u64) -> View {
        let mut view = View::new();
        view.begin("v1", PLACE, monotonic_ms);
        view
    }

    fn ended(view: &mut View, monotonic_ms: u64) -> Value {
        let mut out = String::new();
        view.end(&mut out, monotonic_ms);
        serde_json::from_str(&format!("{{{out}}}")).unwrap()
    }

    #[test]
    fn the_set_is_posthogs() {
        let mut view = view(1_000);
        view.scroll(600, 800, 2_400);
        view.scroll(400, 800, 2_400);
        assert_eq!(
            ended(&mut view, 13_045),
            json!({
                "$prev_pageview_id": "v1",
                "$prev_pageview_pathname": "/a",
                "$prev_pageview_duration": 12.045,
                "$prev_pageview_last_scroll": 400, "$prev_pageview_last_scroll_percentage": 0.25,
                "$prev_pageview_max_scroll": 600, "$prev_pageview_max_scroll_percentage": 0.375,
                "$prev_pageview_last_content": 1_200, "$prev_pageview_last_content_percentage": 0.5,
                "$prev_pageview_max_content": 1_400, "$prev_pageview_max_content_percentage": 0.5833,
            })
        );
    }

    #[test]
    fn it_ends_once() {
        let mut view = view(0);
        assert_ne!(ended(&mut view, 1), json!({}));
        assert_eq!(ended(&mut view, 2), json!({}));
        assert_eq!(ended(&mut View::new(), 2), json!({}));
    }

    proptest! {
        #[test]
        fn fractions_stay_between_0_and_1(scrolls: std::vec::Vec<(u32, u32, u32)>, ms: u64) {
            let mut view = view(0);
            for (top, viewport, height) in scrolls {
                view.scroll(top, viewport, height);
            }
            for (name, value) in ended(&mut view, ms).as_object().unwrap() {
                if name.ends_with("percentage") {
                    prop_assert!((0.0..=1.0).contains(&value.as_f64().unwrap()), "{name} {value}");
                }
            }
        }
    }
}
