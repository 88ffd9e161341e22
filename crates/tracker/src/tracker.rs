//! The state machine that the shell drives: what is captured, and in which surroundings.

use alloc::{rc::Rc, string::String};

use tallymark_event::{DropReason, wire};

use crate::{
    Effect, Now, Session, Slot, campaign,
    consent::{Change, Consent, Decision},
    context::{Context, RESERVED},
    device,
    encode::{self, Cut, Entry},
    flush::Outbox,
    identity::{self, is_id},
    kept::Kept,
    members,
    page::View,
    rate::Bucket,
    rng::Rng,
    session::{self, SESSION_WRITE_MS},
    text,
};

/// What the SDK calls itself.
const LIBRARY: &str = concat!("\"$lib\":\"tallymark\",\"$lib_version\":\"", env!("CARGO_PKG_VERSION"), "\"");

const PAGELEAVE: &str = "\"$pageleave\"";

/// Events of our own that the owner misses more than a page view, as the keys of a JSON object.
const IDENTITY: &str = r#""$identify","$set","$groupidentify""#;

/// Whose page it is. All texts are JSON, made by `JSON.stringify`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Start<'a> {
    /// String: the write key.
    pub key: &'a str,
    /// String: the stream's id, a `UUIDv7` made when the document began.
    pub stream_id: &'a str,
    /// String: the tab's id.
    pub window_id: &'a str,
    /// Members of an object: what does not change while the page lives (`$raw_user_agent`, `$timezone`…).
    pub browser: &'a str,
    /// How many events of the stream were numbered before the tracker was there.
    pub seq: u32,
    /// How many of these were given up because too many were waiting.
    pub lost: u32,
    /// Whether the end of a view is an event, `$pageleave`.
    pub capture_leave: bool,
}

/// The brain of one page. Its methods take facts, and apply at the moment last told by [`Self::at`]; what is
/// to be done is then polled.
#[derive(Debug)]
pub struct Tracker {
    now: Now,
    rng: Rng,
    /// The id made last, without quotes.
    id: String,
    outbox: Outbox,
    kept: Kept,
    session: Session,
    session_id: String,
    session_saved_ms: i64,
    /// Object: the campaign in the current URL, for a session that begins here.
    arrival: String,
    view: View,
    capture_leave: bool,
    consent: Consent,
    bucket: Bucket,
    /// Members: what never changes.
    fixed: String,
    /// Members: where the visitor is.
    place: String,
    /// None when something in it has changed.
    context: Option<Rc<Context>>,
    scratch: String,
}

impl Default for Tracker {
    fn default() -> Self {
        Self::new()
    }
}

impl Tracker {
    /// A tracker that knows nothing yet.
    pub const fn new() -> Self {
        Self {
            now: Now { wall_ms: 0, monotonic_ms: 0 },
            rng: Rng::new(),
            id: String::new(),
            outbox: Outbox::new(),
            kept: Kept::new(),
            session: Session::NONE,
            session_id: String::new(),
            session_saved_ms: 0,
            arrival: String::new(),
            view: View::new(),
            capture_leave: false,
            consent: Consent::new(Decision::Granted, Decision::Granted, false),
            bucket: Bucket::new(),
            fixed: String::new(),
            place: String::new(),
            context: None,
            scratch: String::new(),
        }
    }

    /// Takes 64 bits of the browser's randomness; to be called twice before the start.
    pub const fn seed(&mut self, bits: u64) {
        self.rng.seed(bits);
    }

    /// It is `now`. `moment` says when what is called next happened, as RFC 3339 in UTC: usually now, too. Who has a
    /// calendar writes it, which takes 200 bytes less than to bring one along.
    pub fn at(&mut self, now: Now, moment: &str) -> &mut Self {
        self.now = now;
        text::put(&mut self.outbox.envelope.moment, moment);
        self
    }

    /// What holds until the visitor decides, and whether the browser signals Global Privacy Control. First of all.
    pub const fn permit(&mut self, analytics: Decision, advertising: Decision, gpc: bool) {
        self.consent = Consent::new(analytics, advertising, gpc);
    }

