// Links that lead away, to another site or to a file. Names and limits are GA4's.
import { attribute, MAX_URL, quote, textOf, webUrl } from "./dom.js";
import type { Captured, Lent } from "./index.js";

/** The extensions that GA4 documents for `file_download`. */
const FILE =
  /\.(pdf|xlsx?|docx?|txt|rtf|csv|exe|key|pp(?:s|t|tx)|7z|pkg|rar|gz|zip|avi|mov|mp4|mpe?g|wmv|midi?|mp3|wav|wma)$/i;

/** A host's name as sites mean it. */
const siteOf = (hostname: string) => hostname.replace(/^www\d*\./, "");

/** The link that was followed, if it leads to the web. The right button follows none. */
function followed(path: Element[], event: Event): [link: Element, url: URL] | undefined {
  if ((event as MouseEvent).button > 1) return;
  const link = path.find((element) => element.matches("a[href],area[href]"));
  const url = link && webUrl(link.getAttribute("href")!);
  return url && [link, url];
}

/** `click`: a link to a host that is neither the page's own nor one below it. */
export function outbound(path: Element[], event: Event, { told }: Lent): Captured | undefined {
  const [link, url] = followed(path, event) ?? [];
  if (!link || !url) return;
  const [from, to] = [siteOf(location.hostname), siteOf(url.hostname)];
  if (`.${to}`.endsWith(`.${from}`)) return;
  return [
    "click",
    {
      outbound: true,
      link_url: told(url),
      link_domain: to,
      link_id: attribute(link, "id"),
      link_classes: attribute(link, "class"),
    },
  ];
}

/** `file_download`: a link to what looks like a file, on whichever host. */
export function download(path: Element[], event: Event, { told }: Lent): Captured | undefined {
  const [link, url] = followed(path, event) ?? [];
  const extension = url && FILE.exec(url.pathname)?.[1];
  if (!link || !extension) return;
  return [
    "file_download",
    {
      file_extension: extension.toLowerCase(),
      file_name: quote(url.pathname, MAX_URL),
      link_url: told(url),
      link_text: textOf(link),
      link_id: attribute(link, "id"),
      link_classes: attribute(link, "class"),
    },
  ];
}
