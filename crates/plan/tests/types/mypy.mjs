// Has mypy look at the Python types of the plans, and at samples.py: node crates/plan/tests/types/mypy.mjs
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pythonPackages } from "../../../../tests/harness/cache.mjs";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const python = await pythonPackages("mypy", at("requirements.txt"));
const golden = at("../golden");
const files = ["assistant", "batchtrack", "laundry"].map((plan) => join(golden, `${plan}.py`));
// The oldest Python that the types are for; nothing is left behind in the sources.
const args = ["-m", "mypy", "--strict", "--python-version", "3.11", "--cache-dir", "/dev/null", ...files, at("samples.py")];
const { status } = spawnSync(python, args, { stdio: "inherit", env: { ...process.env, MYPYPATH: golden } });
process.exit(status ?? 1);
