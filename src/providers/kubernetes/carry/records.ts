/** The records of releases: one Secret each beside the service, with what was applied and what became of it. */
import { gunzipSync, gzipSync } from "node:zlib";
import { z } from "zod";
import { Moved, refuse } from "../../../core/refusal.ts";
import { type KubeObject, marks } from "../../../expand/object.ts";
import {
  ApiError,
  type Claim,
  type Records,
  type Ref,
  type Release,
  recordType,
  type Spot,
} from "../types.ts";

/** Milliseconds for which an answer without a hint is taken from memory. */
const fresh = 10_000;
/** Records that are kept of a spot, besides the newest good one. */
const kept = 20;
/** Bytes of content that a Secret holds, less some for what else is in it: MaxSecretSize of Kubernetes is 1 MiB. */
const limit = 1024 * 1024 - 64 * 1024;
/** Bytes of content when it is unpacked: manifests have 5 MB, and an expansion or their JSON is longer. */
const unpackedLimit = 64 * 1024 * 1024;

const stateLabel = "shipmate.dev/state";
const whyAnnotation = "shipmate.dev/why";

/** `now` in milliseconds since 1970. */
export function records(now: () => number): Records {
  const memory = new Map<string, Known>();

  async function list(spot: Spot, signal: AbortSignal, hint = 0): Promise<readonly Release[]> {
    const before = memory.get(keyOf(spot));
    const secrets = await spot.own.list(secret, whereOf(spot), signal);
    const all = secrets.map((found) => releaseOf(spot, found)).sort((a, b) => b.number - a.number);
    const known = { release: all[0], at: now(), hint };
    // What was written while this was read is newer than what was read.
    if (memory.get(keyOf(spot)) === before) memory.set(keyOf(spot), known);
    return all;
  }

  function remember(spot: Spot, release: Release): void {
    const known = memory.get(keyOf(spot));
    if ((known?.release?.number ?? 0) > release.number) return;
    memory.set(keyOf(spot), { release, at: now(), hint: release.number });
  }

  async function mark(
    spot: Spot,
    number: number,
    state: Release["state"],
    why: string | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const ref = refOf(spot, number);
    for (;;) {
      const found = await spot.own.get(ref, signal);
      if (!found) return;
      const release = releaseOf(spot, found);
      if (release.state === "removed") return;
      const patch = {
        metadata: {
          resourceVersion: found.metadata["resourceVersion"],
          labels: { [stateLabel]: state },
          annotations: { [whyAnnotation]: why ?? null },
        },
      };
      try {
        if (release.state !== state || release.why !== why)
          await spot.own.merge(ref, patch, {}, signal);
        return remember(spot, { ...release, state, why });
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== 409) throw error;
      }
    }
  }

  async function forget(spot: Spot, which: readonly Release[], signal: AbortSignal) {
    await Promise.all(which.map(({ number }) => spot.own.remove(refOf(spot, number), {}, signal)));
  }

  return {
    list: (spot, signal) => list(spot, signal),

    async newest(spot, signal, hint) {
      const known = memory.get(keyOf(spot));
      const isFresh = known !== undefined && now() - known.at < fresh;
      const number = known?.release?.number ?? 0;
      // Objects may bear an older number only while the newest release is being applied.
      const isAhead = number > (hint ?? 0) && known?.release?.state === "applying";
      const isEnough = hint === undefined ? isFresh : number === hint || isAhead;
      if (known && (isEnough || (isFresh && known.hint >= (hint ?? 0)))) return known.release;
      return (await list(spot, signal, hint))[0];
    },

    async claims(spot, signal) {
      const labels = `${marks.managedBy}=${marks.us},${stateLabel} in (applying,adopted)`;
      const found = await spot.own.list(secret, { ...whereOf(spot), labels }, signal);
      return found.flatMap((one) => claimOf(spot, one));
    },

    async content(spot, number, signal) {
      const found = await spot.own.get(refOf(spot, number), signal);
      return found && unpacked(Stored.parse(found).data.content);
    },

    async create(spot, release, content, signal) {
      const { number, uid: _, state, why, ...facts } = release;
      const object: KubeObject = {
        ...secret,
        type: recordType,
        metadata: {
          name: nameOf(spot, number),
          namespace: spot.namespace,
          labels: { ...labelsOf(spot), [stateLabel]: state },
          annotations: {
            [marks.release]: String(number),
            ...(why === undefined ? {} : { [whyAnnotation]: why }),
          },
        },
        immutable: true,
        data: { facts: base64(JSON.stringify(facts)), content: packed(spot, content) },
      };
      try {
        await spot.own.create(object, {}, signal);
      } catch (error) {
        if (!(error instanceof ApiError) || error.reason !== "AlreadyExists") throw error;
        const there = await spot.own.get(refOf(spot, number), signal);
        const other = there && releaseOf(spot, there);
        if (other?.key !== release.key) throw new Moved(overtaken(spot, other));
      }
      remember(spot, release);
    },

    mark,

    async tidy(spot, signal) {
      const all = await list(spot, signal);
      const good = all.find(({ state }) => state === "good");
      const old = all.slice(kept).filter(({ number }) => number !== good?.number);
      await forget(spot, old, signal);
    },

    async bury(spot, signal) {
      const [newest, ...others] = await list(spot, signal);
      if (!newest) return;
      await forget(spot, others, signal);
      await mark(spot, newest.number, "removed", undefined, signal);
    },
  };
}

