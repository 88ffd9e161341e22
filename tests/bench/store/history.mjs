/**
 * What an application of many tenants would have sent: rows as a log gives them, a batch of one tenant's at a time, in
 * the order in which they would reach PostgreSQL. The same rows in every run.
 *
 * What is assumed, and kept rather hard on the indexes:
 * - 200 tenants, the largest with 17 % of the events, the smallest with 0.08 % (Zipf); all from the first day on, at a
 *   steady rate. A batch holds what happened since the tenant's last.
 * - Event ids are UUIDv7 of when it happened. Ids of users, visitors and correlations are random UUIDs: no order at all.
 * - Visits of some 25 events, several at a time in a tenant. Of three visits one stays anonymous; of the others a
 *   fifth is by a new user, the rest by one who was there before, rather lately than long ago: 53,000 of them in ten
 *   million events.
 * - 40 % of the events are about an entity (numbered within its tenant, of 6 types): of those that a visit turns to, a
 *   quarter is new, the rest as with users.
 * - A quarter has a correlation id, three events the same.
 * - 40 names, the commonest a quarter of all. 250 bytes of properties and 370 of context.
 */
const TENANTS = 200;
const NAMES = 40;
const ENTITY_TYPES = ["recipe", "batch", "inventory_item", "order", "product", "label"];
const VISITS_AT_ONCE = 200;
const DAY_MS = 86_400_000;
const EVENTS_A_VISIT = 25;
const EVENTS_A_CORRELATION = 3;
const USER_AGENT =
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";

/** Chance that is the same in every run: Marsaglia's xorshift. */
class Dice {
  #state = 20_261_121;

  /** In [0, 1). */
  next() {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) / 0x1_0000_0000;
  }

  below(n) {
    return Math.floor(this.next() * n);
  }

  /** One of so many in the order of their coming: the latest ones more often. */
  recent(count) {
    return count - 1 - Math.floor(count * this.next() ** 2);
  }

  #hex(digits) {
    return this.below(16 ** digits).toString(16).padStart(digits, "0");
  }

  uuidv4() {
    return this.#uuid(`${this.#hex(6)}${this.#hex(6)}`, 4);
  }

  uuidv7(ms) {
    return this.#uuid(ms.toString(16).padStart(12, "0"), 7);
  }

  #uuid(front, version) {
    const back = `${this.#hex(6)}${this.#hex(6)}`;
    return `${front.slice(0, 8)}-${front.slice(8)}-${version}${this.#hex(3)}-${"89ab"[this.below(4)]}${this.#hex(3)}-${back}`;
  }
}

/** The shares of so many, of which the n-th has an n-th of what the first has. */
function zipf(count) {
  const shares = Array.from({ length: count }, (_, number) => 1 / (number + 1));
  const total = shares.reduce((a, b) => a + b);
  return shares.map((share) => share / total);
}

const NAME_SHARES = zipf(NAMES);

function nameNumber(at) {
  let number = 0;
  for (let left = at; number < NAMES - 1 && left >= NAME_SHARES[number]; number++) left -= NAME_SHARES[number];
  return number;
}

/** A tenant, and the visits that are going on there. */
class Tenant {
  #dice;
  #id;
  #users = [];
  #entities = 0;
  #visits;
  #correlation = { id: "", left: 0 };

  constructor(dice, number, visitsAtOnce) {
    this.#dice = dice;
    this.#id = `org_${dice.uuidv4().slice(0, 8)}_${number}`;
    this.#visits = Array.from({ length: visitsAtOnce }, () => undefined);
  }

  event(at) {
    const dice = this.#dice;
    const place = dice.below(this.#visits.length);
    let visit = this.#visits[place];
    if (visit === undefined || dice.next() < 1 / EVENTS_A_VISIT) visit = this.#visits[place] = this.#visit(at);
    const isServer = dice.next() < 0.25;
    const entity = dice.next() < 0.4 ? this.#entity(visit) : undefined;
    const time = new Date(at).toISOString();
    return {
      seq: 0,
      event_id: dice.uuidv7(at),
      event_name: `event_${nameNumber(dice.next())}`,
      occurred_at: time,
      received_at: new Date(at + dice.below(5_000)).toISOString(),
      organization_id: this.#id,
      user_id: visit.user,
      anonymous_id: visit.visitor,
      session_id: visit.id,
      entity_type: entity === undefined ? null : ENTITY_TYPES[entity % ENTITY_TYPES.length],
      entity_id: entity === undefined ? null : String(entity),
      correlation_id: dice.next() < 0.25 ? this.#correlate() : null,
      source: isServer ? "server" : "browser",
      trust: isServer ? "server" : visit.user === null ? "origin" : "token",
      schema_version: 1,
      properties: {
        recipe_id: dice.below(1_000_000),
        scale: 2.5,
        unit: "g",
        from_template: true,
        label: "Lavender & oat soap, winter batch",
        duration_seconds: dice.below(10_000) / 10,
        $current_url: `https://shop.example/fern/recipes/${dice.below(100_000)}?utm_source=newsletter`,
        $referrer: "https://shop.example/fern/recipes",
        $viewport_width: 1440,
      },
      context: {
        dialect: "posthog",
        sent_at: time,
        clock_shift_ms: dice.below(400) - 200,
        user_agent: USER_AGENT,
        country: "DE",
        stream: { id: visit.id, seq: ++visit.events },
        lib: { name: "tallymark", version: "0.1.0" },
      },
    };
  }

  #visit(at) {
    const dice = this.#dice;
    if (dice.next() < 1 / 3) return { id: dice.uuidv7(at), user: null, visitor: dice.uuidv4(), entity: undefined, events: 0 };
    if (this.#users.length === 0 || dice.next() < 0.2) this.#users.push({ user: dice.uuidv4(), visitor: dice.uuidv4() });
    return { id: dice.uuidv7(at), ...this.#users[dice.recent(this.#users.length)], entity: undefined, events: 0 };
  }

  #entity(visit) {
    const dice = this.#dice;
    if (visit.entity === undefined || dice.next() < 0.15) {
      visit.entity = this.#entities === 0 || dice.next() < 0.25 ? this.#entities++ : dice.recent(this.#entities);
    }
    return visit.entity;
  }

  #correlate() {
    if (this.#correlation.left === 0) this.#correlation = { id: this.#dice.uuidv4(), left: EVENTS_A_CORRELATION };
    this.#correlation.left--;
    return this.#correlation.id;
  }
}

/**
 * @param {object} options
 * @param {number} options.perDay events
 * @param {number} options.batch events of each batch
 * @param {Date} options.from when the first of them happened
 * @param {number} options.days over which they happened
 * @returns {Generator<object[]>} batches of rows
 */
export function* history({ perDay, batch, from, days }) {
  const dice = new Dice();
  const due = [];
  for (const [number, share] of zipf(TENANTS).entries()) {
    const tenant = new Tenant(dice, number, 1 + Math.floor(share * VISITS_AT_ONCE));
    const step = (DAY_MS * batch) / (share * perDay);
    const phase = dice.next();
    for (let n = 0; (n + phase) * step <= days * DAY_MS; n++) {
      due.push({ tenant, begins: (n - 1 + phase) * step, ends: (n + phase) * step });
    }
  }
  due.sort((a, b) => a.ends - b.ends);
  for (const { tenant, begins, ends } of due) {
    const first = from.getTime() + Math.max(0, begins);
    const step = (from.getTime() + ends - first) / batch;
    yield Array.from({ length: batch }, (_, i) => tenant.event(Math.floor(first + i * step)));
  }
}
