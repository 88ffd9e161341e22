//! The collector as the shell sees it: a request in, the next step out.

use tallymark_event::Timestamp;

use crate::{
    Administration, Answer, Append, DeliveryRequest, ErasureRequest, Network, Protocol, QuarantineRequest,
    Query, RecordCheck, Refusal, Refused, Replayed, Request, Settings, admin, admit, anonymise, ga4,
    keys::{KeyKind, KeyRecord},
    limits::ADMIN_RANDOM_BYTES,
    metrics, pipeline,
    plans::Known,
    quarantine::{self, Keeping},
    registry::Registry,
    route::{Route, route},
    shed::{self, Shed},
};

/// What to do about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Look `lookup` up in the registry (a key, or a tenant's plan), give what is there to [`Collector::learn`], and call
    /// [`Collector::receive`] again with the same request.
    NeedKey {
        /// The name in the registry.
        lookup: String,
    },
    /// Append this to the tenant's log; once it is committed, answer with [`Append::answer`].
    Append(Append),
    /// Ask the tenant's log.
    Query(Query),
    /// See to the tenant's quarantine.
    Quarantine {
        /// The tenant.
        organization_id: String,
        /// What is wanted of it.
        request: QuarantineRequest,
    },
    /// Ask the logs of these organizations for their figures.
    Metrics(Vec<String>),
    /// The operator calls: ask [`Collector::administer`] what to do.
    Administer,
    /// See to whom the tenant has forgotten.
    Erasure {
        /// The tenant.
        organization_id: String,
        /// What is wanted.
        request: ErasureRequest,
    },
    /// See to the tenant's destinations.
    Delivery {
        /// The tenant.
        organization_id: String,
        /// What is wanted of them.
        request: DeliveryRequest,
    },
    /// Answer at once.
    Answer(Answer),
}

/// Takes every request of the collector. Keeps what the registry said of keys, plans and settings for minutes, and who has
/// sent how much lately.
#[derive(Debug)]
pub struct Collector {
    settings: Settings,
    registry: Registry,
    shed: Shed,
}

impl Collector {
    /// A collector that knows no key yet.
    pub fn new(settings: Settings) -> Self {
        let shed = Shed::new(&settings);
        Self { settings, registry: Registry::default(), shed }
    }

    /// Whether a request is worth reading, by its head alone: an answer if it is not. Else, for the platform's own rate
    /// limits, the network that it comes from; none if its limit is its key's.
    ///
    /// Asks the registry nothing: a key in the head that is not known yet counts with its address.
    pub fn gate(&mut self, head: &Request<'_>, now: Timestamp) -> Result<Option<Network>, Answer> {
        // What is not here, or asks for nothing but a sign of life, is answered as cheaply as it would be refused.
        let Ok(route) = route(&self.settings, head.method, head.path) else { return Ok(None) };
        if route == Route::Readiness {
            return Ok(None);
        }
        let protocol = route.protocol();
        if let Some((lookup, record)) = secret_key_in_head(&self.registry, head, protocol, now) {
            let organization_id = record.organization_id.as_str();
            let limits = self.registry.settings.get(organization_id, now);
            // Settings that can't be read are answered for when the request is.
            let limits = limits.ok().flatten().map(|settings| settings.limits).unwrap_or_default();
            return match protocol {
                None => Ok(None),
                Some(protocol) => self
                    .shed
                    .check_server_key(organization_id, &lookup, &limits, now)
                    .map(|()| None)
                    .map_err(|refusal| refusal.answer_heard(protocol, head)),
            };
        }
        let Some(network) = head.address.and_then(Network::of) else { return Ok(None) };
        match self.shed.arrived_from(network, now) {
            Ok(()) => Ok(Some(network)),
            Err(refusal) => Err(heard(&refusal, protocol, head)),
        }
    }

    /// The answer to a request that the platform's own rate limit refuses.
    pub fn refuse_address(&self, head: &Request<'_>) -> Answer {
        let protocol = self.protocol_of(head);
        heard(&shed::refused_by_platform(), protocol, head)
    }