/** Refuses content that is too large to be kept, before anything is asked or written. */
export function packed(spot: Spot, content: readonly KubeObject[]): string {
  const zip = gzipSync(JSON.stringify(content));
  if (zip.length > limit)
    refuse(
      `What ${spot.service} consists of is too large to be kept with its release: ${(zip.length / 1024 ** 2).toFixed(1)} MB when compressed, and a cluster keeps 1 MB. Make its largest config maps smaller or split the service.`,
    );
  return zip.toString("base64");
}

interface Known {
  readonly release: Release | undefined;
  readonly at: number;
  /** The number that was asked for: a smaller one needs no second list. */
  readonly hint: number;
}

const secret = { apiVersion: "v1", kind: "Secret" };

const Stored = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string().optional(),
    labels: z.record(z.string(), z.string()),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
  data: z.object({ facts: z.string(), content: z.string() }),
});
const State = z.enum(["applying", "going", "good", "bad", "removed", "adopted"]);
const Facts = z.object({
  version: z.string(),
  key: z.string(),
  at: z.number(),
  by: z.string().optional(),
  url: z.string().nullable(),
  inventory: z.array(
    z.object({
      apiVersion: z.string(),
      kind: z.string(),
      name: z.string(),
      namespace: z.string().optional(),
    }),
  ),
  pins: z.record(z.string(), z.string()),
});
const Content = z.array(
  z.looseObject({
    apiVersion: z.string(),
    kind: z.string(),
    metadata: z.looseObject({ name: z.string() }),
  }),
);

/** Who may write Secrets there may alter a record: it never reaches beyond its own name and namespace. */
function releaseOf(spot: Spot, found: KubeObject): Release {
  try {
    const { metadata, data } = Stored.parse(found);
    const number = z.coerce.number().int().min(1).parse(metadata.annotations[marks.release]);
    if (metadata.name !== nameOf(spot, number)) throw new Error(`it says that it is ${number}`);
    const facts = Facts.parse(JSON.parse(Buffer.from(data.facts, "base64").toString()));
    return {
      ...facts,
      inventory: facts.inventory.filter(({ namespace }) => namespace === spot.namespace),
      number,
      uid: metadata.uid,
      state: State.parse(metadata.labels[stateLabel]),
      why: metadata.annotations[whyAnnotation],
    };
  } catch (cause) {
    const { name, namespace } = found.metadata;
    throw new Error(`reading the record ${name} in ${namespace}`, { cause });
  }
}

function claimOf(spot: Spot, found: KubeObject): readonly Claim[] {
  const { labels = {}, resourceVersion } = found.metadata;
  const { [marks.service]: service = "", [marks.environment]: environment = "" } = labels;
  try {
    const { state, ...release } = releaseOf({ ...spot, service, environment }, found);
    if (state !== "applying" && state !== "adopted") return [];
    const { number, version, inventory } = release;
    const order = Number(resourceVersion);
    return [{ ...{ number, version, inventory }, service, environment, state, order }];
  } catch {
    // What somebody did to another service's record is for that service to tell.
    return [];
  }
}

function unpacked(content: string): readonly KubeObject[] {
  const text = gunzipSync(Buffer.from(content, "base64"), {
    maxOutputLength: unpackedLimit,
  }).toString();
  return Content.parse(JSON.parse(text)) as readonly KubeObject[];
}

function overtaken({ service, environment }: Spot, by: Release | undefined): string {
  const as = by === undefined ? "" : ` as ${by.version}`;
  return `${service} in ${environment} was released${as} since this was planned.`;
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const nameOf = ({ service }: Spot, number: number): string => `shipmate.${service}.${number}`;
const refOf = (spot: Spot, number: number): Ref => ({
  ...secret,
  name: nameOf(spot, number),
  namespace: spot.namespace,
});
const labelsOf = ({ service, environment }: Spot) => ({
  [marks.managedBy]: marks.us,
  [marks.service]: service,
  [marks.environment]: environment,
});
const whereOf = (spot: Spot) => ({
  namespace: spot.namespace,
  labels: Object.entries(labelsOf(spot))
    .map(([label, value]) => `${label}=${value}`)
    .join(),
  fields: `type=${recordType}`,
});
const keyOf = ({ own, namespace, service, environment }: Spot): string =>
  [own.name, namespace, environment, service].join("/");
