// What the Next.js adapter says of a route, and what it would rather not say. Needs sdk/dist.
import assert from "node:assert/strict";
import { test } from "node:test";
import { pattern } from "../../sdk/dist/adapters/next-routes.js";

test("a parameter's value gives way to its name", () => {
  assert.equal(pattern("", {}), "/");
  assert.equal(pattern("/about", {}), "/about");
  assert.equal(pattern("/recipes/12", { id: "12" }), "/recipes/[id]");
  assert.equal(pattern("/acme/recipes/12/edit", { org: "acme", id: "12" }), "/[org]/recipes/[id]/edit");
  assert.equal(pattern("/cr%C3%A8me", { name: "cr%C3%A8me" }), "/[name]");
});

test("a parameter of several segments is one part of the pattern", () => {
  assert.equal(pattern("/docs/a/b/edit", { path: ["a", "b"] }), "/docs/[...path]/edit");
  assert.equal(pattern("/docs", { path: undefined }), "/docs");
  assert.equal(pattern("/docs", { path: [] }), "/docs");
});

test("nothing is said of a path that does not tell which part is which parameter", () => {
  assert.equal(pattern("/recipes/recipes", { id: "recipes" }), undefined);
  assert.equal(pattern("/a/a", { x: "a", y: "a" }), undefined);
  assert.equal(pattern("/about", { locale: "en" }), undefined, "a rewrite hides it");
});
