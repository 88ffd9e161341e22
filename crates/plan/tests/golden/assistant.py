# Made of the tracking plan assistant, version 1. Do not edit: change the plan.

from typing import Any, Literal, NotRequired, Protocol, Required, TypedDict, overload


# A checkout was paid. Sent from the payment provider's notice of it.
CheckoutCompleted = TypedDict(
    "CheckoutCompleted",
    {
        # The plan that was bought.
        "plan": Required[str],
        # The checkout's session at Stripe.
        "stripeSessionId": Required[str],
    },
)


# A conversation began. Sent after its row is inserted.
ConversationStarted = TypedDict(
    "ConversationStarted",
    {
        # The conversation.
        "conversationId": Required[str],
        # The visitor's session, which a conversation belongs to.
        "sessionId": Required[str],
    },
)


# A conversation was handed to humans. Sent when that has worked.
EscalationTriggered = TypedDict(
    "EscalationTriggered",
    {
        # The conversation.
        "conversationId": Required[str],
        # Why, as a code or a few words without names.
        "reason": Required[str],
        # The channel that took it, if one did.
        "integrationId": NotRequired[str | None],
    },
)


# A source was read. With ingest_started it gives throughput and latency.
IngestCompleted = TypedDict(
    "IngestCompleted",
    {
        # What kind of source it is.
        "sourceType": Required[str],
        # Where it was read from.
        "url": Required[str],
        # Documents read.
        "docs": Required[int],
        # Pieces that they were cut into.
        "chunks": Required[int],
    },
)


# Reading of a source failed.
IngestFailed = TypedDict(
    "IngestFailed",
    {
        # What kind of source it is.
        "sourceType": Required[str],
        # Where it was read from.
        "url": Required[str],
        # What went wrong, as a code.
        "errorCode": Required[str],
    },
)


# Reading of a source began.
IngestStarted = TypedDict(
    "IngestStarted",
    {
        # What kind of source it is.
        "sourceType": Required[str],
        # Where it was read from.
        "url": Required[str],
    },
)


# A call of an integration failed. Sent by the dispatcher of its outbox.
IntegrationFailed = TypedDict(
    "IntegrationFailed",
    {
        # The integration.
        "integrationId": Required[str],
        # What kind of integration it is.
        "type": Required[str],
        # What went wrong, as a code.
        "errorCode": Required[str],
    },
)


# A call of an integration worked. Sent by the dispatcher of its outbox.
IntegrationSucceeded = TypedDict(
    "IntegrationSucceeded",
    {
        # The integration.
        "integrationId": Required[str],
        # What kind of integration it is.
        "type": Required[str],
    },
)


# A message was sent, by either side. Sent after it is stored.
MessageSent = TypedDict(
    "MessageSent",
    {
        # The conversation.
        "conversationId": Required[str],
        # Who spoke.
        "role": Required[Literal["user", "assistant"]],
        # How sure the assistant was, if it spoke.
        "confidence": NotRequired[float | None],
    },
)


# A tenant changed its plan, up, down or away. Sent from the payment provider's notice of a changed subscription.
PlanUpdated = TypedDict(
    "PlanUpdated",
    {
        # The plan before.
        "previousPlan": Required[str | None],
        # The plan now.
        "newPlan": Required[str | None],
        # The subscription's state.
        "status": Required[str],
    },
)


# A request was refused because a quota was used up.
QuotaExceeded = TypedDict(
    "QuotaExceeded",
    {
        # Which quota.
        "quotaType": Required[str],
        # How much there is of it.
        "limit": Required[float],
        # How much it would have been.
        "attempted": Required[float],
    },
)


class Capture(Protocol):
    """A function that takes the events of the plan and no others."""

    @overload
    def __call__(self, event: Literal["checkout_completed"], properties: CheckoutCompleted) -> None: ...

    @overload
    def __call__(self, event: Literal["conversation_started"], properties: ConversationStarted) -> None: ...

    @overload
    def __call__(self, event: Literal["escalation_triggered"], properties: EscalationTriggered) -> None: ...

    @overload
    def __call__(self, event: Literal["ingest_completed"], properties: IngestCompleted) -> None: ...

    @overload
    def __call__(self, event: Literal["ingest_failed"], properties: IngestFailed) -> None: ...

    @overload
    def __call__(self, event: Literal["ingest_started"], properties: IngestStarted) -> None: ...

    @overload
    def __call__(self, event: Literal["integration_failed"], properties: IntegrationFailed) -> None: ...

    @overload
    def __call__(self, event: Literal["integration_succeeded"], properties: IntegrationSucceeded) -> None: ...

    @overload
    def __call__(self, event: Literal["message_sent"], properties: MessageSent) -> None: ...

    @overload
    def __call__(self, event: Literal["plan_updated"], properties: PlanUpdated) -> None: ...

    @overload
    def __call__(self, event: Literal["quota_exceeded"], properties: QuotaExceeded) -> None: ...
