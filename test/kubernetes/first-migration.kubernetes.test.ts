/** The first deploy of a service whose migration needs the database that comes with it, by a whole Shipmate. */
import { expect, test } from "vitest";
import { cluster } from "../kube.ts";
import { leaveOut } from "../servers.ts";
import { house } from "./house.ts";

const spec = {
  image: "web",
  replicas: 1,
  autoscale: { enabled: false },
  database: { type: "postgresql", size: "small", version: 17 },
  migrate: { command: ["migrate"], retries: 0 },
};

test("a first migration gets what it needs; one that fails goes with it, and its database stays", async (context) => {
  const kube = await cluster(context);
  const folder = process.env["SHIPMATE_TEST_KUBE"];
  if (folder === undefined) leaveOut(context, "definitions of others (SHIPMATE_TEST_KUBE)");
  const crd = `${folder}/../samples/crds/cloudnative-pg/postgresql.cnpg.io_clusters.yaml`;
  await kube.kubectl("apply", "--server-side", "--force-conflicts", "-f", crd);
  const { ends, deploys, namespaces } = await house(context, kube, { spec });
  const left = (kinds: string) =>
    kube.kubectl("get", kinds, "-n", namespaces.production, "-l", "shipmate.dev/service=web");

  const failed = (await ends(await deploys("1.4.0-fail"))).card;
  expect(failed?.says).toMatch(
    /migration to 1\.4\.0-fail failed: .*so web does not run in production, as before\. What stays: database web-db with its data and what the migration to 1\.4\.0-fail changed in the database\./,
  );
  expect(await left("serviceaccounts,networkpolicies,deployments,jobs")).toBe("");
  expect(await left("clusters.postgresql.cnpg.io")).toContain("web-db");

  const good = (await ends(await deploys("1.4.1"))).card;
  expect(good?.state?.word, good?.says).toBe("Succeeded");
});