    /// The visitor has decided, here or in another tab; `None` leaves a purpose as it was. Refusing analytics
    /// discards what was captured and not sent, and who the visitor was; `stream_id` (a JSON string) is for what may
    /// be captured after that has changed again.
    pub fn decide(&mut self, analytics: Option<Decision>, advertising: Option<Decision>, stream_id: &str) {
        let change = self.consent.decide(analytics, advertising);
        if self.consent.is_decided() {
            self.scratch.clear();
            self.consent.write(&mut self.scratch);
            self.kept.set(Slot::Consent, &self.scratch);
        }
        self.context = None;
        if !self.consent.may_capture() {
            // Though it may have been refused before: the shell counts a stream for every refusal.
            self.outbox.discard(stream_id);
            self.kept.forget();
            self.session = Session::NONE;
            self.session_id.clear();
        } else if change == Change::Opened {
            self.complete_identity();
        }
    }

    /// What an earlier page or another tab has kept in `slot`; empty if that is gone. A value of the wrong
    /// kind changes nothing. Consent is restored before the start; from then on, see [`Self::decide`].
    pub fn restore(&mut self, slot: Slot, value: &str) {
        let fits = if slot.is_object() { members::of_object(value).is_some() } else { is_id(value) };
        let gone = value.is_empty() && !matches!(slot, Slot::Device | Slot::Anonymous);
        if slot == Slot::Session {
            let session = Session::parse(value);
            if session.active_ms >= self.session.active_ms {
                self.session = session;
                text::put(&mut self.session_id, session::id(value));
                self.context = None;
            }
            return;
        }
        if fits || gone {
            if slot == Slot::Consent {
                self.consent.restore(value);
            }
            self.kept.restore(slot, value);
            self.context = None;
        }
    }

    /// Begins, with what was restored.
    pub fn start(&mut self, start: &Start<'_>) {
        self.outbox.envelope.key.push_str(start.key);
        self.outbox.envelope.stream_id.push_str(start.stream_id);
        self.outbox.seq = start.seq;
        self.outbox.skip(start.seq);
        self.capture_leave = start.capture_leave;
        self.outbox.suspect(self.blocked_before());
        self.outbox.drop(DropReason::QueueFull, start.lost as usize, self.now);
        self.fixed.push_str(LIBRARY);
        members::append(&mut self.fixed, start.browser);
        if let Some(agent) = members::find(start.browser, "\"$raw_user_agent\"") {
            device::write(&mut self.fixed, agent);
        }
        members::raw(&mut self.fixed, "$window_id", start.window_id);
        self.complete_identity();
    }

    /// The visitor is at a place that shares no view with the one before: captures `$pageleave` for that, if it has
    /// not ended and leaving is an event, and `$pageview`, which otherwise tells what is known of the last view.
    /// `place`: members, as they go into events (`$current_url`, `$pathname`…); `query`: members, those of the
    /// URL's parameters that name a campaign, decoded; `own`: members of this event (`title`, `navigation_type`); `properties`: see
    /// [`Self::capture`].
    pub fn page(&mut self, place: &str, query: &str, own: &str, properties: &str) {
        let mut own = text::copy(own);
        if self.capture_leave {
            self.view.name(&mut own);
            self.end_view();
        } else {
            self.view.end(&mut own, self.now.monotonic_ms);
        }
        self.next_id();
        self.view.begin(&self.id, place, self.now.monotonic_ms);
        self.locate(place, query);
        self.record("\"$pageview\"", &own, properties);
    }

    /// The URL has changed, and the view has not. Arguments: see [`Self::page`].
    pub fn locate(&mut self, place: &str, query: &str) {
        text::put(&mut self.place, place);
        self.arrival = campaign::of(query, self.consent.advertising());
        if !self.arrival.is_empty() {
            self.kept.set(Slot::Campaign, &self.arrival);
        }
        self.context = None;
    }

    /// Goes on with the view `id` (without quotes), which began now and whose `$pageview` was sent before
    /// the tracker was there.
    pub fn adopt(&mut self, place: &str, query: &str, id: &str) {
        self.view.begin(id, place, self.now.monotonic_ms);
        self.locate(place, query);
    }

