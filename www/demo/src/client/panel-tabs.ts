import { byId } from "./dom";

/** Where a browser tab remembers which view it looks at, from page to page. */
const VIEW_KEY = "demo_view";

/** The panel's tabs by the ARIA pattern (arrows move, Home and End jump), and its sheet on small screens. */
export function panelTabs(): { select(id: string): void; open(): void } {
  const tabs = [...document.querySelectorAll<HTMLButtonElement>('.panel [role="tab"]')];
  const panel = byId("panel");
  const toggle = byId("panel-toggle");

  function select(id: string): void {
    sessionStorage.setItem(VIEW_KEY, id);
    for (const tab of tabs) {
      const isIt = tab.id === `tab-${id}`;
      tab.ariaSelected = String(isIt);
      tab.tabIndex = isIt ? 0 : -1;
      byId(tab.getAttribute("aria-controls") ?? "").hidden = !isIt;
    }
  }

  function show(isOpen: boolean): void {
    panel.classList.toggle("is-open", isOpen);
    toggle.ariaExpanded = String(isOpen);
  }

  tabs.forEach((tab, at) => {
    tab.addEventListener("click", () => select(tab.id.slice("tab-".length)));
    tab.addEventListener("keydown", (event) => {
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
      const next = to === undefined ? undefined : tabs.at(to % tabs.length);
      if (!next) return;
      event.preventDefault();
      select(next.id.slice("tab-".length));
      next.focus();
    });
  });
  toggle.addEventListener("click", () => show(!panel.classList.contains("is-open")));
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !panel.classList.contains("is-open")) return;
    show(false);
    toggle.focus();
  });
  const before = sessionStorage.getItem(VIEW_KEY);
  if (tabs.some((tab) => tab.id === `tab-${before}`)) select(before ?? "");
  return { select, open: () => show(true) };
}
