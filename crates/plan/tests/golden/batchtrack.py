# Made of the tracking plan batchtrack, version 1. Do not edit: change the plan.

from typing import Any, Literal, NotRequired, Protocol, Required, TypedDict, overload


# A page that was seen was left.
Pageleave = dict[str, Any]


# A page was seen, or a view of a single-page application.
Pageview = dict[str, Any]


# A batch was given up. Sent when that and what goes back to stock are committed.
BatchCancelled = TypedDict(
    "BatchCancelled",
    {
        # What stands on the batch's label.
        "label_code": NotRequired[str],
        # What went back to stock, a line for each.
        "restoration_summary": NotRequired[list[str]],
    },
)


# A batch was finished. Sent when that is committed.
BatchCompleted = TypedDict(
    "BatchCompleted",
    {
        # What stands on the batch's label.
        "label_code": NotRequired[str],
        # How much came out.
        "final_quantity": NotRequired[float],
        # Unit of the final quantity.
        "output_unit": NotRequired[str],
        # When it was finished.
        "completed_at": NotRequired[str],
    },
)


# A batch went wrong.
BatchFailed = dict[str, Any]


# Figures of a batch were computed, for statistics.
BatchMetricsComputed = dict[str, Any]


# A batch began. Sent when the batch and what it takes from stock are committed.
BatchStarted = TypedDict(
    "BatchStarted",
    {
        # What stands on the batch's label.
        "label_code": NotRequired[str],
        # The recipe that is made.
        "recipe_id": NotRequired[int],
        # How many times the recipe.
        "scale": NotRequired[float],
        # What the batch becomes.
        "batch_type": NotRequired[Literal["ingredient", "product"]],
        # How much is expected to come out.
        "projected_yield": NotRequired[float],
        # Unit of the projected yield.
        "projected_yield_unit": NotRequired[str],
    },
)


# Stock changed. Sent for every adjustment, by the one function that all of them go through.
InventoryAdjusted = TypedDict(
    "InventoryAdjusted",
    {
        # Why stock changed.
        "change_type": Required[Literal["restock", "finished_batch", "batch", "spoil", "expired", "trash", "damaged", "sale", "recount", "returned", "refunded", "release_reservation", "use", "tester", "sample", "gift"]],
        # By how much: above 0 came in, below 0 went out.
        "quantity_delta": Required[float],
        # Unit of the quantities.
        "unit": NotRequired[str],
        # What the person who adjusted wrote.
        "notes": NotRequired[str],
        # Cost to reckon with instead of the item's own.
        "cost_override": NotRequired[float | None],
        # Stock before.
        "original_quantity": NotRequired[float],
        # Stock after.
        "new_quantity": NotRequired[float],
        # The item's name.
        "item_name": NotRequired[str],
        # What kind of item it is.
        "item_type": NotRequired[Literal["ingredient", "container", "product"]],
        # The batch that took or gave it, if one did.
        "batch_id": NotRequired[int | None],
        # Whether this is what the item began with.
        "is_initial_stock": NotRequired[bool],
    },
)


# A product was added.
ProductCreated = dict[str, Any]


# A variant of a product was added.
ProductVariantCreated = dict[str, Any]


# A recipe was written.
RecipeCreated = dict[str, Any]


# A recipe was deleted.
RecipeDeleted = dict[str, Any]


# A recipe was changed.
RecipeUpdated = dict[str, Any]


# A unit that is sold was added.
SkuCreated = dict[str, Any]


# A timer was started, by `TimerService.create_timer`.
TimerStarted = TypedDict(
    "TimerStarted",
    {
        # The batch that the timer belongs to.
        "batch_id": NotRequired[int],
        # How long the timer is set to run or has run, in seconds.
        "duration_seconds": NotRequired[int],
        # What is timed, in the words of the person who started it.
        "description": NotRequired[str],
    },
)


# A timer was stopped, by `TimerService.stop_timer`.
TimerStopped = TypedDict(
    "TimerStopped",
    {
        # The batch that the timer belongs to.
        "batch_id": NotRequired[int],
        # How long the timer is set to run or has run, in seconds.
        "duration_seconds": NotRequired[int],
    },
)


class Capture(Protocol):
    """A function that takes the events of the plan and no others."""

    @overload
    def __call__(self, event: Literal["$pageleave"], properties: Pageleave = ...) -> None: ...

    @overload
    def __call__(self, event: Literal["$pageview"], properties: Pageview = ...) -> None: ...

    @overload
    def __call__(self, event: Literal["batch_cancelled"], properties: BatchCancelled = ...) -> None: ...

    @overload
    def __call__(self, event: Literal["batch_completed"], properties: BatchCompleted = ...) -> None: ...

    @overload
    def __call__(self, event: Literal["batch_failed"], properties: BatchFailed = ...) -> None: ...

    @overload
    def __call__(self, event: Literal["batch_metrics_computed"], properties: BatchMetricsComputed = ...) -> None: ...

    @overload
    def __call__(self, event: Literal["batch_started"], properties: BatchStarted = ...) -> None: ...

    @overload
    def __call__(self, event: Literal["inventory_adjusted"], properties: InventoryAdjusted) -> None: ...

    @overload
    def __call__(self, event: Literal["product_created"], properties: ProductCreated = ...) -> None: ...

    @overload
    def __call__(self, event: Literal["product_variant_created"], properties: ProductVariantCreated = ...) -> None: ...

    @overload
    def __call__(self, event: Literal["recipe_created"], properties: RecipeCreated = ...) -> None: ...

    @overload
    def __call__(self, event: Literal["recipe_deleted"], properties: RecipeDeleted = ...) -> None: ...

    @overload
    def __call__(self, event: Literal["recipe_updated"], properties: RecipeUpdated = ...) -> None: ...

    @overload
    def __call__(self, event: Literal["sku_created"], properties: SkuCreated = ...) -> None: ...

    @overload
    def __call__(self, event: Literal["timer_started"], properties: TimerStarted = ...) -> None: ...

    @overload
    def __call__(self, event: Literal["timer_stopped"], properties: TimerStopped = ...) -> None: ...