    /// Captures an event. `name` is a JSON string, `properties` a JSON object; anything else (such as
    /// nothing, where `JSON.stringify` has thrown) is numbered, given up and counted. `at_ms`, since the epoch, stands
    /// for the wall clock if the page says when it happened.
    pub fn capture(&mut self, name: &str, properties: &str) {
        self.next_id();
        self.record(name, "", properties);
    }

    /// The visitor is `user` (a JSON string): captures `$identify`, or `$set` if that was known and there
    /// are `properties` (a JSON object) to set.
    pub fn identify(&mut self, user: &str, properties: &str) {
        let before = self.kept.get(Slot::User);
        let changed = user != before;
        let sets = properties.len() > 2;
        if !is_id(user) || !(changed || sets) || !self.consent.may_capture() {
            return;
        }
        let mut own = String::new();
        // Two users are never merged: only what was captured under no name becomes theirs.
        if before.is_empty() {
            members::raw(&mut own, "$anon_distinct_id", self.kept.get(Slot::Anonymous));
        }
        if sets {
            members::raw(&mut own, "$set", properties);
        }
        self.kept.set(Slot::User, user);
        self.emit(if changed { "\"$identify\"" } else { "\"$set\"" }, &own);
    }

    /// The visitor belongs to the group `key` of type `kind` (JSON strings): captures `$groupidentify` if
    /// that is new or there are `properties` (a JSON object) to set.
    pub fn group(&mut self, kind: &str, key: &str, properties: &str) {
        if !is_id(kind) || !is_id(key) {
            return;
        }
        let known = members::find(self.kept.members(Slot::Groups), kind) == Some(key);
        let sets = properties.len() > 2;
        if known && !sets || !self.consent.may_capture() {
            return;
        }
        let mut own = String::new();
        members::push(&mut own, members::Member { key: kind, value: key });
        self.kept.merge(Slot::Groups, &own);
        own.clear();
        members::raw(&mut own, "$group_type", kind);
        members::raw(&mut own, "$group_key", key);
        if sets {
            members::raw(&mut own, "$group_set", properties);
        }
        self.emit("\"$groupidentify\"", &own);
    }

    /// From now on every event has `properties` (a JSON object).
    pub fn register(&mut self, properties: &str) {
        let properties = members::of_object(properties).filter(|_| self.consent.may_capture());
        if let Some(properties) = properties {
            let mut free = String::new();
            members::append_unless(&mut free, properties, RESERVED);
            self.kept.merge(Slot::Supers, &free);
            self.context = None;
        }
    }

    /// From now on events do without the super-property `name` (a JSON string).
    pub fn unregister(&mut self, name: &str) {
        let mut value = text::copy("{");
        members::append_unless(&mut value, self.kept.members(Slot::Supers), name);
        value.push('}');
        self.kept.set(Slot::Supers, &value);
        self.context = None;
    }

    /// The visitor is nobody we know: a new id and a new session, on the same device.
    pub fn reset(&mut self) {
        let fresh = self.fresh_id();
        identity::reset(&mut self.kept, &fresh);
        self.begin_session();
    }

    /// The visitor scrolled: pixels above the viewport, of the viewport, and of the whole page.
    pub fn scroll(&mut self, top: u32, viewport: u32, height: u32) {
        self.view.scroll(top, viewport, height);
    }

    /// The timer fired.
    pub fn tick(&mut self) {
        self.outbox.tick(self.now);
    }

    /// The page asks for everything to be sent.
    pub fn flush(&mut self) {
        self.outbox.flush();
    }

    /// The network is back.
    pub fn online(&mut self) {
        self.outbox.online();
    }

    /// The task in which events were captured is over: they are to be kept on disk.
    pub const fn save(&mut self) {
        self.outbox.save();
    }

    /// What was to be kept on disk can't be.
    pub const fn unkept(&mut self) {
        self.outbox.unkept();
    }

    /// The chunk with the numbers from `first` to `last` is no longer on disk: `evicted` to make room, or sent by
    /// another tab.
    pub fn lose(&mut self, first: u32, last: u32, evicted: bool) {
        self.outbox.lose(first, last, evicted, self.now);
    }

