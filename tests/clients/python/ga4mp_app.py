"""What a Python back end does with ga4mp: only the address of its requests is ours. The argument says which."""

import datetime
import json
import sys

from ga4mp import GtagMP

given = json.loads(sys.argv[1])
ga = GtagMP(given["secret"], given["measurement"], "123456789.1795220301")
ga._base_domain = given["host"] + "/mp/collect"
ga._validation_domain = given["host"] + "/debug/mp/collect"
ga.store.set_user_property("user_id", "u-1")
ga.store.set_user_property("plan", "pro")

ga.send([{"name": "at_once", "params": {"total": 12.5}}])
ga.send([{"name": "many", "params": {"i": i}} for i in range(30)])
yesterday = datetime.datetime.fromtimestamp(given["yesterday"])
ga.send([{"name": "back_dated", "params": {}}], date=yesterday)
ga.send([{"name": "validated", "params": {}}], validation_hit=True)
for i in range(2):
    ga.send([{"name": "postponed", "params": {"i": i}}], postpone=True)
ga.postponed_send()
