//! GA4's own vocabulary: the events that it recommends, and how its wire shortens the names of parameters.

/// An event that GA4 recommends, which is stored under its own name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recommended {
    /// Its name.
    pub event: &'static str,
    /// Its parameters, stored under their own names too.
    pub parameters: &'static [&'static str],
}

const fn recommended(event: &'static str, parameters: &'static [&'static str]) -> Recommended {
    Recommended { event, parameters }
}

const ITEMS: &[&str] = &["currency", "value", "items"];
const LIST: &[&str] = &["item_list_id", "item_list_name", "items"];
const PROMOTION: &[&str] = &["promotion_id", "promotion_name", "creative_name", "creative_slot", "items"];
const ORDER: &[&str] = &[
    "currency",
    "value",
    "transaction_id",
    "coupon",
    "shipping",
    "tax",
    "affiliation",
    "customer_type",
    "items",
];
const VALUE: &[&str] = &["currency", "value"];

/// What GA4 recommends. `login` is in the table of events, too: with a user id it is `$identify`.
pub const RECOMMENDED: [Recommended; 38] = [
    recommended(
        "ad_impression",
        &["ad_platform", "ad_source", "ad_format", "ad_unit_name", "currency", "value"],
    ),
    recommended("add_payment_info", &["currency", "value", "coupon", "payment_type", "items"]),
    recommended("add_shipping_info", &["currency", "value", "coupon", "shipping_tier", "items"]),
    recommended("add_to_cart", ITEMS),
    recommended("add_to_wishlist", ITEMS),
    recommended("begin_checkout", &["currency", "value", "coupon", "items"]),
    recommended("campaign_details", &["campaign_id", "campaign", "source", "medium", "term", "content"]),
    recommended("close_convert_lead", VALUE),
    recommended("close_unconvert_lead", &["currency", "value", "unconvert_lead_reason"]),
    recommended("disqualify_lead", &["currency", "value", "disqualified_lead_reason"]),
    recommended("earn_virtual_currency", &["virtual_currency_name", "value"]),
    recommended("generate_lead", &["currency", "value", "lead_source"]),
    recommended("join_group", &["group_id"]),
    recommended("level_end", &["level_name", "success"]),
    recommended("level_start", &["level_name"]),
    recommended("level_up", &["level", "character"]),
    recommended("login", &["method"]),
    recommended("post_score", &["score", "level", "character"]),
    recommended("purchase", ORDER),
    recommended("qualify_lead", VALUE),
    recommended("refund", ORDER),
    recommended("remove_from_cart", ITEMS),
    recommended("search", &["search_term"]),
    recommended("select_content", &["content_type", "content_id"]),
    recommended("select_item", LIST),
    recommended("select_promotion", PROMOTION),
    recommended("share", &["method", "content_type", "item_id"]),
    recommended("sign_up", &["method"]),
    recommended("spend_virtual_currency", &["virtual_currency_name", "value", "item_name"]),
    recommended("tutorial_begin", &[]),
    recommended("tutorial_complete", &[]),
    recommended("unlock_achievement", &["achievement_id"]),
    recommended("view_cart", ITEMS),
    recommended("view_item", ITEMS),
    recommended("view_item_list", LIST),
    recommended("view_promotion", PROMOTION),
    recommended("view_search_results", &["search_term"]),
    recommended("working_lead", &["currency", "value", "lead_status"]),
];

/// What GA4's tag captures by itself, as our autocapture does under the same names.
pub const AUTOMATIC: [Recommended; 8] = [
    recommended("click", &["link_id", "link_classes", "link_url", "link_domain", "outbound"]),
    recommended(
        "file_download",
        &["link_id", "link_classes", "link_url", "link_text", "file_name", "file_extension"],
    ),
    recommended(
        "form_start",
        &["form_id", "form_name", "form_destination", "form_length", "first_field_id", "first_field_name"],
    ),
    recommended(
        "form_submit",
        &["form_id", "form_name", "form_destination", "form_length", "form_submit_text"],
    ),
    recommended("scroll", &["percent_scrolled"]),
    recommended("video_complete", VIDEO),
    recommended("video_progress", VIDEO),
    recommended("video_start", VIDEO),
];

const VIDEO: &[&str] = &[
    "video_current_time",
    "video_duration",
    "video_percent",
    "video_provider",
    "video_title",
    "video_url",
    "visible",
];

/// Keys of `/g/collect` and the parameters that they hold. What is only the protocol's (`v`, `tid`, `_p`, consent) is
/// no parameter and not here.
pub const WIRE_KEYS: [(&str, &str); 22] = [
    ("dl", "page_location"),
    ("dr", "page_referrer"),
    ("dt", "page_title"),
    ("dp", "page_path"),
    ("dh", "hostname"),
    ("ul", "language"),
    ("sr", "screen_resolution"),
    ("sid", "session_id"),
    ("sct", "session_number"),
    ("seg", "session_engaged"),
    ("cid", "client_id"),
    ("uid", "user_id"),
    ("_et", "engagement_time_msec"),
    ("cu", "currency"),
    ("tt", "traffic_type"),
    ("cs", "campaign_source"),
    ("cm", "campaign_medium"),
    ("cn", "campaign_name"),
    ("ck", "campaign_term"),
    ("cc", "campaign_content"),
    ("ci", "campaign_id"),
    ("_dbg", "debug_mode"),
];

/// Codes of an item's fields in `pr1`…`pr200`.
pub const ITEM_CODES: [(&str, &str); 22] = [
    ("id", "item_id"),
    ("nm", "item_name"),
    ("br", "item_brand"),
    ("ca", "item_category"),
    ("c2", "item_category2"),
    ("c3", "item_category3"),
    ("c4", "item_category4"),
    ("c5", "item_category5"),
    ("va", "item_variant"),
    ("pr", "price"),
    ("qt", "quantity"),
    ("cp", "coupon"),
    ("ds", "discount"),
    ("ln", "item_list_name"),
    ("li", "item_list_id"),
    ("lp", "index"),
    ("af", "affiliation"),
    ("pi", "promotion_id"),
    ("pn", "promotion_name"),
    ("cn", "creative_name"),
    ("cs", "creative_slot"),
    ("lo", "location_id"),
];
