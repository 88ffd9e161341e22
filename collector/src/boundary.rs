//! Bytes in, slices out.

use tallymark_ingest::{
    Administration, Answer, DeliveryRequest, ErasureOrder, ErasureRequest, ParkedFilter, Place,
    QuarantineFilter, QuarantineRequest, Request, Sweep, Wanted, Write,
};

use crate::kind;

/// An input buffer larger than this is given back after the request that needed it: wasm memory never
/// shrinks, but the next large request can have the same pages.
const KEEP_INPUT_BYTES: usize = 256 * 1024;

/// The buffer that the Worker writes a request into.
#[derive(Default)]
pub(crate) struct Input(Vec<u8>);

impl Input {
    pub(crate) fn reserve(&mut self, len: usize) -> *mut u8 {
        if self.0.len() < len {
            self.0.resize(len, 0);
        }
        self.0.as_mut_ptr()
    }

    pub(crate) fn bytes(&self, start: usize, len: usize) -> &[u8] {
        self.0.get(start..start.saturating_add(len)).unwrap_or_default()
    }

    /// The Worker writes with `TextEncoder`, so this is UTF-8; anything else reads as empty.
    pub(crate) fn text(&self, start: usize, len: usize) -> &str {
        std::str::from_utf8(self.bytes(start, len)).unwrap_or_default()
    }

    pub(crate) fn release(&mut self) {
        if self.0.len() > KEEP_INPUT_BYTES {
            self.0 = Vec::new();
        }
    }
}

/// Reads the head: fifteen lines, or nineteen with those of capture v1, empty where there is nothing to say. No value
/// can hold a line end: they are a method, a URL and HTTP headers.
pub(crate) fn head<'a>(text: &'a str, body: &'a [u8]) -> Request<'a> {
    let mut lines = text.split('\n');
    let mut line = || lines.next().unwrap_or_default();
    let (method, path, query) = (line(), line(), line());
    let mut header = || Some(line()).filter(|v| !v.is_empty());
    Request {
        method,
        path,
        query,
        origin: header(),
        referer: header(),
        content_type: header(),
        content_encoding: header(),
        authorization: header(),
        user_agent: header(),
        country: header(),
        accept: header(),
        fetch_dest: header(),
        gpc: header(),
        address: header(),
        place: place(header().unwrap_or_default()),
        sdk_info: header(),
        attempt: header(),
        request_id: header(),
        request_timestamp: header(),
        body,
    }
}

/// Reads the line of the platform's place: nothing, or six fields with tabs between.
fn place(line: &str) -> Place<'_> {
    if line.is_empty() {
        return Place::default();
    }
    let mut fields = line.split('\t');
    let mut field = || fields.next().filter(|text| !text.is_empty());
    Place {
        region: field(),
        region_code: field(),
        city: field(),
        postal_code: field(),
        time_zone: field(),
        continent: field(),
    }
}

/// What a call gives back: numbers, and texts that stay where they are in wasm memory.
///
/// The table is `u32`s: how many numbers, the numbers, how many texts, then address and length of each. It
/// and the texts are valid until the next call into the module.
#[derive(Default)]
pub(crate) struct Output {
    numbers: Vec<u32>,
    texts: Vec<String>,
    table: Vec<u32>,
}

impl Output {
    pub(crate) fn clear(&mut self) {
        self.numbers.clear();
        self.texts.clear();
    }

    pub(crate) fn number(&mut self, n: u32) {
        self.numbers.push(n);
    }

    pub(crate) fn text(&mut self, text: String) {
        self.texts.push(text);
    }

    pub(crate) fn answer(&mut self, answer: Answer) {
        self.number(u32::from(answer.status));
        self.number(answer.max_age_s);
        self.number(answer.retry_after_s);
        self.text(answer.content_type.to_owned());
        self.text(answer.body);
    }

