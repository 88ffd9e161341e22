//! Which path takes what.

use crate::{Protocol, Refusal, Settings, admin, posthog::Call};

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route<'p> {
    /// Takes events.
    Ingest(Protocol),
    /// Answers what `PostHog`'s clients ask besides.
    PostHog(Call<'p>),
    /// Takes events as `/g/collect` does.
    Collect,
    /// Takes pings of Google's advertising, which are no events.
    SidePing,
    /// Says what Google would have to say of a Measurement Protocol request, and stores nothing.
    Validate,
    /// Gives stored events.
    ReadEvents,
    /// Gives who is who.
    ReadIdentities,
    /// Gives the ledger.
    ReadLedger,
    /// Gives quarantined events.
    ListQuarantine,
    /// Gives the one of this id.
    ShowQuarantined(&'p str),
    /// Judges them again.
    ReplayQuarantine,
    /// Gives them up.
    PurgeQuarantine,
    /// Gives figures for Prometheus.
    Metrics,
    /// Reads or changes the registry.
    Admin(admin::Route<'p>),
    /// Gives receipts of erasures.
    ListErasures,
    /// Has somebody forgotten.
    OrderErasure,
    /// Gives the destinations, and how far each is.
    ListDestinations,
    /// Lets the one of this name go on.
    ResumeDestination(&'p str),
    /// Gives what destinations would not take.
    ListParked,
    /// Says where the event of this id is.
    ShowDelivery(&'p str),
    /// Has it tried again.
    RetryParked,
    /// Gives it up.
    DropParked,
    /// Says that the collector is up.
    Readiness,
}

impl Route<'_> {
    /// What it is called in metrics and logs; nothing of the path is in it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ingest(Protocol::Batch | Protocol::Beacon) => "batch",
            Self::Ingest(Protocol::Engage) => "engage",
            Self::Ingest(Protocol::CaptureV1) => "capture_v1",
            Self::Ingest(Protocol::DomainEvents) => "domain_events",
            Self::Ingest(Protocol::Measurement) => "measurement",
            Self::Ingest(Protocol::Collect { .. }) | Self::Collect => "collect",
            Self::PostHog(_) => "posthog",
            Self::SidePing => "side_ping",
            Self::Validate => "validate",
            Self::ReadEvents => "read_events",
            Self::ReadIdentities => "read_identities",
            Self::ReadLedger => "read_ledger",
            Self::ListQuarantine => "list_quarantine",
            Self::ShowQuarantined(_) => "show_quarantined",
            Self::ReplayQuarantine => "replay_quarantine",
            Self::PurgeQuarantine => "purge_quarantine",
            Self::ListErasures => "list_erasures",
            Self::OrderErasure => "order_erasure",
            Self::ListDestinations => "list_destinations",
            Self::ResumeDestination(_) => "resume_destination",
            Self::ListParked => "list_parked",
            Self::ShowDelivery(_) => "show_delivery",
            Self::RetryParked => "retry_parked",
            Self::DropParked => "drop_parked",
            Self::Metrics => "metrics",
            Self::Admin(_) => "admin",
            Self::Readiness => "readiness",
        }
    }

    /// The protocol by which it takes events, if it does.
    pub(crate) const fn protocol(self) -> Option<Protocol> {
        match self {
            Self::Ingest(protocol) => Some(protocol),
            Self::Collect => Some(Protocol::Collect { as_image: false }),
            _ => None,
        }
    }
}

/// The paths of `PostHog`'s clients, without the slashes at their ends.
const BATCH_PATHS: [&str; 5] = ["batch", "e", "i/v0/e", "capture", "track"];

/// Whether a path is one of `PostHog`'s that only its own clients use: ours, and its libraries for servers, send to `/batch/`.
pub(crate) fn is_posthogs_own(path: &str) -> bool {
    let bare = path.trim_matches('/');
    bare == "engage" || (bare != "batch" && BATCH_PATHS.contains(&bare))
}

/// The methods that a path is for. HEAD is a GET of which only the head is sent.
#[derive(Clone, Copy)]
enum Methods {
    Get,
    Post,
    GetAndPost,
}

impl Methods {
    fn has(self, method: &str) -> bool {
        let is_get = matches!(method, "GET" | "HEAD");
        match self {
            Self::Get => is_get,
            Self::Post => method == "POST",
            Self::GetAndPost => is_get || method == "POST",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::GetAndPost => "GET or POST",
        }
    }
}

/// GA4's web protocol, at the end of whatever path stands in front: `transport_url` and `server_container_url` may have
/// one. The last two are those of Google's tag gateway.
const COLLECT_PATHS: [&str; 3] = ["g/collect", "ga/g/c", "ag/g/c"];

/// What `gtag` asks beside its hits, in the same places.
const SIDE_PING_PATHS: [&str; 4] =
    ["g/s/collect", "mc/collect", "ads/ga-audiences", "measurement/conversion"];

/// The route of GA4's web clients, if the path is theirs.
fn collect_route(bare: &str) -> Option<Route<'static>> {
    let is_one_of = |ends: &[&str]| {
        ends.iter()
            .any(|end| bare.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('/')))
    };
    let is_ping = is_one_of(&SIDE_PING_PATHS).then_some(Route::SidePing);
    is_ping.or_else(|| is_one_of(&COLLECT_PATHS).then_some(Route::Collect))
}

