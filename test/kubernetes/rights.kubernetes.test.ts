/** Whose rights hold on the cluster: each person's own, or the least that manifests/deploy/rights.yaml gives. */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { cluster, type Kube } from "../kube.ts";
import { installCrds } from "../kube-crds.ts";
import { house, type Namespaces } from "./house.ts";

const file = join(import.meta.dirname, "../../manifests/deploy/rights.yaml");

/** As rights.yaml says: the first role in each namespace that platform.yaml names, the others once. */
async function grantLeast(
  context: TestContext,
  kube: Kube,
  more: readonly string[] = [],
): Promise<Namespaces> {
  // Under names of its own: other tests on the same control plane bind these roles, too.
  const least = `least-${randomBytes(4).toString("hex")}`;
  const rights = (await readFile(file, "utf8"))
    .replace("[payments, storefront]", "[developers, platform]")
    .replaceAll("name: shipmate", `name: ${least}`);
  await kube.apply(rights);
  const namespaces = {
    staging: await kube.namespace("staging"),
    production: await kube.namespace("production"),
  };
  for (const namespace of Object.values(namespaces)) await kube.grant("shipmate", least, namespace);
  for (const role of ["namespaces", ...more]) await kube.grant("shipmate", `${least}-${role}`);
  context.onTestFinished(async () => {
    const roles = [least, `${least}-namespaces`, `${least}-impersonate`];
    await kube.kubectl("delete", "clusterrole", "--ignore-not-found", ...roles);
  });
  return namespaces;
}

test.concurrent("people's own rights hold: who may not is told before anybody is asked, and the cluster knows who did it", async (context) => {
  const kube = await cluster(context);
  const namespaces = await grantLeast(context, kube, ["impersonate"]);
  const { staging, production } = namespaces;
  await kube.grant("ada", "edit", staging);
  await kube.grant("grace", "edit", production);
  const { ada, grace, channel, ends } = await house(context, kube, {
    namespaces,
    cluster: { context: "shipmate", impersonate: {} },
  });

  const here = await ada.asks("deploy web 1.4.1 to staging", "Deploy web 1.4.1 to staging");
  const first = await ends(here);
  expect(first.card?.state?.word, first.text).toBe("Succeeded");

  const no = await ends(
    await ada.asks("deploy web 1.4.1 to production", "Deploy web 1.4.1 to production"),
  );
  expect(no.card?.state?.word, no.text).toBe("Refused");
  expect(no.card?.says).toMatch(/^The cluster doesn't let ada \w+ .* in the namespace production-/);
  expect(no.card?.buttons.map(({ label }) => label)).not.toContain("Approve");
  expect(await kube.effects({ namespace: production, user: "ada" })).toEqual([]);

  const id = await grace.asks("deploy web 1.4.1 to production", "Deploy web 1.4.1 to production");
  await ada.presses(await ada.sees(id, "Waiting for approval"), "Approve");
  expect((await ends(id)).card?.state?.word).toBe("Succeeded");
  const writes = await kube.effects({ namespace: production, sender: "shipmate" });
  const on = (resource: string) => writes.filter((write) => write.resource === resource);
  expect(new Set(on("deployments").map(({ user, groups }) => [user, ...groups].join(" ")))).toEqual(
    new Set(["grace developers platform system:authenticated"]),
  );
  expect(new Set(on("services").map(({ user }) => user))).toEqual(new Set(["grace"]));
  // The record of the release is Shipmate's own.
  expect(new Set(on("secrets").map(({ user }) => user))).toEqual(new Set(["shipmate"]));

  // What Shipmate knows by itself it tells only to who may read it on the cluster.
  const refusal = `You may not see what runs in ${production}: ask whoever gives rights there for the role view.`;
  const heard = new Set<string>();
  for (const what of ["status", "events", "history"]) {
    await channel.say(`${what} web in production`);
    const told = await channel.until(
      `the answer to ${what}`,
      ({ id, text }) => !heard.has(id) && text.includes(refusal),
    );
    heard.add(told.id);
    expect(told.text, what).not.toContain("1.4.1");
  }
  const everywhere = await ada.reads("status web", /^web$/);
  expect(everywhere.card?.rows?.map((row) => row.slice(0, 2))).toEqual([
    ["staging", "1.4.1"],
    ["production", "not known"],
  ]);
  const status = await grace.reads("status web in production", /^web in production/);
  expect(status.text).toContain("1.4.1 runs, 3 of 3 ready.");
});

test.concurrent("the least rights are enough for all of the main job", async (context) => {
  const kube = await cluster(context);
  await installCrds(kube, "cloudnative-pg");
  const namespaces = await grantLeast(context, kube);
  const { production } = namespaces;
  const spec = {
    ...{ image: "user-api", replicas: 2, ingress: { host: "api.example.com" } },
    database: { type: "postgresql", size: "small" },
    migrate: { command: ["migrate"] },
    workers: { mail: { command: ["mail"] } },
    cron: { nightly: { schedule: "@daily", command: ["tidy"] } },
  };
  const { ada, grace, deploys, ends, heard } = await house(context, kube, {
    namespaces,
    patience: "30s",
    cluster: { context: "shipmate" },
    others: { "user-api": spec, shop: { image: "shop" } },
  });
  const at = "user-api in production";
  const goesWell = async (id: string) => {
    const end = await ends(id);
    expect(end.card?.state?.word, `${end.text}\n${heard(id).join("\n")}`).toBe("Succeeded");
    return end;
  };
  const approved = async (text: string, title: string) => {
    const id = await ada.asks(text, title);
    await grace.presses(await grace.sees(id, "Waiting for approval"), "Approve");
    return goesWell(id);
  };

  await goesWell(await deploys("1.4.1", "user-api"));
  const better = await goesWell(await deploys("1.4.2", "user-api"));
  const stuck = await ends(await deploys("1.5.0-crash", "user-api"));
  expect(stuck.card?.state?.word, stuck.text).toMatch(/Taken back|Refused/);
  await approved(`scale user-api 3 in production`, `Scale ${at} to 3`);
  await approved(`restart ${at}`, `Restart ${at}`);
  const logs = await ada.reads(`logs ${at}`, /^Logs of user-api/);
  expect(logs.text).not.toMatch(/doesn't let|forbidden/);
  const events = await ada.reads(`events ${at}`, /^Events around user-api/);
  expect(events.card?.rows?.length, events.text).toBeGreaterThan(0);
  const status = await ada.reads(`status ${at}`, /^user-api in production/);
  expect(status.text).toContain("1.4.2");
  await ada.reads(`history ${at}`, /user-api/);
  await ada.presses(better, "Roll back");
  await goesWell(await ada.findsRun(/^Roll back user-api/));

  await kube.kubectl("create", "deployment", "shop", "--image=shop:1.0.0", "-n", production);
  await approved("adopt shop in production", "Adopt shop in production");
  await approved(
    "remove user-api from production confirm=user-api",
    `Remove user-api from production`,
  );

  const ours = new Set<string | undefined>(Object.values(namespaces));
  const refused = (await kube.writes({ user: "shipmate" })).filter(
    ({ status, namespace, name }) => status === 403 && (ours.has(namespace) || ours.has(name)),
  );
  expect(refused, "nothing was tried in vain").toEqual([]);
});
