/** Google Pub/Sub's `topics:publish` on loopback: its limits, and its tokens checked as Google checks them. */
import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { Receiver } from "./receiver.mjs";

const PATH = "/v1/projects/shop-prod/topics/domain_events:publish";

/** A service account, as Google's console gives one: and its key, which is this process's own. */
function serviceAccount() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  return {
    type: "service_account",
    project_id: "shop-prod",
    private_key_id: "k1",
    private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
    client_email: "tallymark@shop-prod.iam.gserviceaccount.com",
  };
}

/** A token that an account signs itself: for this service, for an hour at the most, not expired. */
function checkToken(authorization, account) {
  const [, head, claims, signature] = /^Bearer ([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(authorization ?? "") ?? [];
  assert.ok(signature, "no token");
  const read = (part) => JSON.parse(Buffer.from(part, "base64url").toString());
  assert.deepEqual(read(head), { alg: "RS256", kid: account.private_key_id, typ: "JWT" });
  const key = createPublicKey(account.private_key);
  assert.ok(verify("RSA-SHA256", `${head}.${claims}`, key, Buffer.from(signature, "base64url")), "signature");
  const { iss, sub, aud, iat, exp } = read(claims);
  assert.deepEqual([iss, sub, aud], [account.client_email, account.client_email, "https://pubsub.googleapis.com/"]);
  const now = Date.now() / 1_000;
  assert.ok(iat <= now && now < exp && exp - iat <= 3_600, "iat and exp");
}

function read({ path, body }) {
  assert.equal(path, PATH, "Resource not found");
  assert.ok(body.length <= 10_000_000, "The request is too large");
  const { messages, ...rest } = JSON.parse(body);
  assert.deepEqual(rest, {}, "Unknown name");
  assert.ok(messages.length > 0 && messages.length <= 1_000, "1 to 1000 messages");
  return messages.map(({ data, attributes, orderingKey, ...rest }) => {
    assert.deepEqual(rest, {}, "Unknown name");
    assert.ok(Object.keys(attributes).length <= 100 && orderingKey.length <= 1_024, "attributes, ordering key");
    for (const [name, value] of Object.entries(attributes)) {
      assert.ok(name.length <= 256 && typeof value === "string" && value.length <= 1_024, name);
    }
    const text = Buffer.from(data, "base64");
    assert.equal(text.toString("base64"), data, "Base64 decoding failed");
    return { data: text.toString(), attributes, orderingKey };
  });
}

export async function pubsub() {
  const receiver = await Receiver.start();
  const account = serviceAccount();
  const service = {
    url: receiver.url,
    account,
    requests: receiver.requests,
    /** As a subscription would have them. */
    messages: [],
    stop: () => receiver.stop(),
  };
  const failed = (code, status, message) => ({ status: code, body: JSON.stringify({ error: { code, message, status } }) });
  receiver.answer = (request) => {
    try {
      checkToken(request.headers.authorization, account);
    } catch (error) {
      return failed(401, "UNAUTHENTICATED", error.message);
    }
    try {
      const messages = read(request);
      const first = service.messages.length;
      service.messages.push(...messages);
      return { status: 200, body: JSON.stringify({ messageIds: messages.map((_, at) => String(first + at)) }) };
    } catch (error) {
      return failed(400, "INVALID_ARGUMENT", error.message);
    }
  };
  return service;
}
