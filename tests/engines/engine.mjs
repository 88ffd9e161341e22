/**
 * What a scenario asks of a browser, whichever engine it is. Two drivers give it: puppeteer.mjs (Chromium over the
 * DevTools protocol, Firefox over WebDriver BiDi) and webdriver.mjs (WebKitGTK over WebDriver). It has what the
 * scenarios need, and nothing that one of the engines could not do, but for what `can` says.
 *
 * @typedef {object} Engine
 * @property {string} name its column in docs/BROWSERS.md
 * @property {{ offline: boolean }} can `offline`: be told that there is no network
 * @property {() => Promise<Browser>} start
 *
 * @typedef {object} Browser
 * @property {(profile?: string) => Promise<Visitor>} visitor
 *   Somebody with storage of his own. With a folder for a profile he has a browser process of his own, too, and
 *   whoever comes with that folder later finds what he has left.
 * @property {() => Promise<void>} stop
 *
 * @typedef {object} Visitor
 * @property {() => Promise<Tab>} newTab an empty tab, seen by the visitor
 * @property {() => string[]} noise what the console of any tab has said so far, uncaught errors included
 * @property {() => Promise<void>} kill the whole browser ends without a word; only with a profile
 * @property {() => Promise<void>} leave closes what is still open; a browser of his own ends in good order
 *
 * @typedef {object} Tab
 * @property {(url: string) => Promise<unknown>} goto until the page has loaded
 * @property {() => Promise<unknown>} reload
 * @property {<A extends unknown[], R>(run: (...args: A) => R, ...args: A) => Promise<Awaited<R>>} evaluate
 *   runs it in the page; arguments and result are JSON
 * @property {(selector: string) => Promise<unknown>} click as a visitor does, by pointer
 * @property {() => Promise<unknown>} hide puts something in front, so that the page is really hidden
 * @property {() => Promise<unknown>} show
 * @property {(is: boolean) => Promise<unknown>} offline
 * @property {() => void} crash the process that runs the page ends without a word; the tab is of no use any more
 * @property {() => Promise<unknown>} close as a visitor does
 */
export {};