    /// The page became hidden: it may be killed without another word, and leaves a will for that. Of the page's
    /// budget for beacons, `reserved` bytes are in use.
    pub fn hide(&mut self, reserved: usize) {
        self.save_session();
        let mut own = String::new();
        if self.capture_leave && self.consent.may_capture() && !self.outbox.has_will() {
            self.view.describe(&mut own, self.now.monotonic_ms);
        }
        if !own.is_empty() {
            if self.view.leave_id.is_empty() {
                text::id(&mut self.view.leave_id, self.rng.id(self.now.wall_ms));
            }
            text::put(&mut self.id, &self.view.leave_id);
            self.context = None;
            // Having members of its own it holds its context, and is whole.
            self.encode(PAGELEAVE, &own, "", self.outbox.seq + 1);
            self.outbox.make_will(&self.scratch);
        }
        self.outbox.leave(reserved, false);
    }

    /// The page is seen again.
    pub fn show(&mut self) {
        self.outbox.revoke_will();
    }

    /// The page is being left, for good or into the back/forward cache: the view ends. `reserved`: see
    /// [`Self::hide`].
    pub fn leave(&mut self, reserved: usize) {
        self.end_view();
        self.save_session();
        self.outbox.leave(reserved, true);
    }

    /// The fetch `id` was answered with `status` (0: not at all), asking for `retry_after_ms` of quiet.
    pub fn answer(&mut self, id: u32, status: u32, retry_after_ms: u64) {
        let random = self.rng.next();
        self.outbox.answer(id, status, retry_after_ms, random, self.now);
        let (before, blocked) = (self.blocked_before(), self.outbox.blocked());
        if blocked > before {
            let mut digit = String::from("\"");
            text::digits(&mut digit, u64::from(blocked));
            digit.push('"');
            self.kept.set(Slot::Blocked, &digit);
        } else if before > 0 && matches!(status, 200..=299) {
            self.kept.set(Slot::Blocked, "");
        }
    }

    /// How many requests in a row were blocked on earlier pages.
    fn blocked_before(&self) -> u32 {
        self.kept.get(Slot::Blocked).as_bytes().get(1).map_or(0, |digit| u32::from(digit.wrapping_sub(b'0')))
    }

    /// The browser would not take the beacon `id`.
    pub fn beacon_refused(&mut self, id: u32) {
        self.outbox.beacon_refused(id);
    }

    /// The next thing to do, if any, and in `out` its text. To be called after every other call until there
    /// is nothing left.
    pub fn poll(&mut self, out: &mut String) -> Option<Effect> {
        if let Some(slot) = self.kept.unsaved(self.consent.may_keep()) {
            text::put(out, self.kept.get(slot));
            return Some(Effect::Persist { slot });
        }
        if !self.consent.may_send() {
            return None;
        }
        self.outbox.poll(out, self.now)
    }

    /// The highest number given to an event.
    pub const fn seq(&self) -> u32 {
        self.outbox.seq
    }

    /// All events up to this number were acknowledged or given up.
    pub fn settled(&self) -> u32 {
        self.outbox.settled()
    }

    /// The id of the event captured last, without quotes.
    pub fn last_id(&self) -> &str {
        &self.id
    }

    /// Captures an event of our own, in surroundings that have just changed.
    fn emit(&mut self, name: &str, own: &str) {
        self.context = None;
        self.next_id();
        self.record(name, own, "{}");
    }

    /// The view ends, which is an event if it was to be one and the view had not ended.
    fn end_view(&mut self) {
        self.outbox.revoke_will();
        let mut own = String::new();
        self.view.end(&mut own, self.now.monotonic_ms);
        if self.capture_leave && !own.is_empty() {
            self.context = None;
            self.next_id();
            if !self.view.leave_id.is_empty() {
                text::put(&mut self.id, &self.view.leave_id);
            }
            self.record(PAGELEAVE, &own, "{}");
        }
    }

