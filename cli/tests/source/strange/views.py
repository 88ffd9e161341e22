posthog.capture(user.id, "order_refunded")
track_event("order_paid_twice", "web")
analytics.track(user.id, name)
