/** Custom resource definitions of vendors, for tests on a control plane. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Kube, soon } from "./kube.ts";

/** Installs a folder of the samples and waits until the API serves it. It stays: other tests of the run may use it. */
export async function installCrds(kube: Kube, folder: "cloudnative-pg"): Promise<void> {
  const home = process.env["SHIPMATE_TEST_KUBE"];
  const path = join(home ?? "", "../samples/crds", folder);
  if (home === undefined || !existsSync(path)) throw new Error(`no samples of ${folder}`);
  await kube.kubectl("apply", "--server-side", "-f", path);
  await established(kube, "-f", path);
}

/** Waits until the API serves these definitions, named as kubectl names them: `crd/…`, or `-f` and a path. */
export async function established(kube: Kube, ...which: readonly string[]): Promise<void> {
  const late = performance.now() + soon.timeout;
  const wait = () => kube.kubectl("wait", "--for=condition=Established", "--timeout=60s", ...which);
  for (;;) {
    try {
      await wait();
      return;
    } catch (error) {
      // One that has no conditions yet is not waited for: kubectl says at once that it can't read them.
      if (performance.now() > late) throw error;
      await sleep(100);
    }
  }
}
