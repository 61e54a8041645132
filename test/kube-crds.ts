/** Custom resource definitions of vendors, for tests on a control plane. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { vi } from "vitest";
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
  // One that has no conditions yet is not waited for: kubectl says at once that it can't read them.
  await vi.waitFor(
    () => kube.kubectl("wait", "--for=condition=Established", "--timeout=60s", ...which),
    { ...soon, interval: 100 },
  );
}