/// The name in `v1/destinations/<name>/resume`.
fn resumed(bare: &str) -> Option<&str> {
    bare.strip_prefix("v1/destinations/")?.strip_suffix("/resume").filter(|name| !name.contains('/'))
}

/// Finds the route. Every path is served with and without its trailing slash.
pub(crate) fn route<'p>(settings: &Settings, method: &str, path: &'p str) -> Result<Route<'p>, Refusal> {
    let bare = path.trim_matches('/');
    let (route, methods) = match (bare, method) {
        ("" | "_readiness" | "_liveness", _) => (Route::Readiness, Methods::Get),
        ("v1/events", "GET") => (Route::ReadEvents, Methods::Get),
        ("v1/events", "POST") => (Route::Ingest(Protocol::DomainEvents), Methods::Post),
        ("v1/erasures", "POST") => (Route::OrderErasure, Methods::Post),
        ("v1/erasures", "GET") => (Route::ListErasures, Methods::Get),
        ("v1/events" | "v1/erasures", _) => {
            return Err(Refusal::method_not_allowed(method, Methods::GetAndPost.name()));
        }
        ("v1/identities", _) => (Route::ReadIdentities, Methods::Get),
        ("v1/ledger", _) => (Route::ReadLedger, Methods::Get),
        ("v1/quarantine", _) => (Route::ListQuarantine, Methods::Get),
        ("v1/quarantine/replay", _) => (Route::ReplayQuarantine, Methods::Post),
        ("v1/quarantine/purge", _) => (Route::PurgeQuarantine, Methods::Post),
        _ if let Some(id) = bare.strip_prefix("v1/quarantine/") => (Route::ShowQuarantined(id), Methods::Get),
        _ if let Some(rest) = bare.strip_prefix("v1/admin/") => {
            return admin::route(method, path, rest).map(Route::Admin);
        }
        ("v1/destinations", _) => (Route::ListDestinations, Methods::Get),
        ("v1/deliveries/parked", _) => (Route::ListParked, Methods::Get),
        ("v1/deliveries/retry", _) => (Route::RetryParked, Methods::Post),
        ("v1/deliveries/drop", _) => (Route::DropParked, Methods::Post),
        _ if let Some(id) = bare.strip_prefix("v1/deliveries/") => (Route::ShowDelivery(id), Methods::Get),
        _ if let Some(name) = resumed(bare) => (Route::ResumeDestination(name), Methods::Post),
        ("i/v1/analytics/events" | "i/v1/ai/events", _) => {
            (Route::Ingest(Protocol::CaptureV1), Methods::Post)
        }
        ("engage", _) => (Route::Ingest(Protocol::Engage), Methods::GetAndPost),
        _ if BATCH_PATHS.contains(&bare)
            || settings.ingest_paths.iter().any(|p| p.trim_matches('/') == bare) =>
        {
            (Route::Ingest(Protocol::Batch), Methods::GetAndPost)
        }
        // Behind the owner's own paths, of which it may be one.
        ("metrics", _) => (Route::Metrics, Methods::Get),
        ("mp/collect", _) => (Route::Ingest(Protocol::Measurement), Methods::Post),
        ("debug/mp/collect", _) => (Route::Validate, Methods::Post),
        // A HEAD would be an event that nobody meant.
        (_, "GET" | "POST") if let Some(route) = collect_route(bare) => return Ok(route),
        _ => {
            let call = Call::of(bare).ok_or_else(|| Refusal::not_found(path))?;
            (Route::PostHog(call), if call.is_posted() { Methods::GetAndPost } else { Methods::Get })
        }
    };
    if methods.has(method) { Ok(route) } else { Err(Refusal::method_not_allowed(method, methods.name())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status<'p>(method: &str, path: &'p str) -> Result<Route<'p>, u16> {
        let settings =
            Settings { ingest_paths: vec!["/metrics/".into(), "a/b".into()], ..Settings::default() };
        route(&settings, method, path).map_err(|refusal| refusal.answer().status)
    }

    #[test]
    fn every_ingest_path_is_served_with_and_without_its_slash() {
        for path in ["/batch", "/e", "/i/v0/e", "/capture", "/track", "/metrics", "/a/b"] {
            for path in [path.to_owned(), format!("{path}/")] {
                for method in ["POST", "GET", "HEAD"] {
                    assert_eq!(status(method, &path), Ok(Route::Ingest(Protocol::Batch)), "{method} {path}");
                }
                assert_eq!(status("PUT", &path), Err(405), "{path}");
            }
        }
        assert_eq!(status("POST", "/engage/"), Ok(Route::Ingest(Protocol::Engage)));
    }

    #[test]
    fn our_own_paths() {
        assert_eq!(status("POST", "/v1/events"), Ok(Route::Ingest(Protocol::DomainEvents)));
        assert_eq!(status("GET", "/v1/events/"), Ok(Route::ReadEvents));
        assert_eq!(status("PUT", "/v1/events"), Err(405));
        assert_eq!(status("GET", "/v1/ledger"), Ok(Route::ReadLedger));
        assert_eq!(status("POST", "/v1/ledger"), Err(405));
        assert_eq!(status("GET", "/v1/identities"), Ok(Route::ReadIdentities));
        assert_eq!(status("POST", "/v1/identities/"), Err(405));
        assert_eq!(status("GET", "/v1/quarantine/"), Ok(Route::ListQuarantine));
        assert_eq!(status("GET", "/v1/quarantine/01a1"), Ok(Route::ShowQuarantined("01a1")));
        assert_eq!(status("POST", "/v1/quarantine/replay"), Ok(Route::ReplayQuarantine));
        assert_eq!(status("GET", "/v1/quarantine/purge"), Err(405));
        assert_eq!(status("POST", "/v1/quarantine/01a1"), Err(405));
        assert_eq!(status("POST", "/v1/erasures"), Ok(Route::OrderErasure));
        assert_eq!(status("GET", "/v1/erasures/"), Ok(Route::ListErasures));
        assert_eq!(status("DELETE", "/v1/erasures"), Err(405));
        assert_eq!(status("GET", "/v1/destinations"), Ok(Route::ListDestinations));
        assert_eq!(status("POST", "/v1/destinations/a/resume"), Ok(Route::ResumeDestination("a")));
        assert_eq!(status("POST", "/v1/destinations/a/b/resume"), Err(404));
        assert_eq!(status("GET", "/v1/deliveries/parked/"), Ok(Route::ListParked));
        assert_eq!(status("POST", "/v1/deliveries/retry"), Ok(Route::RetryParked));
        assert_eq!(status("GET", "/v1/deliveries/drop"), Err(405));
        assert_eq!(status("GET", "/v1/deliveries/01a1/"), Ok(Route::ShowDelivery("01a1")));
        assert_eq!(status("POST", "/v1/deliveries/01a1"), Err(405));
        assert_eq!(status("GET", "/_readiness"), Ok(Route::Readiness));
        assert_eq!(status("GET", "/v1/quarantine/wk_secret").map(Route::name), Ok("show_quarantined"));
        assert_eq!(status("GET", "/"), Ok(Route::Readiness));
        assert_eq!(status("DELETE", "/_readiness"), Err(405));
        let metrics =
            |method| route(&Settings::default(), method, "/metrics").map_err(|refusal| refusal.status());
        assert_eq!((metrics("GET"), metrics("POST")), (Ok(Route::Metrics), Err(405)));
    }

    #[test]
    fn what_posthogs_clients_ask_besides() {
        for (method, path, call) in [
            ("GET", "/array/phc_1/config.js", Call::ConfigScript("phc_1")),
            ("GET", "/array/phc_1/config", Call::Config("phc_1")),
            ("HEAD", "/array/phc_1/config/", Call::Config("phc_1")),
            ("POST", "/flags/", Call::Flags),
            ("POST", "/decide", Call::Decide),
            ("POST", "/s/", Call::Recording),
            ("GET", "/api/surveys/", Call::Surveys),
        ] {
            assert_eq!(status(method, path), Ok(Route::PostHog(call)), "{method} {path}");
        }
        assert_eq!(status("POST", "/array/phc_1/config"), Err(405));
        for path in ["/array//config", "/array/a%22b/config", "/array/phc_1/array.js", "/static/surveys.js"] {
            assert_eq!(status("GET", path), Err(404), "{path}");
        }
    }

    #[test]
    fn paths_of_ga4() {
        for path in ["/g/collect", "/g/collect/", "/analytics/g/collect", "/a/b/ga/g/c", "/x/ag/g/c"] {
            assert_eq!(status("POST", path), Ok(Route::Collect), "{path}");
            assert_eq!(status("GET", path), Ok(Route::Collect), "{path}");
        }
        for path in ["/g/s/collect", "/x/g/s/collect", "/mc/collect", "/ads/ga-audiences"] {
            assert_eq!(status("GET", path), Ok(Route::SidePing), "{path}");
        }
        assert_eq!(status("POST", "/mp/collect"), Ok(Route::Ingest(Protocol::Measurement)));
        assert_eq!(status("GET", "/mp/collect"), Err(405));
        assert_eq!(status("POST", "/debug/mp/collect"), Ok(Route::Validate));
        for path in ["/bg/collect", "/g/collect/x", "/_/service_worker/66u0/sw_iframe.html", "/analytics"] {
            assert_eq!(status("GET", path), Err(404), "{path}");
        }
    }

    #[test]
    fn the_rest_is_not_found() {
        for path in ["/i/v0/e/x", "/i/v1/logs", "/v1", "/Batch", "/batch/x"] {
            assert_eq!(status("POST", path), Err(404), "{path}");
        }
    }
}
