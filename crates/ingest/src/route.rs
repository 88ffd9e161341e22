//! Which path takes what.

use crate::{Protocol, Refusal, Settings};

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// Takes events.
    Ingest(Protocol),
    /// Gives stored events.
    ReadEvents,
    /// Gives the ledger.
    ReadLedger,
    /// Says that the collector is up.
    Readiness,
}

/// The paths of `PostHog`'s clients, without the slashes at their ends.
const BATCH_PATHS: [&str; 5] = ["batch", "e", "i/v0/e", "capture", "track"];

/// Finds the route. Every path is served with and without its trailing slash.
pub(crate) fn route(settings: &Settings, method: &str, path: &str) -> Result<Route, Refusal> {
    let bare = path.trim_matches('/');
    let (route, allowed) = match (bare, method) {
        ("_readiness", _) => (Route::Readiness, "GET"),
        ("v1/events", "POST") => (Route::Ingest(Protocol::DomainEvents), "POST"),
        ("v1/events", "GET") => (Route::ReadEvents, "GET"),
        ("v1/events", _) => return Err(Refusal::method_not_allowed(method, "GET or POST")),
        ("v1/ledger", _) => (Route::ReadLedger, "GET"),
        _ if BATCH_PATHS.contains(&bare)
            || settings.ingest_paths.iter().any(|p| p.trim_matches('/') == bare) =>
        {
            (Route::Ingest(Protocol::Batch), "POST")
        }
        _ => return Err(Refusal::not_found(path)),
    };
    if method == allowed { Ok(route) } else { Err(Refusal::method_not_allowed(method, allowed)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(method: &str, path: &str) -> Result<Route, u16> {
        let settings = Settings { ingest_paths: vec!["/metrics/".into(), "a/b".into()] };
        route(&settings, method, path).map_err(|refusal| refusal.answer().status)
    }

    #[test]
    fn every_ingest_path_is_served_with_and_without_its_slash() {
        for path in ["/batch", "/e", "/i/v0/e", "/capture", "/track", "/metrics", "/a/b"] {
            for path in [path.to_owned(), format!("{path}/")] {
                assert_eq!(status("POST", &path), Ok(Route::Ingest(Protocol::Batch)), "{path}");
                assert_eq!(status("GET", &path), Err(405), "{path}");
            }
        }
    }

    #[test]
    fn our_own_paths() {
        assert_eq!(status("POST", "/v1/events"), Ok(Route::Ingest(Protocol::DomainEvents)));
        assert_eq!(status("GET", "/v1/events/"), Ok(Route::ReadEvents));
        assert_eq!(status("PUT", "/v1/events"), Err(405));
        assert_eq!(status("GET", "/v1/ledger"), Ok(Route::ReadLedger));
        assert_eq!(status("POST", "/v1/ledger"), Err(405));
        assert_eq!(status("GET", "/_readiness"), Ok(Route::Readiness));
        assert_eq!(status("DELETE", "/_readiness"), Err(405));
    }

    #[test]
    fn the_rest_is_not_found() {
        for path in ["/", "", "/i/v0/e/x", "/flags/", "/s/", "/v1", "/Batch"] {
            assert_eq!(status("POST", path), Err(404), "{path}");
        }
    }
}
