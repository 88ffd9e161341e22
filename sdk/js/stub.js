// What the page runs until tm.js is there: every call is kept with its moment, in order. tm.js puts its own
// methods into the same object, and settles what the calls returned: the promise of flush(), and the function
// that ends on(). snippet.html holds it minified, for the page's head.
!((w, q, t) => {
  if (w.tallymark) return;
  t = w.tallymark = { q };
  "capture page identify group register unregister reset consent flush on".replace(
    /\w+/g,
    (m) =>
      (t[m] = (...a) => {
        const c = [m, a, Date.now(), performance.now()];
        q.push(c);
        return m == "on" ? () => (c[4] ? c[4]() : (c[0] = "")) : new Promise((r) => (c[4] = r));
      }),
  );
})(window, []);
