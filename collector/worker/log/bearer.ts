/** `tallymark_delivery::Bearer`: a token that a service account signs itself (RS256), by the platform's own RSA. */
export interface Bearer {
  readonly signing_input: string;
  /** PKCS #8 in PEM. */
  readonly private_key: string;
}

/** Tokens of an isolate that are kept: each is the same for half an hour, and a signature costs a millisecond. */
const MAX_KEPT = 64;

const kept = new Map<string, Promise<string>>();

const ALGORITHM = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };

/** The header `authorization`. Rejects if the key is none. */
export function authorizationOf(bearer: Bearer): Promise<string> {
  const { signing_input, private_key } = bearer;
  // Of the key as well: another account's may be called the same.
  const id = `${private_key}\n${signing_input}`;
  const known = kept.get(id);
  if (known !== undefined) return known;
  const made = sign(bearer);
  // The oldest goes, which is likeliest to have expired.
  if (kept.size >= MAX_KEPT) kept.delete(kept.keys().next().value!);
  kept.set(id, made);
  made.catch(() => kept.delete(id));
  return made;
}

async function sign({ signing_input, private_key }: Bearer): Promise<string> {
  const der = Uint8Array.from(atob(private_key.replace(/-----[^-]*-----|\s/g, "")), (c) => c.charCodeAt(0));
  const key = await crypto.subtle.importKey("pkcs8", der, ALGORITHM, false, ["sign"]);
  const signature = await crypto.subtle.sign(ALGORITHM.name, key, new TextEncoder().encode(signing_input));
  const text = btoa(String.fromCharCode(...new Uint8Array(signature)));
  return `Bearer ${signing_input}.${text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`;
}
