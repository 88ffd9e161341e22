/** Bodies of feature events as our SDK sends them: about 600 bytes an event, of one stream, under fresh ids. */
import { uuidv7 } from "../harness/client.mjs";

/** @param {string} key of the tenant whose events these are */
export function featureEvents(key) {
  const stream = uuidv7();
  let seq = 0;
  function event() {
    seq++;
    return {
      event: "recipe_scaled",
      uuid: uuidv7(),
      distinct_id: "0193c1a2-7b1c-7def-8123-456789abcdef",
      timestamp: new Date().toISOString(),
      properties: {
        recipe_id: seq,
        scale: 2.5,
        unit: "g",
        from_template: true,
        label: "Lavender & oat soap, winter batch",
        $session_id: "0193c1a2-7b1c-7aaa-8123-456789abcdef",
        $current_url: "https://shop.example/fern/recipes/12?utm_source=newsletter",
        $lib: "tallymark",
        $lib_version: "0.1.0",
        $entity_type: "recipe",
        $entity_id: "12",
        $stream_id: stream,
        $seq: seq,
        $monotonic_ms: 1234.5,
      },
    };
  }
  return {
    event,
    /** A request's body of `size` of them, as text. */
    body(size) {
      const batch = Array.from({ length: size }, event);
      const report = { id: stream, seq, dropped: {} };
      return JSON.stringify({ api_key: key, batch, sent_at: new Date().toISOString(), stream: report });
    },
  };
}
