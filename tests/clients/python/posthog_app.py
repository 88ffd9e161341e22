"""What a Python back end does with posthog: only its host is ours. The argument says which host, key and options."""

import json
import sys

from posthog import Posthog

given = json.loads(sys.argv[1])
failed = []
posthog = Posthog(
    given["key"],
    host=given["host"],
    on_error=lambda error, batch: failed.append(f"{error}: {len(batch)} events"),
    flush_interval=0.1,
    **given.get("options", {}),
)

for i in range(given.get("during", 0)):
    posthog.capture("during", distinct_id="u-1", properties={"i": i})

if given.get("people"):
    posthog.capture("order paid", distinct_id="u-1", properties={"total": 12.5, "emoji": "🦊"})
    posthog.set(distinct_id="u-1", properties={"plan": "pro"})
    posthog.set_once(distinct_id="u-1", properties={"seen": "first"})
    posthog.alias("device-1", "u-1")
    posthog.group_identify("company", "acme", {"seats": 7})
    posthog.capture("in group", distinct_id="u-1", groups={"company": "acme"})
    posthog.capture("by nobody")

if given.get("flags"):
    flags = posthog.evaluate_flags("u-1")
    failed += [flag for flag in ["beta", *flags.keys] if flags.is_enabled(flag)]

posthog.shutdown()
print(json.dumps(failed))
