/** The effect `adopt`: takes what runs under a service's name into our care. It writes a record and nothing else. */
import type { Change } from "../../../core/plan.ts";
import type { Provider } from "../../../core/provider.ts";
import { Moved, refuse } from "../../../core/refusal.ts";
import { listed } from "../../../core/words.ts";
import { type KubeObject, marks } from "../../../expand/object.ts";
import { line } from "../../../observe/text.ts";
import { clusters } from "../../../roles/clusters.ts";
import { refOf } from "../order.ts";
import { managerText, ownersOf } from "../plan/owners.ts";
import { objectText } from "../plan/words.ts";
import { settled } from "../sources/settled.ts";
import type { Spot } from "../types.ts";
import { addressOf } from "../url.ts";
import { isOwn } from "../whose.ts";
import { claimed, requireUnclaimed } from "./claims.ts";
import { coalesced, type Deck, fieldOf, mainOf, resting, standing } from "./deck.ts";
import { discover } from "./discover.ts";
import { packed } from "./records.ts";
import { uids } from "./restart.ts";

export function adopt(deck: Deck): Provider<typeof clusters>["adopt"] {
  const { records } = deck;
  const once = coalesced<Record<string, never>>();
  return {
    async preview(input, { signal, by }) {
      const spot = deck.spotOf(input);
      const main = mainOf(input);
      const { service, environment } = input;
      const [newest] = standing(await records.list(spot, signal));
      if (newest) return { same: {} };
      const found = await discover(spot, spot.as(by), signal);
      requireFree(spot, found);
      await requireUnclaimed(records, spot, { refs: found.map(refOf) }, signal);
      packed(spot, kept(found));
      return {
        changes: [
          { of: main, field: "version", from: null, to: versionOf(service, found) },
          ...found.map((object) => adopted(main, object)),
        ],
        seen: { [main]: resting(undefined), ...uids(found) },
        will: { [main]: { release: null, version: versionOf(service, found) }, ...uids(found) },
        undo: [clusters.disown({ service, environment })],
      };
    },

    run: (input, { key, seen, by, signal }) =>
      once(key, async () => {
        signal.throwIfAborted();
        const spot = deck.spotOf(input);
        const { service, environment } = input;
        const all = await records.list(spot, signal);
        if (all.some((one) => one.key === key)) return {};
        const [newest] = standing(all);
        if (newest)
          throw new Moved(
            `${service} in ${environment} was released as ${newest.version} since this was planned.`,
          );
        const found = await discover(spot, spot.as(by), signal);
        requireFree(spot, found);
        const now = { [mainOf(input)]: null, ...uids(found) };
        const names = new Set([...Object.keys(now), ...Object.keys(seen)]);
        for (const name of names)
          if (name !== mainOf(input) && fieldOf(now[name], "uid") !== fieldOf(seen[name], "uid"))
            throw new Moved(
              `What runs as ${service} in ${environment} has changed since this was planned.`,
            );
        const facts = { key, at: deck.now(), by, pins: {}, url: addressOf(found) };
        const inventory = found.map(refOf);
        const number = (all[0]?.number ?? 0) + 1;
        const version = versionOf(service, found);
        await records.create(
          spot,
          { ...facts, number, version, state: "adopted", inventory },
          kept(found),
          signal,
        );
        const other = await claimed(records, spot, { refs: inventory, number }, signal);
        if (other) {
          await records.bury(spot, signal);
          throw new Moved(
            `${objectText(other.ref)} was adopted by ${other.by.service} since this was planned.`,
          );
        }
        return {};
      }),
  };
}