    /// The answer to a request whose body is larger than is read.
    pub fn refuse_too_large(&mut self, head: &Request<'_>, now: Timestamp) -> Answer {
        let protocol = self.protocol_of(head);
        if let Some((_, record)) = secret_key_in_head(&self.registry, head, protocol, now) {
            self.shed.refused(record.organization_id.as_str(), Refusal::BodyTooLarge);
        }
        heard(&Refusal::BodyTooLarge, protocol, head)
    }

    /// The answer to a request of which the tenant's log took nothing, since its day is full. For the next minute such
    /// requests are refused without asking it.
    pub fn over_quota(&mut self, append: &Append, head: &Request<'_>, now: Timestamp) -> Answer {
        self.shed.over_quota(&append.organization_id, now).answer_heard(append.protocol, head)
    }

    /// Whether requests were refused that nobody has written down: see [`Self::take_refused`].
    pub fn has_refused(&self) -> bool {
        !self.shed.tally.is_empty()
    }

    /// How many requests of a tenant were refused since this was last asked, for its log to keep; a tenant at a time.
    pub fn take_refused(&mut self, now: Timestamp) -> Option<Refused> {
        self.shed.tally.take(now)
    }

    /// Says what to do about a request that came at `now`.
    pub fn receive(&mut self, request: &Request<'_>, now: Timestamp) -> Step {
        self.step(request, now).unwrap_or_else(Step::Answer)
    }

    /// Remembers what the registry holds under `lookup`: the record's JSON text, or `None` if it has none.
    pub fn learn(&mut self, lookup: &str, record: Option<&str>, now: Timestamp) {
        self.registry.learn(lookup, record, now);
    }

