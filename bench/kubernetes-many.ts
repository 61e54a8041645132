/** 200 services are released at once, and are ready only after 8 s: what Shipmate holds in memory meanwhile. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Figure, succeeded, until, type World } from "./kubernetes-world.ts";

const many = 200;
/** MB. */
const limit = 300;

export async function atOnce({ shipmate }: World): Promise<readonly Figure[]> {
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
  await Promise.all(names.map((name) => ours.say(`deploy ${name} 1.0.0-slow to staging`)));
  let open = 0;
  const ended = await until(
    () => "the end of all",
    async () => {
      const runs = (await ours.runs(many + 1)).filter(({ title }) => title.includes("-slow"));
      const over = runs.filter((run) => run.ended !== null);
      open = Math.max(open, runs.length - over.length);
      return over.length === many ? over : undefined;
    },
  );
  clearInterval(sampling);
  const seconds = (performance.now() - began) / 1_000;
  const good = ended.filter(({ state }) => state === "succeeded").length;
  await ours.close();
  console.log(
    `${many} rollouts at once: ${before} MB before, ${peak} MB at most, ${open} open at once, ${good} ended well in ${seconds.toFixed(0)} s`,
  );
  return [
    {
      what: `Memory that ${many} rollouts at once take`,
      wanted: `under ${limit} MB`,
      measured: `${peak - before} MB (${before} MB before); ${good} ended well, in ${seconds.toFixed(0)} s`,
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
  resources: { cpu: 10m, memory: 16Mi }
`;
}
