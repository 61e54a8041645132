/** The effect `migrate`: a Job that runs before the version, once for each content, on what it needs of the version. */
import { setTimeout as pause } from "node:timers/promises";
import type { Change } from "../../../core/plan.ts";
import type { Provider } from "../../../core/provider.ts";
import { Moved, refuse } from "../../../core/refusal.ts";
import { listed } from "../../../core/words.ts";
import type { KubeObject } from "../../../expand/object.ts";
import { clusters } from "../../../roles/clusters.ts";
import { nameOf, refOf } from "../order.ts";
import { about } from "../plan/about.ts";
import { accessChange } from "../plan/access.ts";
import { denied } from "../plan/deny.ts";
import { contentOf } from "../plan/grounds.ts";
import { holdsData } from "../plan/hints.ts";
import { weigh } from "../plan/preview.ts";
import { objectText } from "../plan/words.ts";
import { ApiError, type Cluster } from "../types.ts";
import { removeOnly } from "./apply.ts";
import { requireUnclaimed } from "./claims.ts";
import { coalesced, type Deck, fieldOf, hashOf, mainOf, standing } from "./deck.ts";
import { lay, missingGround } from "./laid.ts";
import { isAsPlanned, making } from "./made.ts";
import { jobOf, keyNote, migrations, stateOf } from "./migration-job.ts";
import { makeNamespace, missingNamespace } from "./namespace.ts";

export { migration } from "./migration.ts";

/** How long a Job that failed may take to go before another comes in its place, in milliseconds. */
const patience = 15_000;

export function migrate(deck: Deck): Provider<typeof clusters>["migrate"] {
  const { make } = making(deck);
  const once = coalesced<Record<string, never>>();
  return {
    async preview(input, { signal, by }) {
      const { service, environment, version } = input;
      const spot = deck.spotOf(input);
      const job = await jobOf(deck, spot, version, signal);
      if (!job) return { same: {} };
      const cluster = spot.as(by);
      const home = await missingNamespace(spot, cluster, signal);
      const live = home ? undefined : await cluster.get(refOf(job), signal);
      const state = live && stateOf(live);
      if (state === "good") return { same: {} };
      const main = mainOf(input);
      const { objects } = await make(spot, input, signal);
      const ground = await missingGround(cluster, objects, signal);
      await requireUnclaimed(deck.records, spot, { refs: ground.map(refOf) }, signal);
      const wanted = { objects: home ? [home, ...ground] : ground, delete: [] };
      const laid = await weigh(spot, cluster, main, wanted, signal);
      if (!live && !home) {
        await cluster.create(job, { dryRun: true }, signal).catch((error: unknown) => {
          throw denied(error, `migrating ${service} to ${version}`);
        });
      }
      const from = { going: "under way", bad: "failed" } as const;
      const stays = [
        ...ground.filter((object) => holdsData(refOf(object))).map(withData),
        `what the migration to ${version} changed in the database`,
      ];
      const ofMain = (lines: readonly Omit<Change, "of">[]) =>
        lines.map((one) => ({ of: main, ...one }));
      const isFirst = standing(await deck.records.list(spot, signal)).length === 0;
      return {
        changes: [
          { of: main, field: "migration", from: state ? from[state] : null, to: version },
          ...ofMain(accessChange(undefined, job, "migration: ")),
          ...laid.changes,
          ...ofMain(about(job, job, { service, object: job, isMain: false }, "migration: ")),
        ],
        seen: {
          [nameOf(job)]: live ? { uid: String(live.metadata["uid"]), state: state ?? "" } : null,
          ...laid.seen,
        },
        will: { [nameOf(job)]: await contentOf(job), ...laid.will },
        ...(isFirst && ground.length > 0
          ? { undo: [clusters.remove({ service, environment })], stays: listed(stays, "and") }
          : { undo: { irreversible: listed(stays, "and") } }),
      };
    },

    run: (input, { key, seen, plan, by, signal }) =>
      once(key, async () => {
        signal.throwIfAborted();
        const spot = deck.spotOf(input);
        const cluster = spot.as(by);
        const [wanted, { objects }] = await Promise.all([
          jobOf(deck, spot, input.version, signal),
          make(spot, input, signal),
        ]);
        if (!wanted) return {};
        const ground = objects.filter((object) => nameOf(object) in seen);
        const will = "will" in plan ? plan.will : {};
        const isPlanned = await isAsPlanned([...ground, wanted], will);
        if (seen[nameOf(wanted)] === undefined || !isPlanned)
          throw new Moved(`The migration to ${input.version} has changed since this was planned.`);
        const { metadata } = wanted;
        const annotations = { ...metadata.annotations, [keyNote]: hashOf(key) };
        const job = { ...wanted, metadata: { ...metadata, annotations } };
        const live = await cluster.get(refOf(job), signal);
        const isOurs = live?.metadata.annotations?.[keyNote] === hashOf(key);
        if (live && (isOurs || stateOf(live) !== "bad")) return {};
        const was = fieldOf(seen[nameOf(job)], "uid");
        if (live && was !== live.metadata["uid"])
          throw new Moved(`The migration to ${input.version} was tried since this was planned.`);
        await makeNamespace(spot, cluster, seen, signal);
        await lay({ records: deck.records, spot, cluster }, ground, key, signal);
        if (live) await removeOnly(cluster, refOf(job), live, signal);
        await created(cluster, job, signal);
        return {};
      }),

    async find(input, key) {
      const spot = deck.spotOf(input);
      const all = await migrations(spot, spot.own, AbortSignal.timeout(30_000));
      const isOurs = (job: KubeObject) => job.metadata.annotations?.[keyNote] === hashOf(key);
      return all.some(isOurs) ? { did: {} } : "not done";
    },
  };
}

const withData = (object: KubeObject): string => `${objectText(refOf(object))} with its data`;

/** Whether a migration has to be good before the version is released. */
export function takes(deck: Deck): Provider<typeof clusters>["takes"] {
  return async (input, signal, by) => {
    const spot = deck.spotOf(input);
    const [job, all] = await Promise.all([
      jobOf(deck, spot, input.version, signal),
      deck.records.list(spot, signal),
    ]);
    if (!job) return { migration: false };
    const isRunningNow =
      standing(all).find(({ state }) => state === "good")?.version === input.version;
    if (isRunningNow) return { migration: false };
    const live = await spot.as(by).get(refOf(job), signal);
    return { migration: live === undefined || stateOf(live) !== "good" };
  };
}

/** Comes back when it is there; one that failed and goes may still be in its place for a moment. */
async function created(cluster: Cluster, job: KubeObject, signal: AbortSignal): Promise<void> {
  const key = job.metadata.annotations?.[keyNote];
  for (let waited = 0; ; waited += 100) {
    try {
      await cluster.create(job, {}, signal);
      return;
    } catch (error) {
      if (!(error instanceof ApiError) || error.reason !== "AlreadyExists")
        throw denied(error, `creating the migration ${job.metadata.name}`);
      const there = await cluster.get(refOf(job), signal);
      if (there?.metadata.annotations?.[keyNote] === key) return;
      if (there && there.metadata["deletionTimestamp"] === undefined)
        throw new Moved(`The migration ${job.metadata.name} was started by somebody else.`);
      if (waited >= patience)
        refuse(`The migration that failed before is still being deleted: try again in a minute.`);
      await pause(100, undefined, { signal });
    }
  }
}
