/**
 * An API server that is down for a minute (SHIPMATE_BENCH_AWAY seconds) in the middle of a rollout, and back: how long
 * after the rollout the run ends well by itself, and how often its Deployment was applied, as the audit log counts. No
 * new pod is ready without its node, which comes back with the API server: so the rollout is in its middle until then.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Figure, succeeded, until, type World } from "./kubernetes-world.ts";

const away = Number(process.env["SHIPMATE_BENCH_AWAY"] ?? "60");
const title = (version: string): string => `Deploy web ${version} to staging`;

export async function downAndBack({ kube, shipmate }: World): Promise<readonly Figure[]> {
  const ours = await shipmate({ web: manifest });
  await ours.say("deploy web 1.4.1 to staging");
  await succeeded(ours, title("1.4.1"));
  await kube.kill("node");
  await ours.say("deploy web 1.4.2 to staging");
  const says = (pattern: RegExp) =>
    until(
      () => `"${title("1.4.2")}" to say ${pattern}`,
      async () => (await ours.runs(1)).find((run) => pattern.test(run.says)),
    );
  await says(/0 of 3 new ready/);
  await kube.kill("apiserver");
  const gone = performance.now();
  await sleep(away * 1000);
  const { says: told } = await says(/has not answered for \d+ s/);
  await kube.start("apiserver");
  const down = (performance.now() - gone) / 1000;
  await kube.start("node");
  const back = performance.now();
  const since = async (end: Promise<unknown>) => {
    await end;
    return (performance.now() - back) / 1000;
  };
  const rolledOut = ["rollout", "status", "deployment/web", "-n", "staging", "--timeout=5m"];
  const [cluster, run] = await Promise.all([
    since(kube.kubectl(...rolledOut)),
    since(succeeded(ours, title("1.4.2"))),
  ]);
  await ours.close();
  const like = { user: "shipmate", resource: "deployments", subresource: undefined };
  const applied = (await kube.effects({ ...like, namespace: "staging" })).length;
  console.log(`down for ${down.toFixed(0)} s   ${told}`);
  return [
    {
      what: `API server down for ${down.toFixed(0)} s in mid-rollout, and back`,
      wanted: "ends well, applied once",
      measured: `ended well ${(run - cluster).toFixed(1)} s after the rollout, which took ${cluster.toFixed(0)} s more; ${applied} applies for two releases`,
      reached: applied === 2,
    },
  ];
}

const manifest = `apiVersion: platform.company.io/v1
kind: WebService
metadata:
  name: web
spec:
  image: web:latest
  replicas: 3
`;
