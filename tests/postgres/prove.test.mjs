// What `cargo xtask bench store --prove` does with 200,000 events, with fewer.
import { test } from "node:test";
import { prove } from "../bench/store/prove.mjs";
import { NO_POSTGRES } from "../harness/postgres.mjs";

test("what 32 connections send is in PostgreSQL, each event once and to the byte", { skip: NO_POSTGRES, timeout: 180_000 }, () =>
  prove(10_000));
