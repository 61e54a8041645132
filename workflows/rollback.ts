/** Brings back a release that was good: the last one before what runs now, or the one that was asked for. */
import { clusters, defineWorkflow, Environment, refuse, Service, Version } from "shipmate";
import { z } from "zod";
import { logs } from "./parts/look-after.ts";
import { ship, shipped } from "./parts/ship.ts";

export default defineWorkflow({
  name: "rollback",
  input: z.object({ service: Service, environment: Environment, to: Version.optional() }),
  title: (i) => `Roll back ${i.service} in ${i.environment}${i.to ? ` to ${i.to}` : ""}`,
  done: (i, o: { version: string }) => `${i.service} ${o.version} runs in ${i.environment} again.`,
  on: shipped,
  hurry: "first",
  next: ({ service, environment }) => [logs({ service, environment })],
  async run(step, { service, environment, to }) {
    const now = await step.look("what runs", clusters.running({ service, environment }));
    const releases = await step.look("history", clusters.history({ service, environment }));
    const current = now.version ?? releases[0]?.version;
    const good = releases.filter((release) => release.good);
    const versions = good.map((release) => release.version);
    const version = to ?? before(current, versions);
    const like = good.find((release) => release.version === version);
    if (like === undefined) return refuse(nowhere(service, environment, to, versions));
    const what = { service, version: like.version, environment, like: like.id };
    await step.change("roll back", ship(what));
    return { version: like.version };
  },
});

/**
 * The good release before the current one. A release that brought an earlier version back is a step back, not
 * forward: what it took away is not "before" it, so that a second rollback does not bring the bad one again.
 */
function before(current: string | undefined, good: readonly string[]): string | undefined {
  const line: string[] = [];
  for (const version of good.toReversed()) {
    const at = line.indexOf(version);
    if (at < 0) line.push(version);
    else line.length = at + 1;
  }
  const at = current === undefined ? -1 : line.indexOf(current);
  return at < 0 ? line.at(-1) : line[at - 1];
}

function nowhere(
  service: string,
  environment: string,
  to: string | undefined,
  good: readonly string[],
): string {
  const there = [...new Set(good)].slice(0, 5).join(", ");
  if (to === undefined) {
    const none = `${service} in ${environment} has no earlier good release to go back to.`;
    return new Set(good).size > 1
      ? `${none} Good once were: ${there}. To choose one: rollback ${service} in ${environment} to ${good.find((one) => one !== good[0])}.`
      : `${none} To choose a version to run: deploy ${service} to ${environment}.`;
  }
  return `${to} was never a good release of ${service} in ${environment}. ${
    there ? `There was: ${there}.` : "There was none yet."
  } To try ${to} anyway: deploy ${service} ${to} to ${environment}.`;
}
