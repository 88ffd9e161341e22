//! Shedding load: who sends too much is told so as early and as cheaply as may be, and nobody else notices.
//!
//! | when | what is known | what holds |
//! |---|---|---|
//! | before the body is read | the address; the key, if it is in the head | the address's rate, or the server key's |
//! | when the tenant is known | all | the tenant's quota, the key's rate, the address's at this tenant |
//! | in the tenant's log | how many events the day has | the tenant's quota |
//!
//! Rates hold for each isolate; the platform's own rate limits, where they are bound, for all of a place. What is refused
//! costs its tenant nothing in the log: the log's own refusal is remembered here, and all refusals are counted here until
//! they are written down.

use std::hash::{DefaultHasher, Hash, Hasher};

use tallymark_event::{Source, Timestamp};

use crate::{
    Network, OrganizationLimits, Rate, Refusal, Settings,
    admit::Admission,
    bucket::{Buckets, Wait},
    limits::{ADDRESS_BUCKETS, KEY_BUCKETS, MAX_CACHED_OVER_QUOTA, OVER_QUOTA_TTL_MS},
    refusal::Limited,
    shelf::Shelf,
    tally::Tally,
};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Over how many seconds of the new day those who wait for it come back: each at the second of the minute in which it was
/// refused, so that they are no more at once than they were.
const SPREAD_S: i64 = 60;

/// Who has sent how much lately.
#[derive(Debug)]
pub(crate) struct Shed {
    seed: u64,
    address_rate: Rate,
    /// Of addresses, at the collector and at single tenants.
    addresses: Buckets,
    keys: Buckets,
    /// Tenants whose day is full, and which day.
    over_quota: Shelf<i64>,
    pub(crate) tally: Tally,
}

impl Shed {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            seed: settings.seed,
            address_rate: settings.address_rate,
            addresses: Buckets::new(ADDRESS_BUCKETS),
            keys: Buckets::new(KEY_BUCKETS),
            over_quota: Shelf::new(OVER_QUOTA_TTL_MS, MAX_CACHED_OVER_QUOTA),
            tally: Tally::default(),
        }
    }

    /// A request from there, to whomever.
    pub(crate) fn arrived_from(&mut self, network: Network, now: Timestamp) -> Result<(), Refusal> {
        let id = self.id(("address", network.bits()));
        self.addresses.take(id, self.address_rate, now).map_err(|wait| limited(Limited::Address, wait))
    }

    /// Whether a request to store events with a server key in its head has a chance. Takes nothing: [`Self::admitted`] will.
    pub(crate) fn check_server_key(
        &mut self,
        organization_id: &str,
        lookup: &str,
        limits: &OrganizationLimits,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let key = self.id(("key", lookup, organization_id));
        self.within_quota(organization_id, now)
            .and_then(|()| {
                self.keys.check(key, limits.server_key, now).map_err(|wait| limited(Limited::Key, wait))
            })
            .map_err(|refusal| self.refused(organization_id, refusal))
    }

    /// A request to store events of a tenant. `lookup`: the registry's name for the key, or for the signer of a token,
    /// which may be one of many organizations: each has its own rate. A request without events, `is_report`, is no matter of
    /// quotas.
    pub(crate) fn admitted(
        &mut self,
        admission: &Admission<'_>,
        lookup: &str,
        network: Option<Network>,
        is_report: bool,
        limits: &OrganizationLimits,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let organization_id = admission.organization_id;
        let within_quota = if is_report { Ok(()) } else { self.within_quota(organization_id, now) };
        within_quota
            .and_then(|()| {
                let rate = match admission.source {
                    Source::Server => limits.server_key,
                    Source::Browser => limits.browser_key,
                };
                let id = self.id(("key", lookup, organization_id));
                self.keys.take(id, rate, now).map_err(|wait| limited(Limited::Key, wait))
            })
            .and_then(|()| match (limits.address, network) {
                (Some(rate), Some(network)) if admission.source == Source::Browser => {
                    let id = self.id(("address of", organization_id, network.bits()));
                    self.addresses.take(id, rate, now).map_err(|wait| limited(Limited::Address, wait))
                }
                _ => Ok(()),
            })
            .map_err(|refusal| self.refused(organization_id, refusal))
    }

    /// The log has said that a tenant's day is full.
    pub(crate) fn over_quota(&mut self, organization_id: &str, now: Timestamp) -> Refusal {
        self.over_quota.put(organization_id, day_of(now), 1, now);
        self.refused(organization_id, quota_exceeded(now))
    }

    /// Counts a refusal of a tenant that is known.
    pub(crate) fn refused(&mut self, organization_id: &str, refusal: Refusal) -> Refusal {
        self.tally.note(organization_id, refusal.code());
        refusal
    }

    fn within_quota(&self, organization_id: &str, now: Timestamp) -> Result<(), Refusal> {
        match self.over_quota.get(organization_id, now) {
            Some(day) if *day == day_of(now) => Err(quota_exceeded(now)),
            _ => Ok(()),
        }
    }

    fn id(&self, what: impl Hash) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.seed.hash(&mut hasher);
        what.hash(&mut hasher);
        hasher.finish()
    }
}

const fn limited(whom: Limited, Wait(retry_after_s): Wait) -> Refusal {
    Refusal::RateLimited { whom, retry_after_s }
}

/// How long who is over the platform's own rate limit is told to wait, in seconds: the longer of the two periods that it
/// counts by, as it does not say when there is room again.
const PLATFORM_PERIOD_S: u32 = 60;

/// The refusal of an address that the platform's own rate limit refuses.
pub(crate) const fn refused_by_platform() -> Refusal {
    limited(Limited::Address, Wait(PLATFORM_PERIOD_S))
}

/// Since 1970, in UTC.
const fn day_of(now: Timestamp) -> i64 {
    now.ms().div_euclid(DAY_MS)
}

fn quota_exceeded(now: Timestamp) -> Refusal {
    let until_midnight_ms = DAY_MS - now.ms().rem_euclid(DAY_MS);
    let seconds = until_midnight_ms / 1_000 + 1 + (now.ms() / 1_000).rem_euclid(SPREAD_S);
    Refusal::QuotaExceeded { retry_after_s: u32::try_from(seconds).unwrap_or_default() }
}
