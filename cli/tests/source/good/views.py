"""Sends events: posthog.capture("in_a_text")."""
posthog.capture("user_1", "order_paid", {"total": 3})
posthog.capture("order_paid", distinct_id=user.id)  # analytics.track("in_a_comment")
analytics.track(user_id=user.id, event="order_paid")


def track(event):
    pass
