/** What `bench leave` prints, and whether the targets of issue 3 are met. */
import { accounted } from "../../harness/client.mjs";
import { WAYS } from "./ways.mjs";

const ways = Object.keys(WAYS);
const sum = (visits, figure) => visits.reduce((total, visit) => total + figure(visit), 0);
const percent = (part, whole) => String(Math.round((1_000 * part) / whole) / 10);
const arrived = (visits, when) => sum(visits, (visit) => visit[when].marks.size);
const inBooks = ({ later: { books } }) => books.balanced && books.total.captured === accounted(books.total);

function table(title, results, cell) {
  const row = (name, cells) => console.log(name.padEnd(26) + cells.map((text) => text.padStart(15)).join(""));
  console.log(`\n${title}\n`);
  row("", ways);
  for (const [name, visits] of results) row(name, ways.map((way) => cell(visits[way], WAYS[way])));
}

/**
 * @param {Map<string, Record<string, { alone: object, later: object }[]>>} results by subject, ours first, and way
 * @returns {boolean} whether every target is met
 */
export function report(results) {
  for (const way of ways) console.log(`${way.padEnd(8)} ${WAYS[way].words}`);
  table("% of events that arrived without another visit / counting the next visit", results, (visits, { events }) =>
    ["alone", "later"].map((when) => percent(arrived(visits, when), events * visits.length)).join(" / "),
  );
  table("% of visits whose page-leave event arrived, likewise", results, (visits) =>
    visits[0].alone.leaves === null
      ? "none"
      : ["alone", "later"].map((when) => percent(visits.filter((v) => v[when].leaves > 0).length, visits.length)).join(" / "),
  );
  table("events that came more than once: over the wire / into the store", results, (visits) =>
    visits[0].later.storedTwice === null
      ? `${sum(visits, (v) => v.later.repeated)} / ?`
      : `${sum(visits, (v) => v.later.repeated)} / ${sum(visits, (v) => v.later.storedTwice)}`,
  );
  return verdicts(results);
}

function verdicts(results) {
  const [[, own], ...peers] = results;
  const all = Object.values(own).flat();
  const open = sum(all, (visit) => visit.later.books.total.under_way);
  const twice = sum(all, (visit) => visit.later.storedTwice);
  const targets = [
    [`books balanced: ${all.filter(inBooks).length} of ${all.length}, ${open} events under way`, all.every(inBooks) && !open],
    [`stored twice: ${twice}`, twice === 0],
  ];
  for (const way of ways) {
    const whole = WAYS[way].events * own[way].length;
    const best = Math.max(...peers.map(([, visits]) => arrived(visits[way], "alone")));
    const left = own[way].filter((visit) => visit.later.leaves > 0).length;
    targets.push([`${way}: page-leave of ${left} of ${own[way].length}`, left === own[way].length]);
    targets.push([`${way}: 100 % counting the next visit`, arrived(own[way], "later") === whole]);
    if (WAYS[way].alone) {
      const words = `${way}: without it, the best peer's ${percent(best, whole)} % at least`;
      targets.push([words, arrived(own[way], "alone") >= best]);
    }
  }
  console.log("\ntargets for Tallymark\n");
  for (const [words, met] of targets) console.log(`${met ? "met    " : "MISSED "} ${words}`);
  return targets.every(([, met]) => met);
}