    /// A limit and whether nothing is to be done; then what is wanted, an event's id, a cursor, a rule, an event's name
    /// and a moment: empty where there is nothing to say.
    pub(crate) fn quarantine(&mut self, request: QuarantineRequest) {
        let one = Sweep { filter: QuarantineFilter::default(), after: 0, limit: 1, dry_run: true };
        let (verb, event_id, sweep) = match request {
            QuarantineRequest::List(sweep) => ("list", String::new(), sweep),
            QuarantineRequest::Show { event_id } => ("show", event_id.to_string(), one),
            QuarantineRequest::Replay(sweep) => ("replay", String::new(), sweep),
            QuarantineRequest::Purge(sweep) => ("purge", String::new(), sweep),
        };
        let Sweep { filter: QuarantineFilter { rule, event_name, before }, after, limit, dry_run } = sweep;
        let mut before_text = String::new();
        if let Some(before) = before {
            before.write(&mut before_text);
        }
        self.number(limit);
        self.number(u32::from(dry_run));
        for text in [
            verb.to_owned(),
            event_id,
            after.to_string(),
            rule.unwrap_or_default(),
            event_name.unwrap_or_default(),
            before_text,
        ] {
            self.text(text);
        }
    }

    /// What to read: `record` or `list`, and the name or prefix. Or an answer, and five texts for each thing to write: `put`
    /// or `delete`, name, text, metadata, and until when in s since 1970; empty where there is nothing to say.
    pub(crate) fn administration(&mut self, step: Administration) -> u32 {
        match step {
            Administration::Read(wanted) => {
                let (verb, name) = match wanted {
                    Wanted::Record(name) => ("record", name),
                    Wanted::List(prefix) => ("list", prefix),
                };
                self.text(verb.to_owned());
                self.text(name);
                kind::READ
            }
            Administration::Done { writes, answer } => {
                self.answer(answer);
                for write in writes {
                    let texts = match write {
                        Write::Put { name, value, metadata, until } => {
                            let until = until.map(|at| (at.ms() / 1_000).to_string());
                            [
                                "put".to_owned(),
                                name,
                                value,
                                metadata.unwrap_or_default(),
                                until.unwrap_or_default(),
                            ]
                        }
                        Write::Delete { name } => {
                            ["delete".to_owned(), name, String::new(), String::new(), String::new()]
                        }
                    };
                    for text in texts {
                        self.text(text);
                    }
                }
                kind::ANSWER
            }
        }
    }

    /// A limit and whether nothing is to be done; then what is wanted, a cursor and an id: empty where there is nothing
    /// to say.
    pub(crate) fn erasure(&mut self, request: ErasureRequest) {
        let (verb, limit, dry_run, after, id) = match request {
            ErasureRequest::List { after, limit } => ("list", limit, false, after.to_string(), String::new()),
            ErasureRequest::Order(ErasureOrder { id, mode, dry_run }) => {
                (mode.name(), 0, dry_run, String::new(), id)
            }
        };
        self.number(limit);
        self.number(u32::from(dry_run));
        for text in [verb.to_owned(), after, id] {
            self.text(text);
        }
    }

    /// A limit and whether nothing is to be done; then what is wanted, a cursor, a destination's name, an event's id and a
    /// reason: empty where there is nothing to say.
    pub(crate) fn delivery(&mut self, request: DeliveryRequest) {
        let of = |destination, event_id| Sweep {
            filter: ParkedFilter { destination, event_id, reason: None },
            after: 0,
            limit: 0,
            dry_run: false,
        };
        let (verb, sweep) = match request {
            DeliveryRequest::List => ("list", of(None, None)),
            DeliveryRequest::Resume { name } => ("resume", of(Some(name), None)),
            DeliveryRequest::Show { event_id } => ("show", of(None, Some(event_id))),
            DeliveryRequest::Parked(sweep) => ("parked", sweep),
            DeliveryRequest::Retry(sweep) => ("retry", sweep),
            DeliveryRequest::Drop(sweep) => ("drop", sweep),
        };
        let Sweep { filter, after, limit, dry_run } = sweep;
        self.number(limit);
        self.number(u32::from(dry_run));
        for text in [
            verb.to_owned(),
            after.to_string(),
            filter.destination.unwrap_or_default(),
            filter.event_id.map(|id| id.to_string()).unwrap_or_default(),
            filter.reason.unwrap_or_default(),
        ] {
            self.text(text);
        }
    }

    /// Makes the table of what is here now.
    pub(crate) fn table(&mut self) -> *const u32 {
        let word = |n: usize| u32::try_from(n).unwrap_or_default();
        self.table.clear();
        self.table.push(word(self.numbers.len()));
        self.table.extend_from_slice(&self.numbers);
        self.table.push(word(self.texts.len()));
        for text in &self.texts {
            self.table.push(word(text.as_ptr() as usize));
            self.table.push(word(text.len()));
        }
        self.table.as_ptr()
    }
}
