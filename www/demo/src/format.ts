const NUMBER = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" });

/** `1,350 g` */
export const amount = (n: number, unit: string): string => `${NUMBER.format(n)} ${unit}`;

/** `+120 g`, `−120 g`: with a true minus sign, which is as wide as the plus. */
export const change = (n: number, unit: string): string => `${n < 0 ? "−" : "+"}${amount(Math.abs(n), unit)}`;

/** `18 Nov` */
export const day = (ms: number): string => DAY.format(ms);

/** `09:41`, in UTC like all that the shop stores. */
export const clock = (ms: number): string => CLOCK.format(ms);

/** `finished_batch` -> `finished batch` */
export const words = (name: string): string => name.replaceAll("_", " ");

/** The part of an id that a person can compare at a glance: its end, since a UUIDv7 begins with the time. */
export const shortId = (id: string): string => id.slice(-6);
