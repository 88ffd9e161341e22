/** Rounds of load with one or two faults in each, dealt from a deck, so that many rounds see every fault. */
import { setTimeout as wait } from "node:timers/promises";
import { between, shuffled } from "../../harness/random.mjs";

/** A kill of workerd among this many other faults: it is what most of the promises are about. */
const FAULTS_A_KILL = 5;

/** Rounds after which what is parked is retried, and everything must be everywhere. */
export const BLOCK = 10;

/**
 * @typedef {object} Card
 * @property {string} target who it happens to: a store's name, a dispatcher's, or "workerd"
 * @property {string} fault
 * @property {(random: () => number) => Promise<() => unknown>} begin gives what ends it
 */

/** Every fault of all others, and among them those of workerd. @returns {() => Card[]} the next round's */
function dealer(collector, victims, random, only) {
  const cardsOf = (target, faults) => Object.entries(faults).map(([fault, begin]) => ({ target, fault, begin }));
  const isWanted = ({ fault }) => only === undefined || only.includes(fault);
  const ofOthers = victims.flatMap(({ name, faults }) => cardsOf(name, faults)).filter(isWanted);
  const [kill, ...rest] = cardsOf("workerd", collector.faults);
  const others = rest.filter(isWanted);
  let deck = [];
  const next = () => {
    if (deck.length === 0) {
      const kills = Array(Math.ceil(ofOthers.length / FAULTS_A_KILL)).fill(kill);
      deck = shuffled(random, [...ofOthers, ...others, ...kills]);
    }
    return deck.pop();
  };
  return () => {
    const first = next();
    if (random() < 0.5) return [first];
    const second = next();
    return second.target === first.target ? [first] : [first, second];
  };
}

/**
 * @param {object} given
 * @param {number} given.rounds
 * @param {() => number} given.random
 * @param {import("./collector.mjs").Collector} given.collector
 * @param {readonly import("./http-store.mjs").HttpStore[]} given.stores
 * @param {import("./outbox.mjs").Outbox} [given.outbox]
 * @param {import("./load.mjs").Load} given.load
 * @param {import("./books.mjs").Books} given.books
 * @param {readonly string[]} [given.faults] those that are drawn, if not all; workerd is killed all the same
 * @param {(line: string) => void} given.say
 */
export async function play({ rounds, random, collector, stores, outbox, load, books, faults, say }) {
  const deal = dealer(collector, [...stores, ...(outbox?.dispatchers ?? [])], random, faults);
  for (let round = 1; round <= rounds; round++) {
    const cards = deal();
    const began = Date.now();
    const what = cards.map(({ target, fault }) => `${target} ${fault}`).join(", ");
    try {
      const loadMs = between(random, 300, 900);
      await Promise.all([load.run(loadMs), outbox?.run(loadMs), afflict(cards, random, loadMs)]);
      await books.rest();
      if (round % BLOCK === 0 || round === rounds) await books.empty();
      await books.check(load.acknowledged);
    } catch (error) {
      say(`${round}. ${what}: failed`);
      error.message = `round ${round} (${what}): ${error.message}`;
      throw error;
    }
    say(`${round}. ${what}: ${books.events} events, ${Date.now() - began} ms`);
  }
}

/** Some time into the load the faults begin, and some time later they end, whatever the load does. */
async function afflict(cards, random, loadMs) {
  await wait(random() * loadMs * 0.6);
  const ends = [];
  for (const { begin } of cards) ends.push(await begin(random));
  // Some longer than a lease.
  await wait(random() < 0.15 ? 2_500 : between(random, 200, 1_200));
  for (const end of ends) await end();
}
