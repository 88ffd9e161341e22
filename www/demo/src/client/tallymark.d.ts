/** What the demo uses of the SDK; the whole of it is in sdk/js/index.d.ts. */
interface TallymarkOnPage {
  capture(
    name: string,
    properties?: object,
    options?: { entity?: { type: string; id: string }; correlationId?: string },
  ): void;
  identify(userId: string, properties?: object): void;
  group(type: string, key: string, properties?: object): void;
  flush(): Promise<void> | void;
  on(event: "captured", listen: (detail: { event: string; uuid: string; seq: number }) => void): void;
  on(event: "sent", listen: (detail: { count: number }) => void): void;
  on(event: "dropped", listen: (detail: { reason: string; count: number }) => void): void;
}

interface Window {
  /** There from the first line of script on: the inline snippet takes calls until tm.js is loaded. */
  tallymark: TallymarkOnPage;
}
