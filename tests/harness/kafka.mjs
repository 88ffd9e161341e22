/** A Kafka of one's own: librdkafka's mock cluster, as a process (sink/examples/mock-kafka.rs). */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ROOT } from "./world.mjs";

const BINARY = join(ROOT, "target/debug/examples/mock-kafka");

export async function startKafka() {
  if (!existsSync(BINARY)) throw new Error(`${BINARY} is not built; run: cargo build -p tallymark-sink --bins --examples`);
  const kafka = spawn(BINARY, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: kafka.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error("the mock cluster has ended");
    return JSON.parse(value);
  };
  const { brokers } = await answer();
  let last = Promise.resolve();
  const ask = (command) => (last = last.then(() => kafka.stdin.write(`${JSON.stringify(command)}\n`)).then(answer));
  return {
    brokers,
    create: (topic, partitions) => ask({ create: { topic, partitions } }),
    /** @param {{ partition: number, key?: string, value: string | number[] | null }[]} messages */
    produce: (topic, messages) => ask({ produce: { topic, messages } }),
    /** What a group has committed, by partition; null where there is nothing. */
    committed: (topic, partitions, group = "tallymark-sink") => ask({ committed: { topic, partitions, group } }),
    refuseCommits: (refused) => ask({ refuse_commits: refused }),
    down: (isDown) => ask({ down: isDown }),
    async stop() {
      const ended = once(kafka, "exit");
      kafka.stdin.end();
      await ended;
    },
  };
}
