/** Custom resource definitions of vendors, for tests on a control plane. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Kube } from "./kube.ts";

/** Installs a folder of the samples and waits until the API serves it. It stays: other tests of the run may use it. */
export async function installCrds(kube: Kube, folder: "cloudnative-pg"): Promise<void> {
  const home = process.env["SHIPMATE_TEST_KUBE"];
  const path = join(home ?? "", "../samples/crds", folder);
  if (home === undefined || !existsSync(path)) throw new Error(`no samples of ${folder}`);
  await kube.kubectl("apply", "--server-side", "-f", path);
  await kube.kubectl("wait", "--for=condition=Established", "--timeout=20s", "-f", path);
}
