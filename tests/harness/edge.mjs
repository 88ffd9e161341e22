/**
 * Cloudflare's route table, in small: the collector has its paths on the site's own origin, the site has the rest.
 * (Miniflare has routes of its own, but those pass static files by.)
 */
const OWN = /^\/(tm\.[\w.]+|(.*\/)?(g\/(s\/)?collect|(ga|ag)\/g\/c)|(debug\/)?mp\/collect|batch|e|i\/v0\/e|capture|track|engage|s|flags|decide|array\/.*|v1\/.*|_readiness|healthz|readyz|metrics)\/?$/;

export default {
  fetch(request, env) {
    const { pathname } = new URL(request.url);
    const own = OWN.test(pathname) || env.INGEST_PATHS.includes(pathname);
    return (own ? env.COLLECTOR : env.SITE).fetch(request);
  },
};
