// The layouts that docs/LAYOUTS.md shows, rendered by the engines that they are for, with the settings as teams have them.
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { transform } from "esbuild";
import { cached, npmPackages } from "../harness/cache.mjs";
import { ROOT } from "../harness/world.mjs";

const run = promisify(execFile);
const HERE = fileURLToPath(new URL(".", import.meta.url));
const PYTHON = process.env.PYTHON ?? "python3";
const DOCS = readFileSync(join(ROOT, "docs/LAYOUTS.md"), "utf8");
const snippet = (language) => new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "ms").exec(DOCS)[1];

const KEY = 'phc_a"b<c';
const POSTHOG = {
  src: "/tm.js",
  "data-key": KEY,
  "data-host": "https://us.i.posthog.com",
  "data-capture-pageview": "true",
  "data-capture-pageleave": "true",
};
/** Settings, and the tags with a source that are to come of them. */
const CASES = [
  [{}, []],
  [{ POSTHOG_PROJECT_API_KEY: "", GOOGLE_ANALYTICS_MEASUREMENT_ID: "" }, []],
  [{ POSTHOG_PROJECT_API_KEY: KEY }, [POSTHOG]],
  [{ POSTHOG_PROJECT_API_KEY: KEY, POSTHOG_HOST: "" }, [POSTHOG]],
  [
    { POSTHOG_PROJECT_API_KEY: KEY, POSTHOG_HOST: "https://c.example", POSTHOG_CAPTURE_PAGEVIEW: "False", POSTHOG_CAPTURE_PAGELEAVE: "true" },
    [{ ...POSTHOG, "data-host": "https://c.example", "data-capture-pageview": "false" }],
  ],
  [{ GOOGLE_ANALYTICS_MEASUREMENT_ID: "G-ABC" }, [{ src: "/tm.js", "data-dialect": "ga4", "data-measurement-id": "G-ABC" }]],
  [
    { POSTHOG_PROJECT_API_KEY: KEY, GOOGLE_ANALYTICS_MEASUREMENT_ID: "G-ABC" },
    [POSTHOG, { src: "https://www.googletagmanager.com/gtag/js?id=G-ABC" }],
  ],
];

const ENTITIES = { "&quot;": '"', "&#34;": '"', "&lt;": "<", "&amp;": "&", "&#39;": "'" };
/** The attributes of the script tags that have a source, in their order. */
const tags = (html) =>
  [...html.matchAll(/<script((?:\s+[\w-]+(?:="[^"]*")?)*)\s*>/g)]
    .map(([, attributes]) => [...attributes.matchAll(/((?:src|data-[\w-]+))="([^"]*)"/g)])
    .map((pairs) => Object.fromEntries(pairs.map(([, name, value]) => [name, value.replace(/&[#\w]+;/g, (entity) => ENTITIES[entity])])))
    .filter(({ src }) => src);

function renders(engine, render, options = {}) {
  test(`a layout in ${engine}`, { timeout: 120_000, ...options }, async () => {
    for (const [settings, expected] of CASES) {
      const html = await render(settings);
      assert.deepEqual(tags(html), expected, JSON.stringify(settings));
      assert.equal(html.includes("/* the stub */"), expected.length > 0);
      assert.equal(html.includes('gtag("config"'), expected.length > 1);
    }
  });
}

const JINJA = `import sys, json, jinja2
template, settings = json.loads(sys.argv[1])
print(jinja2.Environment(autoescape=True).from_string(template).render(settings))`;

renders("Jinja", async (settings) => {
  const folder = await cached("layouts-python", [join(HERE, "requirements.txt")], async (fresh) => {
    await run(PYTHON, ["-m", "venv", join(fresh, "venv")]);
    const pip = ["-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--only-binary", ":all:", "--requirement"];
    await run(join(fresh, "venv/bin/python"), [...pip, join(fresh, "requirements.txt")]);
  });
  const given = JSON.stringify([snippet("jinja"), settings]);
  return (await run(join(folder, "venv/bin/python"), ["-c", JINJA, given])).stdout;
});

const ERB = "require 'erb'; include ERB::Util; puts ERB.new(ARGV[0]).result(binding)";
const hasRuby = spawnSync("ruby", ["-e", "require 'erb'"]).status === 0;
renders(
  "ERB",
  async (settings) => (await run("ruby", ["-e", ERB, snippet("erb")], { env: { PATH: process.env.PATH, ...settings } })).stdout,
  { skip: !hasRuby && "there is no Ruby on this machine" },
);

renders("React", async (settings) => {
  const { code } = await transform(snippet("jsx"), { loader: "jsx", format: "cjs", jsx: "transform" });
  const home = await npmPackages("packaging", join(ROOT, "tests/packaging"));
  const require = createRequire(join(home, "package.json"));
  const React = require("react");
  const module = { exports: {} };
  new Function("module", "exports", "React", code)(module, module.exports, React);
  return require("react-dom/server").renderToStaticMarkup(React.createElement(module.exports.Analytics, { settings }));
});

test("a layout in Blade has the same tags and defaults", () => {
  // Blade needs all of Laravel: what it would write is read off its text.
  const config = snippet("php");
  for (const [name, fallback] of [["POSTHOG_HOST", "'https://us.i.posthog.com'"], ["POSTHOG_CAPTURE_PAGEVIEW", "true"], ["POSTHOG_CAPTURE_PAGELEAVE", "true"]]) {
    assert.ok(config.includes(`env('${name}', ${fallback})`), name);
  }
  for (const name of ["POSTHOG_PROJECT_API_KEY", "GOOGLE_ANALYTICS_MEASUREMENT_ID"]) assert.ok(config.includes(`env('${name}')`), name);
  const [, ...keys] = [...config.matchAll(/^ +'(\w+)'/gm), ...config.matchAll(/^'(\w+)'/gm)].map(([, key]) => key);
  const blade = snippet("blade");
  for (const key of keys.filter((key) => key !== "analytics")) assert.ok(blade.includes(`$analytics['${key}']`), key);
  const shape = (html) => tags(html).map((attributes) => Object.keys(attributes));
  assert.deepEqual(shape(blade.replace(/\{\{.*?\}\}/g, "x")), shape(snippet("jinja").replace(/\{\{.*?\}\}/g, "x")));
  assert.equal(blade.match(/@if\b/g).length, blade.match(/@endif\b/g).length);
});
