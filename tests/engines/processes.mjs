/** A browser's processes, to end one as an out-of-memory killer would. Linux only, as are all engines together. */
import { readFileSync, readdirSync } from "node:fs";

/** Everything that the process has started, and what that has started: id, name as the kernel has it, arguments. */
function descendants(ancestor) {
  const processes = readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const status = readFileSync(`/proc/${entry}/status`, "utf8");
      const [name, parent] = ["Name", "PPid"].map((field) => new RegExp(`^${field}:\\s*(.*)`, "m").exec(status)[1]);
      return [{ pid: Number(entry), parent: Number(parent), name, args: readFileSync(`/proc/${entry}/cmdline`, "utf8") }];
    } catch {
      return []; // It ended while we looked.
    }
  });
  const of = (pid) => processes.filter(({ parent }) => parent === pid).flatMap((child) => [child, ...of(child.pid)]);
  return of(ancestor);
}

/** Kills those descendants that `matches` names; an error if there are none, as then nothing has been tested. */
export function killDescendants(ancestor, matches) {
  const found = descendants(ancestor).filter(matches);
  if (found.length === 0) throw new Error(`process ${ancestor} has no such descendant`);
  for (const { pid } of found) process.kill(pid, "SIGKILL");
}
