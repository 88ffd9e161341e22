// Made of the tracking plan assistant, version 1. Do not edit: change the plan.

/** What SDKs add by themselves. */
export type Reserved = {
  [name: `$${string}`]: unknown;
};

/** A checkout was paid. Sent from the payment provider's notice of it. */
export type CheckoutCompleted = Reserved & {
  /** The plan that was bought. */
  plan: string;
  /** The checkout's session at Stripe. */
  stripeSessionId: string;
};

/** A conversation began. Sent after its row is inserted. */
export type ConversationStarted = Reserved & {
  /** The conversation. */
  conversationId: string;
  /** The visitor's session, which a conversation belongs to. */
  sessionId: string;
};

/** A conversation was handed to humans. Sent when that has worked. */
export type EscalationTriggered = Reserved & {
  /** The conversation. */
  conversationId: string;
  /** Why, as a code or a few words without names. */
  reason: string;
  /** The channel that took it, if one did. */
  integrationId?: string | null;
};

/** A source was read. With ingest_started it gives throughput and latency. */
export type IngestCompleted = Reserved & {
  /** What kind of source it is. */
  sourceType: string;
  /** Where it was read from. */
  url: string;
  /** Documents read. A whole number. */
  docs: number;
  /** Pieces that they were cut into. A whole number. */
  chunks: number;
};

/** Reading of a source failed. */
export type IngestFailed = Reserved & {
  /** What kind of source it is. */
  sourceType: string;
  /** Where it was read from. */
  url: string;
  /** What went wrong, as a code. */
  errorCode: string;
};

/** Reading of a source began. */
export type IngestStarted = Reserved & {
  /** What kind of source it is. */
  sourceType: string;
  /** Where it was read from. */
  url: string;
};

/** A call of an integration failed. Sent by the dispatcher of its outbox. */
export type IntegrationFailed = Reserved & {
  /** The integration. */
  integrationId: string;
  /** What kind of integration it is. */
  type: string;
  /** What went wrong, as a code. */
  errorCode: string;
};

/** A call of an integration worked. Sent by the dispatcher of its outbox. */
export type IntegrationSucceeded = Reserved & {
  /** The integration. */
  integrationId: string;
  /** What kind of integration it is. */
  type: string;
};

/** A message was sent, by either side. Sent after it is stored. */
export type MessageSent = Reserved & {
  /** The conversation. */
  conversationId: string;
  /** Who spoke. */
  role: "user" | "assistant";
  /** How sure the assistant was, if it spoke. */
  confidence?: number | null;
};

/** A tenant changed its plan, up, down or away. Sent from the payment provider's notice of a changed subscription. */
export type PlanUpdated = Reserved & {
  /** The plan before. */
  previousPlan: string | null;
  /** The plan now. */
  newPlan: string | null;
  /** The subscription's state. */
  status: string;
};

/** A request was refused because a quota was used up. */
export type QuotaExceeded = Reserved & {
  /** Which quota. */
  quotaType: string;
  /** How much there is of it. */
  limit: number;
  /** How much it would have been. */
  attempted: number;
};

/** Every event of the plan, by name. */
export interface Events {
  checkout_completed: CheckoutCompleted;
  conversation_started: ConversationStarted;
  escalation_triggered: EscalationTriggered;
  ingest_completed: IngestCompleted;
  ingest_failed: IngestFailed;
  ingest_started: IngestStarted;
  integration_failed: IntegrationFailed;
  integration_succeeded: IntegrationSucceeded;
  message_sent: MessageSent;
  plan_updated: PlanUpdated;
  quota_exceeded: QuotaExceeded;
}

/** The events that pages may send. */
export interface BrowserEvents {
}

/** The events that back ends may send. */
export interface ServerEvents {
  checkout_completed: CheckoutCompleted;
  conversation_started: ConversationStarted;
  escalation_triggered: EscalationTriggered;
  ingest_completed: IngestCompleted;
  ingest_failed: IngestFailed;
  ingest_started: IngestStarted;
  integration_failed: IntegrationFailed;
  integration_succeeded: IntegrationSucceeded;
  message_sent: MessageSent;
  plan_updated: PlanUpdated;
  quota_exceeded: QuotaExceeded;
}

/** A function that takes these events and no others: `const capture: Capture<BrowserEvents> = tallymark.capture`. */
export type Capture<Of> = <Name extends keyof Of & string>(
  name: Name,
  ...properties: {} extends Of[Name] ? [properties?: Of[Name]] : [properties: Of[Name]]
) => void;
