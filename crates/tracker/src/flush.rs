//! When events leave the page, by which way, and what becomes of them.

use alloc::{rc::Rc, string::String, vec::Vec};

use tallymark_event::{
    DropReason,
    limits::{MAX_BATCH_BYTES, MAX_BATCH_EVENTS, MAX_BATCH_WAIT_MS},
};

use crate::{
    Effect, FlushReason, Now, Transport,
    context::Context,
    drops::{self, Drops},
    encode::{Cut, Envelope},
    queue::{ANYWHERE, Queue, Room, WAITING},
    retry::{Backoff, Verdict, verdict},
    spool::{self, Priority},
    text,
};

/// Most fetches under way at once: enough to empty a full queue in a few round trips, few enough to leave
/// the page its connections.
pub(crate) const MAX_IN_FLIGHT: usize = 4;
/// What a browser lets a page have under way in beacons and keepalive fetches together (Fetch standard).
pub(crate) const PAGE_BUDGET_BYTES: usize = 64 * 1024;
/// As soon as so much waits it is sent, in bytes: what waits and what is under way has to fit into the page's
/// budget when it is left, and beacons go uncompressed.
const EARLY_BYTES: usize = 24 * 1024;
/// How long a beacon is taken to be under way, in ms; a page that lives longer sends its events again by
/// fetch, since a beacon has no answer and is blocked in silence by some extensions. The ids are the same,
/// so what did arrive is stored once.
pub(crate) const BEACON_FLIGHT_MS: u64 = 5_000;
/// A moment that does not come.
const NEVER: u64 = u64::MAX;

/// A request under way.
#[derive(Clone, Copy, Debug)]
struct Flight {
    id: u32,
    /// Of a beacon: when it no longer counts as under way. A fetch is under way until it is answered.
    until_ms: u64,
    /// Of a beacon: what it takes of the page's budget.
    bytes: usize,
}

/// What may be sent when the shell polls. `capture()` never reaches the network: it polls in `Idle`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Idle,
    Sending(FlushReason),
    Leaving(FlushReason),
}

/// Whether the disk knows what would end the stream if the page, now hidden, were killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Will {
    None,
    /// To be put on disk.
    Made,
    OnDisk,
    /// To be removed from disk.
    Revoked,
}

/// Everything captured and not yet settled.
#[derive(Debug)]
pub(crate) struct Outbox {
    pub(crate) envelope: Envelope,
    queue: Queue,
    /// Numbers up to this are on disk, or settled.
    saved: u32,
    /// Whether the disk is to be brought up to date, and whether with a report if that is all there is.
    saving: Option<bool>,
    will: Will,
    /// The will's number; 0 without one.
    will_seq: u32,
    /// Whether the will has gone to the collector.
    will_told: bool,
    pub(crate) drops: Drops,
    backoff: Backoff,
    flights: Vec<Flight>,
    last_flight: u32,
    phase: Phase,
    /// The highest number given.
    pub(crate) seq: u32,
    /// The highest number that need not wait for company any more.
    ripe: u32,
    /// What came since: it makes a batch when it is enough.
    unripe: Room,
    /// How many events go into a request: fewer than the limit after a collector has found them too many.
    batch_events: usize,
    /// What a beacon may hold while the page is being left.
    beacon: Room,
    /// Whether drops are to be told by an empty batch if nothing else tells of them.
    report_alone: bool,
    /// When what is unripe, or an untold drop, has waited long enough (monotonic).
    deadline_ms: u64,
    /// When the shell's timer fires (monotonic).
    timer_ms: u64,
    /// Acknowledged events that the page was not told of yet.
    acknowledged: usize,
}

