/** kill -9 of Shipmate at ten moments of a deploy on a cluster: it ends right, and each object is applied once a release. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { z } from "zod";
import { lived } from "../kill.ts";
import { cluster, type Kube, type Write } from "../kube.ts";
import type { Asker } from "../servers.ts";
import { type Running, start } from "../shipmate.ts";
import { ground } from "./house.ts";

const kills = 10;
/** So many services are killed side by side: each has its own Shipmate and its own namespaces. */
const lives = 2;
/** A deploy of this service takes about so long, in milliseconds; the moments are spread over it, with some chance. */
const whole = 4_500;

const Answer = z.object({ state: z.string(), says: z.string() });

test("killed at ten moments, deploys go on to their ends, good ones and bad ones", async (context) => {
  const kube = await cluster(context);
  await Promise.all(Array.from({ length: lives }, (_, life) => killed(context, kube, life)));
}, 900_000);

/** One life, which has its share of the moments. */
async function killed(context: Asker, kube: Kube, life: number): Promise<void> {
  const { folder, settings, namespaces, patience } = await ground(context, kube, {});
  const { production } = namespaces;
  const alive: { now?: Running } = {};
  const begin = async () => {
    alive.now = await start({ ...settings, SHIPMATE_HOME: join(folder, "home") });
    return alive.now;
  };
  const kill = async () => {
    alive.now?.kill("SIGKILL");
    await alive.now?.ended;
  };
  context.onTestFinished(kill);

  let shipmate = await begin();
  const first = lived(shipmate, { folder, channel: "first", version: "1.4.0" }, false);
  expect((await first.over).card?.state?.word).toBe("Succeeded");
  let releases = 1;
  let runs = "1.4.0";
  for (let n = life; n < kills; n += lives) {
    const bad = n % 3 === 2;
    const version = bad ? `1.5.${n}-crash` : `1.4.${n + 1}`;
    await patience(bad ? "5s" : "60s");
    const round = { folder, channel: `kill-${n}`, version, patience: 120_000 };
    const after = Math.round((whole * (n + Math.random())) / kills);
    const before = lived(shipmate, round, false);
    before.over.catch(() => undefined); // it is killed in the middle of its talk
    await sleep(after);
    await kill();
    await before.over.catch(() => undefined);
    shipmate = await begin();
    const root = await lived(shipmate, round, before.isSaid()).over;
    const what = `killed ${after} ms after ${version} was asked for: ${root.text}`;
    expect(root.card?.state?.word, what).toBe(bad ? "Taken back" : "Succeeded");
    // A connection that is kept may be closed just as it is used again.
    const headers = { connection: "close" };
    const answer = await fetch(new URL(`/api/v1/runs/${root.run}`, shipmate.url), { headers });
    const run = Answer.parse(await answer.json());
    expect(run.says, what).toMatch(bad ? new RegExp(`${runs} runs again`) : /runs in production/);
    releases += bad ? 2 : 1;
    if (!bad) runs = version;
    const image = "jsonpath={.spec.template.spec.containers[0].image}";
    expect(await kube.kubectl("get", "deployment/web", "-n", production, "-o", image), what).toBe(
      `web:${runs}`,
    );
    const counted = countsOf(await kube.effects({ namespace: production }));
    expect(counted, what).toEqual(
      Object.fromEntries(Object.keys(counted).map((object) => [object, releases])),
    );
  }
}

/** How often each object was written by Shipmate; records count together, by their creations. */
function countsOf(writes: readonly Write[]): { readonly [object: string]: number } {
  const ours = writes.filter(({ user }) => !user.startsWith("system:"));
  const applied = ours.filter(({ resource, verb }) => resource !== "secrets" || verb === "create");
  const groups = Object.groupBy(applied, ({ resource }) => resource);
  return Object.fromEntries(
    Object.entries(groups).map(([resource, all]) => [resource, all?.length ?? 0]),
  );
}