    /// What a request is for, by a name of a small set, for metrics and logs; `none` if it is for nothing here.
    pub fn route_name(&self, method: &str, path: &str) -> &'static str {
        match path {
            // The shell's own: they have to be answered without this.
            "/healthz" | "/readyz" => "health",
            _ => route(&self.settings, method, path).map_or("none", |route| route.name()),
        }
    }

    /// Judges a page of a tenant's quarantined events again, by its plan and its settings, which the caller
    /// has looked up. `page` has four lines for each event: its id, when it was received, its provenance and its
    /// body, as [`Append::quarantined`] has them; JSON texts of one line each. By a plan or settings that can't be read none of them
    /// can be judged.
    pub fn replay(&self, organization_id: &str, page: &str, now: Timestamp) -> Replayed {
        let Ok(Some(settings)) = self.registry.settings.get(organization_id, now) else {
            return quarantine::unreplayable(page);
        };
        let redaction = &settings.privacy.redaction;
        let plan = match self.registry.plans.get(organization_id, now) {
            Ok(Known::Plan(plan)) => Some(plan),
            Ok(Known::Without) => None,
            Ok(Known::Unknown) | Err(_) => return quarantine::unreplayable(page),
        };
        quarantine::replay(organization_id, Keeping { plan, redaction }, page)
    }

    /// The next step of a call of the operator's: asked until it is done, each time with all that was read so far, as
    /// `{"records":{"<name>":"<text>"|null},"lists":{"<prefix>":[["<name>",{…}|null],…]}}`. `random` is new with each request
    /// and the same for all of its steps; `destinations` reads lists of destinations, which are another crate's.
    pub fn administer(
        &self,
        request: &Request<'_>,
        found: &str,
        random: &[u8; ADMIN_RANDOM_BYTES],
        destinations: RecordCheck,
        now: Timestamp,
    ) -> Administration {
        let admitted = admin::admit(&self.settings.operators, request)
            .and_then(|()| route(&self.settings, request.method, request.path));
        let answer = match admitted {
            Ok(Route::Admin(route)) => {
                return admin::administer(route, request, found, random, destinations, now);
            }
            Ok(_) => Refusal::not_found(request.path).answer(),
            Err(refusal) => refusal.answer(),
        };
        Administration::Done { writes: Vec::new(), answer }
    }

    /// Takes from a page of a tenant's rows what says whose they are, by its plan, which the caller has looked up. `page`
    /// has two lines for each row, its event's name as a JSON string and its properties; the answer has a line each, the
    /// properties that stay. `None` if the plan can't be read, and so nobody can say what stays.
    pub fn anonymise(&self, organization_id: &str, page: &str, now: Timestamp) -> Option<String> {
        match self.registry.plans.get(organization_id, now) {
            Ok(Known::Plan(record)) => Some(anonymise::anonymise(Some(&record.plan), page)),
            Ok(Known::Without) => Some(anonymise::anonymise(None, page)),
            Ok(Known::Unknown) | Err(_) => None,
        }
    }

    /// By which protocol a request would bring events, if it would.
    fn protocol_of(&self, head: &Request<'_>) -> Option<Protocol> {
        route(&self.settings, head.method, head.path).ok().and_then(Route::protocol)
    }

    /// The next step, or what a refused request is answered.
    fn step(&mut self, request: &Request<'_>, now: Timestamp) -> Result<Step, Answer> {
        let route =
            route(&self.settings, request.method, request.path).map_err(|refusal| refusal.answer())?;
        let step = match route {
            Route::Ingest(protocol) => {
                let protocol = protocol.with_query(request.query);
                return pipeline::ingest(&self.registry, &mut self.shed, protocol, request, now)
                    .map_err(|refusal| refusal.answer_heard(protocol, request));
            }
            Route::PostHog(call) => Ok(Step::Answer(call.answer(request.query))),
            Route::Collect => self.collect(request, now),
            Route::SidePing => Ok(Step::Answer(Answer::to_ping(ga4::wants_image(request)))),
            Route::Validate => Ok(Step::Answer(ga4::validate(request, now))),
            Route::ReadEvents => self.read(request, now, |tenant| Query::events(tenant, request.query)),
            Route::ReadIdentities => {
                self.read(request, now, |tenant| Query::identities(tenant, request.query))
            }
            Route::ReadLedger => self.read(request, now, |tenant| Query::ledger(tenant, request.query, now)),
            Route::ListQuarantine => {
                self.quarantine(request, now, admit::admit_reader, || QuarantineRequest::list(request.query))
            }
            Route::ShowQuarantined(id) => {
                self.quarantine(request, now, admit::admit_reader, || QuarantineRequest::show(id))
            }
            Route::ReplayQuarantine => {
                self.quarantine(request, now, admit::admit_owner, || QuarantineRequest::replay(request))
            }
            Route::PurgeQuarantine => {
                self.quarantine(request, now, admit::admit_owner, || QuarantineRequest::purge(request))
            }
            Route::Admin(_) => admin::admit(&self.settings.operators, request).map(|()| Step::Administer),
            // Receipts say when somebody was erased: with the server's key, like the order.
            Route::ListErasures => self.erasure(request, now, || ErasureRequest::list(request.query)),
            Route::OrderErasure => self.erasure(request, now, || ErasureRequest::order(request)),
            Route::ListDestinations => {
                self.delivery(request, now, admit::admit_reader, || Ok(DeliveryRequest::List))
            }
            Route::ResumeDestination(name) => {
                self.delivery(request, now, admit::admit_owner, || DeliveryRequest::resume(name))
            }
            Route::ListParked => {
                self.delivery(request, now, admit::admit_reader, || DeliveryRequest::parked(request.query))
            }
            Route::ShowDelivery(id) => {
                self.delivery(request, now, admit::admit_reader, || DeliveryRequest::show(id))
            }
            Route::RetryParked => {
                self.delivery(request, now, admit::admit_owner, || DeliveryRequest::retry(request))
            }
            Route::DropParked => {
                self.delivery(request, now, admit::admit_owner, || DeliveryRequest::drop(request))
            }
            Route::Metrics => self.metrics(request, now),
            Route::Readiness => Ok(Step::Answer(Answer::ready())),
        };
        step.map_err(|refusal| refusal.answer())
    }

    fn metrics(&mut self, request: &Request<'_>, now: Timestamp) -> Result<Step, Refusal> {
        if metrics::is_operators(&admit::bearer_key(request)?) {
            admin::admit(&self.settings.operators, request)?;
            return metrics::organizations(request).map(Step::Metrics);
        }
        self.with_key(request, now, |record| Ok(Step::Metrics(vec![admit::admit_reader(record)?.to_owned()])))
    }

    fn collect(&mut self, request: &Request<'_>, now: Timestamp) -> Result<Step, Refusal> {
        let as_image = ga4::wants_image(request);
        if ga4::is_side_ping(request) {
            return Ok(Step::Answer(Answer::to_ping(as_image)));
        }
        pipeline::ingest(&self.registry, &mut self.shed, Protocol::Collect { as_image }, request, now)
    }

    fn read(
        &mut self,
        request: &Request<'_>,
        now: Timestamp,
        query: impl FnOnce(&str) -> Result<Query, Refusal>,
    ) -> Result<Step, Refusal> {
        self.with_key(request, now, |record| Ok(Step::Query(query(admit::admit_reader(record)?)?)))
    }

    fn quarantine(
        &mut self,
        request: &Request<'_>,
        now: Timestamp,
        admit: impl FnOnce(&KeyRecord) -> Result<&str, Refusal>,
        wanted: impl FnOnce() -> Result<QuarantineRequest, Refusal>,
    ) -> Result<Step, Refusal> {
        self.with_key(request, now, |record| {
            let organization_id = admit(record)?.to_owned();
            Ok(Step::Quarantine { organization_id, request: wanted()? })
        })
    }

    fn erasure(
        &mut self,
        request: &Request<'_>,
        now: Timestamp,
        wanted: impl FnOnce() -> Result<ErasureRequest, Refusal>,
    ) -> Result<Step, Refusal> {
        self.with_key(request, now, |record| {
            let organization_id = admit::admit_owner(record)?.to_owned();
            Ok(Step::Erasure { organization_id, request: wanted()? })
        })
    }

    fn delivery(
        &mut self,
        request: &Request<'_>,
        now: Timestamp,
        admit: impl FnOnce(&KeyRecord) -> Result<&str, Refusal>,
        wanted: impl FnOnce() -> Result<DeliveryRequest, Refusal>,
    ) -> Result<Step, Refusal> {
        self.with_key(request, now, |record| {
            let organization_id = admit(record)?.to_owned();
            Ok(Step::Delivery { organization_id, request: wanted()? })
        })
    }

    /// The step that the request's key is good for, once it is known.
    fn with_key(
        &mut self,
        request: &Request<'_>,
        now: Timestamp,
        step: impl FnOnce(&KeyRecord) -> Result<Step, Refusal>,
    ) -> Result<Step, Refusal> {
        let lookup = admit::lookup(&admit::bearer_key(request)?);
        let Some(record) = self.registry.keys.get(&lookup, now)? else { return Ok(Step::NeedKey { lookup }) };
        step(record).map_err(|refusal| match refusal {
            Refusal::WrongKeyKind { .. } => self.shed.refused(record.organization_id.as_str(), refusal),
            other => other,
        })
    }
}

/// The secret key that a request's head presents, if it is known and may do this: the registry's name for it, and its
/// record. A read key may not store events.
fn secret_key_in_head<'r>(
    registry: &'r Registry,
    head: &Request<'_>,
    protocol: Option<Protocol>,
    now: Timestamp,
) -> Option<(String, &'r KeyRecord)> {
    let lookup = admit::lookup_in_head(protocol, head)?;
    let record = registry.keys.get(&lookup, now).ok().flatten()?;
    let may = match record.kind {
        KeyKind::Server => true,
        KeyKind::Read => protocol.is_none(),
        KeyKind::Browser => false,
    };
    may.then_some((lookup, record))
}

fn heard(refusal: &Refusal, protocol: Option<Protocol>, head: &Request<'_>) -> Answer {
    protocol.map_or_else(|| refusal.answer(), |protocol| refusal.answer_heard(protocol, head))
}