impl Outbox {
    /// Nothing captured yet.
    pub(crate) const fn new() -> Self {
        Self {
            envelope: Envelope {
                key: String::new(),
                stream_id: String::new(),
                moment: String::new(),
                memory_only: false,
                will: String::new(),
            },
            queue: Queue::new(),
            saved: 0,
            saving: None,
            will: Will::None,
            will_seq: 0,
            will_told: true,
            drops: Drops::new(),
            backoff: Backoff::new(),
            flights: Vec::new(),
            last_flight: 0,
            phase: Phase::Idle,
            seq: 0,
            ripe: 0,
            unripe: Room { events: 0, bytes: 0 },
            batch_events: MAX_BATCH_EVENTS,
            beacon: Room { events: 0, bytes: 0 },
            report_alone: false,
            deadline_ms: NEVER,
            timer_ms: NEVER,
            acknowledged: 0,
        }
    }

    /// Numbers up to `seq` are not ours to keep on disk.
    pub(crate) const fn skip(&mut self, seq: u32) {
        self.saved = seq;
    }

    /// All events up to this number were acknowledged or given up.
    pub(crate) fn settled(&self) -> u32 {
        self.queue.first_seq().map_or(self.seq, |first| first - 1)
    }

    /// How many events are neither acknowledged nor given up.
    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        self.queue.len()
    }

    /// The numbers of our own events that are held.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> Vec<u32> {
        self.queue.numbers()
    }

    /// How many fetches are under way.
    #[cfg(test)]
    pub(crate) fn fetches(&self) -> usize {
        self.flights.iter().filter(|flight| flight.until_ms == NEVER).count()
    }

    /// Takes the event just numbered, or gives it (or older ones) up if it cannot be held. `automatic`: whether the
    /// SDK has captured it by itself.
    pub(crate) fn push(&mut self, text: &str, cut: Cut, context: &Rc<Context>, automatic: bool, now: Now) {
        if self.backoff.is_blocked() {
            return self.drop(DropReason::Blocked, 1, now);
        }
        if text.len() + context.as_str().len() >= self.batch_bytes() {
            return self.drop(DropReason::EventTooLarge, 1, now);
        }
        while !self.queue.has_room(text.len()) {
            self.drop(DropReason::QueueFull, 1, now);
            if !self.queue.drop_oldest() {
                return;
            }
        }
        self.unripe.events += 1;
        self.unripe.bytes += self.queue.push(text, cut, context, self.seq, automatic);
        self.wait(now);
        if self.unripe.events >= MAX_BATCH_EVENTS || self.unripe.bytes >= EARLY_BYTES {
            self.deadline_ms = now.monotonic_ms;
        }
    }

    /// The task is over in which events were captured: they go to disk.
    pub(crate) const fn save(&mut self) {
        self.saving = Some(false);
    }

    /// There is no disk after all.
    pub(crate) const fn unkept(&mut self) {
        self.envelope.memory_only = true;
    }

    /// The chunk with the numbers from `first` to `last` was removed from disk by another hand: to make room
    /// (`evicted`), or because another tab has sent it.
    pub(crate) fn lose(&mut self, first: u32, last: u32, evicted: bool, now: Now) {
        // What is under way and evicted is given up, too: if it does not arrive, nobody else will say so, and if it
        // does, the collector takes its own word over ours.
        let gone = self.queue.remove(if evicted { ANYWHERE } else { WAITING }, first, last);
        if evicted {
            self.drop(DropReason::StorageFull, gone, now);
            self.saving = Some(true);
        } else {
            self.acknowledged += gone;
        }
    }

    /// Whether there is a will that takes account of all that was captured.
    pub(crate) const fn has_will(&self) -> bool {
        self.will_seq > self.seq
    }

    /// Should the page be killed from here on, `event` (JSON) is to have been its last.
    pub(crate) fn make_will(&mut self, event: &str) {
        if !self.backoff.is_blocked() {
            self.will_seq = self.seq + 1;
            self.will_told = false;
            self.will = Will::Made;
            text::put(&mut self.envelope.will, event);
        }
    }

    /// The page goes on, or ends in an orderly way.
    pub(crate) fn revoke_will(&mut self) {
        self.envelope.will.clear();
        self.will_seq = 0;
        self.will_told = true;
        self.will = if self.will == Will::OnDisk { Will::Revoked } else { Will::None };
    }

    /// So many requests were blocked on earlier pages.
    pub(crate) fn suspect(&mut self, blocked: u32) {
        self.backoff.suspect(blocked);
    }

    /// How many requests in a row something in the browser has blocked; one digit.
    pub(crate) const fn blocked(&self) -> u32 {
        self.backoff.blocked()
    }

    /// Forgets everything captured: it was never to be. What comes after belongs to the stream `stream_id`.
    pub(crate) fn discard(&mut self, stream_id: &str) {
        // Answers to requests of before are still to come, and find nothing of after.
        self.recall(0, NEVER);
        self.queue.remove(WAITING, 0, u32::MAX);
        self.drops = Drops::new();
        self.revoke_will();
        (self.seq, self.ripe, self.saved, self.acknowledged) = (0, 0, 0, 0);
        self.envelope.stream_id.clear();
        self.envelope.stream_id.push_str(stream_id);
    }

    /// Counts events given up, and sees to it that the collector is told.
    #[inline(never)] // Called from everywhere: four copies otherwise.
    pub(crate) fn drop(&mut self, reason: DropReason, count: usize, now: Now) {
        if count > 0 {
            self.drops.add(reason, count);
            self.wait(now);
        }
    }

    /// The timer fired.
    pub(crate) fn tick(&mut self, now: Now) {
        self.timer_ms = NEVER;
        self.recall(0, now.monotonic_ms);
        if self.deadline_ms <= now.monotonic_ms {
            self.ripen();
        }
        self.phase = Phase::Sending(FlushReason::Due);
    }

    /// The page asks for everything to be sent, and waits for the answer: beacons, which have none, go again.
    pub(crate) fn flush(&mut self) {
        self.recall(0, NEVER - 1);
        self.ripen();
        self.phase = Phase::Sending(FlushReason::Asked);
    }

    /// The network is back: what failed before is tried at once.
    pub(crate) fn online(&mut self) {
        self.backoff = Backoff::new();
        self.phase = Phase::Sending(FlushReason::Due);
    }

    /// The page became hidden, or (`gone`) is being left: everything goes by beacon as far as the page's
    /// budget reaches, of which others use `reserved` bytes. When it is being left, so does what was under
    /// way by fetch, and may be cut.
    pub(crate) fn leave(&mut self, reserved: usize, gone: bool) {
        self.ripen();
        self.saving = Some(true);
        if gone {
            self.recall(NEVER, NEVER);
        }
        let under_way: usize = self.flights.iter().map(|flight| flight.bytes).sum();
        let bytes = PAGE_BUDGET_BYTES.saturating_sub(reserved + under_way);
        self.beacon = Room { events: self.batch_events, bytes };
        self.phase = Phase::Leaving(if gone { FlushReason::Left } else { FlushReason::Hidden });
    }

    /// The browser would not take a beacon: from here on half as much at once, and by fetch what can't be
    /// halved.
    pub(crate) fn beacon_refused(&mut self, id: u32) {
        if self.land(id) {
            self.beacon.events = self.queue.count(id) / 2;
            self.queue.release(id, false);
            self.phase = Phase::Leaving(FlushReason::Left);
        }
    }

    /// A fetch was answered with `status` (0: not at all). Answers to attempts since repeated otherwise are
    /// ignored: the repetition will have its own.
    pub(crate) fn answer(&mut self, id: u32, status: u32, retry_after_ms: u64, random: u64, now: Now) {
        if !self.land(id) {
            return;
        }
        let count = self.queue.count(id);
        self.backoff.note(status, now.monotonic_ms);
        match verdict(status) {
            Verdict::Acknowledged => {
                self.backoff = Backoff::new();
                self.acknowledged += self.queue.settle(id);
            }
            Verdict::Again => {
                self.backoff.fail(now.monotonic_ms, retry_after_ms, random);
                // A report that went alone goes again with the next batch.
                self.drops.unreported |= count == 0;
                let exhausted = self.queue.release(id, true);
                self.drop(DropReason::RetriesExhausted, exhausted, now);
            }
            Verdict::Halve if count > 1 => {
                self.batch_events = count / 2;
                self.queue.release(id, false);
            }
            refusal => {
                let reason =
                    if refusal == Verdict::Halve { DropReason::TooLarge } else { DropReason::Refused };
                let refused = self.queue.settle(id);
                self.drop(reason, refused, now);
            }
        }
        if self.backoff.is_blocked() {
            self.block(now);
        }
        self.phase = Phase::Sending(FlushReason::Due);
    }

    /// Something in the browser blocks requests: to hold events for a collector that will not be reached is no
    /// use to anybody.
    fn block(&mut self, now: Now) {
        self.recall(0, NEVER);
        let blocked = self.queue.remove(WAITING, 0, u32::MAX);
        self.drop(DropReason::Blocked, blocked, now);
    }

    /// The next thing to do; `out` takes its text.
    pub(crate) fn poll(&mut self, out: &mut String, now: Now) -> Option<Effect> {
        if let Some((reason, count)) = self.drops.tell() {
            text::put(out, drops::name(reason));
            return Some(Effect::Dropped { reason, count });
        }
        if self.acknowledged > 0 {
            let acknowledged = core::mem::take(&mut self.acknowledged);
            let count = u32::try_from(acknowledged).unwrap_or(u32::MAX);
            return Some(Effect::Sent { count });
        }
        if let Some(effect) = self.write_disk(out) {
            return Some(effect);
        }
        if let Phase::Sending(reason) | Phase::Leaving(reason) = self.phase {
            let ways: &[Transport] = match self.phase {
                Phase::Leaving(_) => &[Transport::Beacon, Transport::LastResort],
                _ if self.may_send() && self.backoff.until_ms() <= now.monotonic_ms => &[Transport::Fetch],
                _ => &[],
            };
            for transport in ways {
                if self.depart(*transport, out, now) {
                    return Some(Effect::Send { id: self.last_flight, transport: *transport, reason });
                }
            }
            self.phase = Phase::Idle;
        }
        self.arm(now)
    }

    /// What is next to be put on disk, or removed from it. First, so that a request is under way only when a copy
    /// is safe.
    fn write_disk(&mut self, out: &mut String) -> Option<Effect> {
        out.clear();
        if self.will == Will::Made && !self.envelope.memory_only {
            self.will = Will::OnDisk;
            self.envelope.open(out);
            out.push_str(&self.envelope.will);
            spool::close(out, "");
            self.envelope.report(out, self.will_seq, &self.drops, "");
            out.push('}');
            let chunk_bytes = out.len();
            self.write_will_key(out);
            return Some(Effect::Keep { chunk_bytes, last: 0 });
        }
        if self.will == Will::Revoked {
            self.will = Will::None;
            self.write_will_key(out);
            return Some(Effect::Forget);
        }
        let with_report = self.saving?;
        let keep = self.write_chunk(with_report, out);
        if keep.is_none() {
            self.saving = None;
        }
        keep
    }

    /// Writes the next chunk, and behind it its key; none if nothing is new. A report alone, which stays until
    /// another page has passed it on, if that is all there is, and wanted.
    fn write_chunk(&mut self, with_report: bool, out: &mut String) -> Option<Effect> {
        if self.envelope.memory_only {
            return None;
        }
        self.envelope.open(out);
        let written = self.queue.write(self.saved, out);
        let last = written.last;
        let mut priority = if written.automatic { Priority::Automatic } else { Priority::Captured };
        if last == 0 {
            if !(with_report && self.drops.unreported) {
                return None;
            }
            self.saving = None;
            priority = Priority::Report;
        }
        spool::close(out, written.context);
        self.envelope.report(out, self.seq, &self.drops, "");
        out.push('}');
        self.saved = self.saved.max(last);
        let chunk_bytes = out.len();
        spool::push_key(out, priority, &self.envelope.stream_id);
        spool::push_number(out, last);
        Some(Effect::Keep { chunk_bytes, last })
    }

    /// Writes the key that the will is kept under.
    fn write_will_key(&self, out: &mut String) {
        spool::push_key(out, Priority::Captured, &self.envelope.stream_id);
        out.push_str("will");
    }

    /// Writes the request that leaves next by `transport`, and counts it as under way; false if there is none.
    fn depart(&mut self, transport: Transport, out: &mut String, now: Now) -> bool {
        if self.backoff.is_blocked() {
            return false;
        }
        let id = self.last_flight + 1;
        let beacon = transport == Transport::Beacon;
        let mut room = Room { events: self.batch_events, bytes: self.batch_bytes() };
        if beacon {
            room.events = room.events.min(self.beacon.events);
            room.bytes = room.bytes.min(self.beacon.bytes.saturating_sub(self.envelope.bytes()));
        }
        self.envelope.open(out);
        let bytes = self.queue.board(id, self.ripe, room, out);
        let report_alone =
            self.report_alone && (self.drops.unreported || !self.will_told) && self.envelope.keeps_books();
        if bytes == 0 && !report_alone {
            return false;
        }
        self.will_told = true;
        self.report_alone = false;
        self.envelope.close(out, self.seq, &mut self.drops);
        self.last_flight = id;
        let mut flight = Flight { id, until_ms: NEVER, bytes: 0 };
        if beacon {
            flight = Flight { id, until_ms: now.monotonic_ms + BEACON_FLIGHT_MS, bytes: out.len() };
            self.beacon.bytes = self.beacon.bytes.saturating_sub(out.len());
        }
        self.flights.push(flight);
        true
    }

    /// Makes the shell's timer fire when there is next something to do.
    fn arm(&mut self, now: Now) -> Option<Effect> {
        let mut next = self.deadline_ms;
        for flight in &self.flights {
            next = next.min(flight.until_ms);
        }
        if self.backoff.is_blocked() {
            return None;
        }
        if self.may_send() && self.queue.is_waiting(self.ripe) {
            next = next.min(self.backoff.until_ms());
        }
        if next >= self.timer_ms {
            return None;
        }
        self.timer_ms = next;
        let ms = next.saturating_sub(now.monotonic_ms);
        Some(Effect::SetTimer { ms: u32::try_from(ms).unwrap_or(u32::MAX) })
    }

    /// Takes the flight `id` off the list; false if it is not there.
    fn land(&mut self, id: u32) -> bool {
        let at = self.flights.iter().position(|flight| flight.id == id);
        at.map(|at| self.flights.swap_remove(at)).is_some()
    }

    /// What is in flights that are under way until some moment between `from_ms` and `to_ms` waits again.
    fn recall(&mut self, from_ms: u64, to_ms: u64) {
        let mut at = 0;
        while let Some(flight) = self.flights.get(at) {
            if flight.until_ms >= from_ms && flight.until_ms <= to_ms {
                self.queue.release(flight.id, false);
                self.flights.swap_remove(at);
            } else {
                at += 1;
            }
        }
    }

    /// Whether one more fetch may be under way. Whether a collector that has failed is well again, one can tell.
    fn may_send(&self) -> bool {
        let most = if self.backoff.is_well() { MAX_IN_FLIGHT } else { 1 };
        self.flights.iter().filter(|flight| flight.until_ms == NEVER).count() < most
    }

    /// What [`MAX_BATCH_BYTES`] leaves for events.
    const fn batch_bytes(&self) -> usize {
        MAX_BATCH_BYTES.saturating_sub(self.envelope.bytes())
    }

    /// What was captured so far waits for company no longer.
    const fn ripen(&mut self) {
        self.ripe = self.seq;
        self.unripe = Room { events: 0, bytes: 0 };
        self.report_alone = true;
        self.deadline_ms = NEVER;
    }

    /// Starts the wait for company, unless it has begun.
    fn wait(&mut self, now: Now) {
        self.deadline_ms = self.deadline_ms.min(now.monotonic_ms + u64::from(MAX_BATCH_WAIT_MS));
    }
}
