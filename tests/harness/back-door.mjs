/** A second Worker that reaches the same logs: for what no request could say, or not in time. */
export const BACK_DOOR = {
  name: "back-door",
  modules: [
    {
      type: "ESModule",
      path: "back-door.mjs",
      contents: `export default { async fetch(request, env) {
        const { organizationId, batch, erasure, maxPages, settings } = await request.json();
        const log = env.LOG.getByName("log:" + organizationId);
        if (erasure !== undefined) return new Response(await log.erase(organizationId, erasure, maxPages));
        if (settings !== undefined) return Response.json(await log.settingsChanged(settings) ?? null);
        return Response.json(await log.append(batch));
      } }`,
    },
  ],
  durableObjects: { LOG: { className: "TenantLog", scriptName: "collector", useSQLite: true } },
  unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
};

/**
 * Appends a batch as the brain would have made it (collector/worker/log/log.ts) to a log of a world with that Worker;
 * the receipt.
 */
export async function appendDirectly(world, organizationId, batch) {
  return (await ask(world, { organizationId, batch })).json();
}

/** Has somebody forgotten, and no more pages of rows gone through than that, as if the Worker had ended then; the receipt. */
export async function eraseDirectly(world, organizationId, erasure, maxPages) {
  return (await ask(world, { organizationId, erasure, maxPages })).json();
}

/** Tells a log of its tenant's settings, as the call does that writes them. */
export async function setDirectly(world, organizationId, settings) {
  await (await ask(world, { organizationId, settings: JSON.stringify(settings) })).text();
}

async function ask(world, what) {
  const url = await world.mf.unsafeGetDirectURL("back-door");
  return fetch(url, { method: "POST", body: JSON.stringify(what) });
}
