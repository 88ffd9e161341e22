# What mypy must accept with the types of a plan, and what not: an error that is expected and none is one, too (mypy.mjs).

import assistant
import batchtrack


def accepted(capture: assistant.Capture, server: batchtrack.Capture) -> None:
    capture("message_sent", {"conversationId": "c", "role": "user"})
    sent: assistant.MessageSent = {"conversationId": "c", "role": "assistant", "confidence": None}
    capture("message_sent", sent)
    server("batch_failed", {"any": "property, since the plan names none"})
    server("timer_stopped")
    server("inventory_adjusted", {"change_type": "spoil", "quantity_delta": -2.5, "cost_override": None})


def refused(capture: assistant.Capture, server: batchtrack.Capture) -> None:
    capture("message_sent", {"conversationId": "c", "role": "system"})  # type: ignore[call-overload]
    capture("message_sent", {"conversationId": "c"})  # type: ignore[call-overload]
    capture("message_sent")  # type: ignore[call-overload]
    capture("message_seen", {})  # type: ignore[call-overload]
    server("inventory_adjusted", {"change_type": "sale", "quantity_delta": 1, "quantty": 2})  # type: ignore[call-overload]
    server("timer_stopped", {"batch_id": "1"})  # type: ignore[call-overload]
