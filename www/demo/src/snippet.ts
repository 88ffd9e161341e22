import { trusted } from "./html";

/** Takes calls until tm.js is there, then is replaced by it. */
export const SNIPPET = trusted(
  `!function(w,q){w.tallymark=w.tallymark||{q:q};"capture page identify group register unregister reset flush on".split(" ").map(function(m){w.tallymark[m]=function(){q.push([m].concat([].slice.call(arguments)))}})}(window,[])`,
);
