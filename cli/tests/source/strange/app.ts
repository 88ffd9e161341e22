tallymark.capture("checkout" + step);
tallymark.capture(`checkout_${step}`);
/* über */ capture("something_else"); track("old_name");
posthog
  .capture(
    "basket-opened",
  );
client.capture({ distinctId, event: "order_paidd" });
posthog.capture({ distinctId, event });
EventEmitter.emit("emitted"); socket.emit("message");