/** Refuses what nobody runs, what is another service's, and what somebody else would put back. */
function requireFree(spot: Spot, found: readonly KubeObject[]): void {
  const { service, environment } = spot;
  if (found.length === 0)
    refuse(
      `Nothing runs in ${environment} that is named ${service} or bears its name in the label app or app.kubernetes.io/name: check the name, or deploy it.`,
    );
  const theirs = found.find((object) => !isOwn(spot, object));
  if (theirs)
    refuse(
      `${objectText(refOf(theirs))} belongs to ${line(theirs.metadata.labels?.[marks.service] ?? "", 63)} already, so ${service} can't adopt it.`,
    );
  const kept = found.flatMap((object) => {
    const keeper = keeperOf(object);
    return keeper === undefined ? [] : [{ object, keeper }];
  });
  const [first] = kept;
  if (!first) return;
  const what = kept.map(({ object }) => objectText(refOf(object)));
  refuse(
    `${first.keeper} manages ${listed(what, "and", 3)} and would put back whatever is changed here: take ${kept.length === 1 ? "it" : "them"} out of ${first.keeper} without deleting, then adopt ${service}.`,
  );
}

/** Who would put it back by itself: undefined where nobody would. */
function keeperOf({ metadata }: KubeObject): string | undefined {
  const { annotations = {}, labels = {} } = metadata;
  const argo = annotations["argocd.argoproj.io/tracking-id"]?.split(":")[0];
  if (argo !== undefined) return `Argo CD (application ${argo})`;
  const instance = labels["argocd.argoproj.io/instance"];
  if (instance !== undefined) return `Argo CD (application ${instance})`;
  for (const [kind, prefix] of [
    ["kustomization", "kustomize.toolkit.fluxcd.io"],
    ["release", "helm.toolkit.fluxcd.io"],
  ]) {
    const name = labels[`${prefix}/name`];
    if (name !== undefined) return `Flux (${kind} ${name})`;
  }
  const owners = metadata["ownerReferences"];
  const owner = Array.isArray(owners)
    ? owners.find((one) => fieldOf(one, "controller") === true)
    : undefined;
  return owner === undefined ? undefined : `${fieldOf(owner, "kind")} ${fieldOf(owner, "name")}`;
}

function adopted(main: string, object: KubeObject): Change {
  const chart = object.metadata.annotations?.["meta.helm.sh/release-name"];
  const managers = ownersOf(object)
    .filter(({ subresource }) => subresource !== "status")
    .map(({ manager, subresource }) => managerText(manager, subresource));
  const by =
    chart === undefined ? listed([...new Set(managers)].sort()) : `the Helm release ${chart}`;
  const from = by === "" ? "there" : `there, set by ${by}`;
  const to =
    chart === undefined
      ? "looked after, as it is"
      : "looked after, as it is; a later helm upgrade would change it behind our back";
  return { of: main, field: objectText(refOf(object)), from, to };
}

/** The tag of the image that it runs. */
function versionOf(service: string, found: readonly KubeObject[]): string {
  const images = found.flatMap((object) => {
    const template = fieldOf(fieldOf(object["spec"], "template"), "spec");
    const containers = fieldOf(template, "containers");
    const all = Array.isArray(containers) ? containers : [];
    return all.map((one) => ({ name: fieldOf(one, "name"), image: String(fieldOf(one, "image")) }));
  });
  const main = images.find(({ name }) => name === service) ?? images[0];
  const [, tag = "latest"] = /:([\w][\w.-]{0,127})(?:@.*)?$/.exec(main?.image ?? "") ?? [];
  return tag;
}

/** What somebody asked for, in the way in which a release says it. */
const kept = (found: readonly KubeObject[]) => settled(found.map(cleaned));

/** Without what the cluster wrote. */
function cleaned({ status: _, metadata, ...object }: KubeObject): KubeObject {
  const annotations = Object.entries(metadata.annotations ?? {}).filter(
    ([name]) => !written.has(name),
  );
  const { name, namespace, labels } = metadata;
  return {
    ...object,
    metadata: { name, namespace, labels, annotations: Object.fromEntries(annotations) },
  } as KubeObject;
}
const written = new Set([
  ...["kubectl.kubernetes.io/last-applied-configuration", "deployment.kubernetes.io/revision"],
  ...["deprecated.daemonset.template.generation", "autoscaling.alpha.kubernetes.io/conditions"],
]);
