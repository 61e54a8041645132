/**
 * 200 rollouts at once: what Shipmate holds in memory meanwhile. No pod is placed before all of them are under way,
 * and then each needs 8 s to be ready.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Figure, type Run, succeeded, until, type World } from "./kubernetes-world.ts";

const many = 200;
/** MB. */
const limit = 300;

export async function atOnce({ kube, shipmate }: World): Promise<readonly Figure[]> {
  const names = Array.from({ length: many }, (_, i) => `service-${i}`);
  const all = ["first", ...names].map((name) => [name, manifest(name)] as const);
  const ours = await shipmate(Object.fromEntries(all));
  await ours.say("deploy first 1.0.0 to staging");
  await succeeded(ours, "Deploy first 1.0.0 to staging");
  await sleep(3_000);
  const before = ours.resident();
  let peak = before;
  const sampling = setInterval(() => {
    peak = Math.max(peak, ours.resident());
  }, 100);
  const began = performance.now();
  const seconds = () => Math.round((performance.now() - began) / 1_000);
  await kube.stop("scheduler");
  await Promise.all(names.map((name) => ours.say(`deploy ${name} 1.0.0-slow to staging`)));
  const count = async (is: (run: Run) => boolean) =>
    (await ours.runs(many + 1)).filter((run) => run.title.includes("-slow") && is(run)).length;
  let open = 0;
  await until(
    () => `all to be under way (${open} are)`,
    async () => {
      open = await count(({ state, ended }) => state === "running" || ended !== null);
      return open === many ? true : undefined;
    },
  );
  const underWay = seconds();
  await kube.start("scheduler");
  let ended = 0;
  await until(
    () => `the end of all (${ended} ended)`,
    async () => {
      ended = await count((run) => run.ended !== null);
      return ended === many ? true : undefined;
    },
  );
  clearInterval(sampling);
  const good = await count(({ state }) => state === "succeeded");
  await ours.close();
  console.log(
    `${many} rollouts at once: ${before} MB before, ${peak} MB at most; under way after ${underWay} s, ${good} ended well after ${seconds()} s`,
  );
  return [
    {
      what: `Memory that ${many} rollouts at once take`,
      wanted: `under ${limit} MB`,
      measured: `${peak - before} MB (${before} MB before); all under way after ${underWay} s, ${good} ended well after ${seconds()} s`,
      reached: peak - before < limit && good === many,
    },
  ];
}

function manifest(name: string): string {
  return `apiVersion: platform.company.io/v1
kind: WebService
metadata: { name: ${name} }
spec:
  image: ${name}:latest
  replicas: 1
  resources: { requests: { cpu: 10m, memory: 16Mi } }
`;
}
