// This side of the boundary to the wasm module; the other is ../../dev/src/abi.rs, which documents it.

interface Exports {
  memory: WebAssembly.Memory;
  input(bytes: number): number;
  output(): number;
  output_len(): number;
  load(): number;
  check(source: 0 | 1): number;
}

/** Something that an event breaks. */
export type Broken = [path: string, rule: string, expected: string, got: string, remedy: string];

/** Something that it uses, and is to use no more. */
export type Deprecated = [path: string, since: string, use: string | null];

/** What the collector would say of an event. */
export type Verdict = [event: string, broken: Broken[], more: number, deprecated: Deprecated[]];

/** A plan, as the collector has it. */
export class Check {
  readonly #wasm: Exports;
  /** The plan's name and version, in words. */
  readonly plan: string;

  private constructor(wasm: Exports, plan: string) {
    this.#wasm = wasm;
    this.plan = plan;
  }

  /** By the text of a plan.json. @throws what is wrong with it, a line each, or why there can be no module. */
  static async by(bytes: BufferSource, planJson: string): Promise<Check> {
    const { instance } = await WebAssembly.instantiate(bytes);
    const wasm = instance.exports as unknown as Exports;
    write(wasm, planJson);
    const isPlan = wasm.load();
    const said = read(wasm);
    if (!isPlan) throw new Error(said);
    return new Check(wasm, said);
  }

  /** What the collector would say of a page's request; nothing if it would not take it for one. */
  request(body: string): Verdict[] {
    write(this.#wasm, body);
    return this.#wasm.check(0) ? (JSON.parse(read(this.#wasm)) as Verdict[]) : [];
  }
}

function write({ memory, input }: Exports, text: string): void {
  const bytes = new TextEncoder().encode(text);
  const at = input(bytes.length);
  // Only now: making room may have moved the memory.
  new Uint8Array(memory.buffer).set(bytes, at);
}

const read = ({ memory, output, output_len }: Exports): string =>
  new TextDecoder().decode(new Uint8Array(memory.buffer, output(), output_len()));
