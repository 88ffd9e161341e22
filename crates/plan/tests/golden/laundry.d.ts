// Made of the tracking plan laundry, version 1. Do not edit: change the plan.

/** What SDKs add by themselves. */
export type Reserved = {
  [name: `$${string}`]: unknown;
};

/** An order was placed. */
export type Created = Reserved & {
  /** Who caused it, by id. */
  actor_id?: string | null;
  /** What kind of actor that is. */
  actor_type?: string | null;
  /** The order. */
  order_id: string;
  /** The branch that handles it. */
  branch_id?: string | null;
  /** Whose order it is, by id. */
  customer_id?: string | null;
};

/** The delivery of an order got on, or was held up. */
export type DeliveryStatusChanged = Reserved & {
  /** Who caused it, by id. */
  actor_id?: string | null;
  /** What kind of actor that is. */
  actor_type?: string | null;
  /** The order. */
  order_id: string;
  /** The branch that handles it. */
  branch_id?: string | null;
  /** Whose order it is, by id. */
  customer_id?: string | null;
  /** How far the delivery is now. */
  delivery_status?: string;
};

/** A driver's position, while on the way. */
export type LocationUpdated = Reserved & {
  /** Who caused it, by id. */
  actor_id?: string | null;
  /** What kind of actor that is. */
  actor_type?: string | null;
  /** The driver. */
  driver_id: string;
  /** Degrees north. */
  latitude?: number;
  /** Degrees east. */
  longitude?: number;
};

/** Somebody was to be reached. */
export type OutreachAttempted = Reserved & {
  /** Who caused it, by id. */
  actor_id?: string | null;
  /** What kind of actor that is. */
  actor_type?: string | null;
  /** The template of the message. */
  template_key?: string | null;
};

/** An attempt to reach somebody ended, with its outcome. */
export type OutreachCompleted = Reserved & {
  /** Who caused it, by id. */
  actor_id?: string | null;
  /** What kind of actor that is. */
  actor_type?: string | null;
  /** The template of the message. */
  template_key?: string | null;
  /** What came of it. */
  outcome?: string | null;
};

/** The plan of a campaign was adjusted. */
export type PlanUpdated = Reserved & {
  /** Who caused it, by id. */
  actor_id?: string | null;
  /** What kind of actor that is. */
  actor_type?: string | null;
  /** The template of the message. */
  template_key?: string | null;
};

/** A branch took the order on. */
export type RequestAccepted = Reserved & {
  /** Who caused it, by id. */
  actor_id?: string | null;
  /** What kind of actor that is. */
  actor_type?: string | null;
  /** The order. */
  order_id: string;
  /** The branch that handles it. */
  branch_id?: string | null;
  /** Whose order it is, by id. */
  customer_id?: string | null;
};

/** Every event of the plan, by name. */
export interface Events {
  created: Created;
  delivery_status_changed: DeliveryStatusChanged;
  location_updated: LocationUpdated;
  outreach_attempted: OutreachAttempted;
  outreach_completed: OutreachCompleted;
  plan_updated: PlanUpdated;
  request_accepted: RequestAccepted;
}

/** The events that pages may send. */
export interface BrowserEvents {
}

/** The events that back ends may send. */
export interface ServerEvents {
  created: Created;
  delivery_status_changed: DeliveryStatusChanged;
  location_updated: LocationUpdated;
  outreach_attempted: OutreachAttempted;
  outreach_completed: OutreachCompleted;
  plan_updated: PlanUpdated;
  request_accepted: RequestAccepted;
}

/** A function that takes these events and no others: `const capture: Capture<BrowserEvents> = tallymark.capture`. */
export type Capture<Of> = <Name extends keyof Of & string>(
  name: Name,
  ...properties: {} extends Of[Name] ? [properties?: Of[Name]] : [properties: Of[Name]]
) => void;
