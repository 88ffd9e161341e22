import { fileURLToPath } from "node:url";

/** Next.js itself lies in a folder above, which Turbopack would not look into. */
const root = fileURLToPath(new URL("../../..", import.meta.url));

export default { turbopack: { root }, outputFileTracingRoot: root };
