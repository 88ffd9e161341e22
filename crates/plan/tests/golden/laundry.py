# Made of the tracking plan laundry, version 1. Do not edit: change the plan.

from typing import Any, Literal, NotRequired, Protocol, Required, TypedDict, overload


# An order was placed.
Created = TypedDict(
    "Created",
    {
        # Who caused it, by id.
        "actor_id": NotRequired[str | None],
        # What kind of actor that is.
        "actor_type": NotRequired[str | None],
        # The order.
        "order_id": Required[str],
        # The branch that handles it.
        "branch_id": NotRequired[str | None],
        # Whose order it is, by id.
        "customer_id": NotRequired[str | None],
    },
)


# The delivery of an order got on, or was held up.
DeliveryStatusChanged = TypedDict(
    "DeliveryStatusChanged",
    {
        # Who caused it, by id.
        "actor_id": NotRequired[str | None],
        # What kind of actor that is.
        "actor_type": NotRequired[str | None],
        # The order.
        "order_id": Required[str],
        # The branch that handles it.
        "branch_id": NotRequired[str | None],
        # Whose order it is, by id.
        "customer_id": NotRequired[str | None],
        # How far the delivery is now.
        "delivery_status": NotRequired[str],
    },
)


# A driver's position, while on the way.
LocationUpdated = TypedDict(
    "LocationUpdated",
    {
        # Who caused it, by id.
        "actor_id": NotRequired[str | None],
        # What kind of actor that is.
        "actor_type": NotRequired[str | None],
        # The driver.
        "driver_id": Required[str],
        # Degrees north.
        "latitude": NotRequired[float],
        # Degrees east.
        "longitude": NotRequired[float],
    },
)


# Somebody was to be reached.
OutreachAttempted = TypedDict(
    "OutreachAttempted",
    {
        # Who caused it, by id.
        "actor_id": NotRequired[str | None],
        # What kind of actor that is.
        "actor_type": NotRequired[str | None],
        # The template of the message.
        "template_key": NotRequired[str | None],
    },
)


# An attempt to reach somebody ended, with its outcome.
OutreachCompleted = TypedDict(
    "OutreachCompleted",
    {
        # Who caused it, by id.
        "actor_id": NotRequired[str | None],
        # What kind of actor that is.
        "actor_type": NotRequired[str | None],
        # The template of the message.
        "template_key": NotRequired[str | None],
        # What came of it.
        "outcome": NotRequired[str | None],
    },
)


# The plan of a campaign was adjusted.
PlanUpdated = TypedDict(
    "PlanUpdated",
    {
        # Who caused it, by id.
        "actor_id": NotRequired[str | None],
        # What kind of actor that is.
        "actor_type": NotRequired[str | None],
        # The template of the message.
        "template_key": NotRequired[str | None],
    },
)


# A branch took the order on.
RequestAccepted = TypedDict(
    "RequestAccepted",
    {
        # Who caused it, by id.
        "actor_id": NotRequired[str | None],
        # What kind of actor that is.
        "actor_type": NotRequired[str | None],
        # The order.
        "order_id": Required[str],
        # The branch that handles it.
        "branch_id": NotRequired[str | None],
        # Whose order it is, by id.
        "customer_id": NotRequired[str | None],
    },
)


class Capture(Protocol):
    """A function that takes the events of the plan and no others."""

    @overload
    def __call__(self, event: Literal["created"], properties: Created) -> None: ...

    @overload
    def __call__(self, event: Literal["delivery_status_changed"], properties: DeliveryStatusChanged) -> None: ...

    @overload
    def __call__(self, event: Literal["location_updated"], properties: LocationUpdated) -> None: ...

    @overload
    def __call__(self, event: Literal["outreach_attempted"], properties: OutreachAttempted = ...) -> None: ...

    @overload
    def __call__(self, event: Literal["outreach_completed"], properties: OutreachCompleted = ...) -> None: ...

    @overload
    def __call__(self, event: Literal["plan_updated"], properties: PlanUpdated = ...) -> None: ...

    @overload
    def __call__(self, event: Literal["request_accepted"], properties: RequestAccepted) -> None: ...
