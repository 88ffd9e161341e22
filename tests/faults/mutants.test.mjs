// `cargo xtask test --only mutants` takes minutes and runs when it is asked for; that it still could is known at once.
import { test } from "node:test";
import { MUTANTS, mutated } from "./delivery/mutants.mjs";

for (const mutant of MUTANTS) test(`the code has what is broken on purpose: ${mutant.of} ${mutant.name}`, () => void mutated(mutant));
