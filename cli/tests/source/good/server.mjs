client.capture({ distinctId: user.id, event: "order_paid", properties: { event: "another" } });
analytics.track({ userId: "1", event: 'order_paid' });
