/** What Shipmate stands on is taken away in the middle of a run: its namespace, its credentials. */
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cluster } from "../kube.ts";
import { ground, house } from "./house.ts";

test.concurrent("a namespace that is deleted in mid-rollout is the end of the run, in a clear sentence", async (context) => {
  const kube = await cluster(context);
  const { deploys, ends, shows, heard, namespaces } = await house(context, kube, {
    patience: "10s",
  });
  const { production } = namespaces;
  expect((await ends(await deploys("1.4.1"))).card?.state?.word).toBe("Succeeded");
  const id = await deploys("1.4.2-slow");
  await shows(id, /\d of 3 new ready/);
  await kube.kubectl("delete", "namespace", production);
  const end = await ends(id);
  const told = heard(id).join("\n");
  expect(end.card?.state?.word, told).toBe("Taken back");
  expect(end.card?.says, told).toMatch(
    /^Somebody deleted (the namespace production-\w+, and web in production with it|.* of 1\.4\.2-slow).*, so web 1\.4\.1 runs again in production\.$/,
  );
  // What the card says is so: the version before is there again, with the namespace.
  const at = ["deployment/web", "-n", production];
  await kube.kubectl("rollout", "status", ...at, "--timeout=180s");
  const image = "jsonpath={.spec.template.spec.containers[0].image}";
  expect(await kube.kubectl("get", ...at, "-o", image)).toBe("web:1.4.1");
});

test.concurrent("credentials that expire in mid-rollout: the card says what to do, and goes on once they are renewed", async (context) => {
  const kube = await cluster(context);
  // A token lives as long as its account, and is remembered by the API server for ten seconds at most.
  const home = await kube.namespace("accounts");
  const token = async (account: string) => {
    await kube.kubectl("create", "serviceaccount", account, "-n", home);
    const name = `${home}-${account}`;
    await kube.kubectl(
      ...["create", "clusterrolebinding", name, "--clusterrole=cluster-admin"],
      `--serviceaccount=${home}:${account}`,
    );
    context.onTestFinished(async () => {
      await kube.kubectl("delete", "clusterrolebinding", name, "--ignore-not-found");
    });
    return (await kube.kubectl("create", "token", account, "-n", home)).trim();
  };
  const { folder } = await ground(context, kube, {});
  const file = join(folder, "token");
  await writeFile(file, await token("first"));
  const view = await kube.kubectl("config", "view", "--raw", "--minify", "-o", "json");
  const seen: { clusters: { name: string; cluster: object }[] } = JSON.parse(view);
  const [named] = seen.clusters;
  const kubeconfig = join(folder, "kubeconfig");
  await writeFile(
    kubeconfig,
    JSON.stringify({
      ...{ apiVersion: "v1", kind: "Config", "current-context": "own" },
      clusters: [{ name: "one", cluster: named?.cluster }],
      users: [{ name: "account", user: { tokenFile: file } }],
      contexts: [{ name: "own", context: { cluster: "one", user: "account" } }],
    }),
  );
  const { deploys, ends, shows, heard } = await house(context, kube, {
    cluster: { kubeconfig, context: "own" },
  });
  expect((await ends(await deploys("1.4.1"))).card?.state?.word).toBe("Succeeded");
  const id = await deploys("1.4.2-slow");
  await shows(id, /\d of 3 new ready/);
  await kube.kubectl("delete", "serviceaccount", "first", "-n", home);
  const lost = await shows(id, /credentials/);
  expect(lost.card?.says).toMatch(/no longer accept.*renew/);
  await writeFile(`${file}.new`, await token("second"));
  await rename(`${file}.new`, file);
  const end = await ends(id);
  expect(end.card?.state?.word, heard(id).join("\n")).toBe("Succeeded");
});
