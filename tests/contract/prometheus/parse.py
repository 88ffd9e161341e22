"""Reads Prometheus's text format from standard input, as Prometheus's own client library does; writes JSON."""

import json
import sys

from prometheus_client.parser import text_string_to_metric_families

json.dump(
    [
        {
            "name": family.name,
            "type": family.type,
            "help": family.documentation,
            "samples": [{"name": it.name, "labels": it.labels, "value": it.value} for it in family.samples],
        }
        for family in text_string_to_metric_families(sys.stdin.read())
    ],
    sys.stdout,
)
