Analytics.track user_id: 1, event: "order_lost"