    fn record(&mut self, name: &str, own: &str, properties: &str) {
        let now = self.now;
        if !self.consent.may_capture() {
            return;
        }
        self.outbox.seq += 1;
        if !is_id(name) {
            return self.outbox.drop(DropReason::InvalidName, 1, now);
        }
        let Some(properties) = members::of_object(properties) else {
            return self.outbox.drop(DropReason::InvalidProperties, 1, now);
        };
        if !self.bucket.take(now.monotonic_ms) {
            return self.outbox.drop(DropReason::RateLimited, 1, now);
        }
        self.touch_session();
        let cut = self.encode(name, own, properties, self.outbox.seq);
        let automatic = name.as_bytes().get(1) == Some(&b'$') && !members::has(IDENTITY, name);
        if let Some(context) = &self.context {
            self.outbox.push(&self.scratch, cut, context, automatic, now);
        }
    }

    /// Writes the event numbered `seq` into `scratch`, under the id made last.
    fn encode(&mut self, name: &str, own: &str, properties: &str, seq: u32) -> Cut {
        let context = self.context.take().unwrap_or_else(|| Rc::new(self.surroundings()));
        let entry = Entry {
            name,
            id: &self.id,
            distinct_id: identity::distinct_id(&self.kept),
            moment: &self.outbox.envelope.moment,
            seq,
            monotonic_ms: self.now.monotonic_ms,
            own,
            properties,
        };
        let cut = encode::event(&mut self.scratch, &entry, &context);
        self.context = Some(context);
        cut
    }

    fn surroundings(&mut self) -> Context {
        if !self.consent.advertising() {
            // It may have been agreed to before, perhaps on an earlier page.
            let campaign = campaign::of(self.kept.members(Slot::Campaign), false);
            if campaign.len() < self.kept.get(Slot::Campaign).len() {
                self.kept.set(Slot::Campaign, &campaign);
            }
        }
        let mut ours = text::copy(&self.fixed);
        members::raw(&mut ours, wire::STREAM_ID, &self.outbox.envelope.stream_id);
        members::append(&mut ours, &self.place);
        if !self.view.id.is_empty() {
            members::text(&mut ours, "$pageview_id", &self.view.id);
        }
        members::text(&mut ours, "$session_id", &self.session_id);
        identity::write(&self.kept, &mut ours);
        self.consent.describe(&mut ours);
        Context::new(&ours, self.kept.members(Slot::Campaign), self.kept.members(Slot::Supers))
    }

    fn touch_session(&mut self) {
        let wall_ms = self.now.wall_ms;
        if self.session.is_over(wall_ms) {
            self.begin_session();
        } else {
            self.session = self.session.follow(wall_ms);
        }
        if wall_ms.abs_diff(self.session_saved_ms) >= SESSION_WRITE_MS.unsigned_abs() {
            self.save_session();
        }
    }

    fn begin_session(&mut self) {
        let wall_ms = self.now.wall_ms;
        self.session = Session::begin(wall_ms);
        self.session_id.clear();
        text::id(&mut self.session_id, self.rng.id(wall_ms));
        self.save_session();
        self.kept.set(Slot::Campaign, &self.arrival);
        self.context = None;
    }

    fn save_session(&mut self) {
        if !self.session_id.is_empty() {
            self.session_saved_ms = self.now.wall_ms;
            self.scratch.clear();
            self.session.write(&self.session_id, &mut self.scratch);
            self.kept.set(Slot::Session, &self.scratch);
        }
    }

    /// Gives the visitor who has none an id.
    fn complete_identity(&mut self) {
        let fresh = self.fresh_id();
        identity::complete(&mut self.kept, &fresh);
    }

    /// An id that is not an event's, as a JSON string.
    fn fresh_id(&mut self) -> String {
        let mut text = text::copy("\"");
        text::id(&mut text, self.rng.id(self.now.wall_ms));
        text.push('"');
        text
    }

    fn next_id(&mut self) {
        self.id.clear();
        text::id(&mut self.id, self.rng.id(self.now.wall_ms));
    }
}

#[cfg(test)]
mod accounting;
#[cfg(test)]
mod permitted;
#[cfg(test)]
mod tests;
