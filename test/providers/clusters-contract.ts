/** What every provider of the role clusters promises: one suite, for processes on this machine as for a real cluster. */
import { describe, expect, test } from "vitest";
import { Moved, Refusal } from "../../src/core/refusal.ts";
import type { Asker } from "../servers.ts";
import {
  type At,
  bound,
  type Clusters,
  changes,
  eventually,
  open,
  type Rollout,
  release,
  see,
  settled,
  texts,
  undo,
} from "./drive.ts";

/** An empty world for one test. */
export interface World {
  readonly provider: Clusters;
  readonly service: string;
  readonly environment: string;
  /** All of `service`. `good` is older than `better`; the others never serve. */
  readonly versions: {
    readonly good: string;
    readonly better: string;
    readonly crashing: string;
    readonly unhealthy: string;
  };
  /** Another service with a version that works. */
  readonly other: { readonly service: string; readonly version: string };
  /** Text that every log of `good` has. */
  readonly says: string;
  /** How often something was changed outside, counted by the outside. */
  effects(): Promise<number>;
  /** Whether a url of ours answers within the machine that tests; a cluster without a way in says no. */
  readonly reachable: boolean;
  cleanup(): Promise<void>;
}

interface Stage extends World {
  readonly at: At;
  to(version: string): At & { readonly version: string };
  /** Releases it, and gives the rollout's end. */
  ship(version: string, key: string): Promise<Rollout>;
}

/** Each promise gets a world of its own; `describing` may let them be kept all at once. */
export function clustersContract(
  name: string,
  create: (asker: Asker) => Promise<World>,
  describing: typeof describe | typeof describe.concurrent = describe,
): void {
  const it = (title: string, body: (world: Stage) => Promise<void>) =>
    test(title, async (context) => {
      const world = await create(context);
      const at = { service: world.service, environment: world.environment };
      const to = (version: string) => ({ ...at, version });
      const ship = async (version: string, key: string) => {
        await release(world.provider, to(version), key);
        return settled(world.provider, at);
      };
      try {
        await body({ ...world, at, to, ship });
      } finally {
        await world.cleanup();
      }
    });

  describing(`${name}, as a provider of clusters`, () => {
    describe("a preview", () => {
      it("of a first release says that it is new, and that removing undoes it", async (world) => {
        const { provider, versions } = world;
        const plan = await changes(provider.release.preview(world.to(versions.good), see()));
        expect(plan.changes[0]).toMatchObject({ from: null, to: versions.good });
        expect(plan.undo).toMatchObject([{ op: "clusters.remove", input: world.at }]);
        expect(await world.effects()).toBe(0);
      });

      it("of what runs already says so, and of another version what would change", async (world) => {
        const { provider, versions } = world;
        await world.ship(versions.good, "a");
        const same = await provider.release.preview(world.to(versions.good), see());
        expect(same).toHaveProperty("same.url");
        const plan = await changes(provider.release.preview(world.to(versions.better), see()));
        expect(plan.changes[0]).toMatchObject({ from: versions.good, to: versions.better });
        expect(plan.undo).toMatchObject([
          { op: "clusters.release", input: world.to(versions.good) },
        ]);
        expect(await provider.release.preview(world.to(versions.better), see())).toEqual(plan);
      });

      it("of a release that failed never says that it is there already", async (world) => {
        const { provider, versions } = world;
        await world.ship(versions.good, "a");
        await world.ship(versions.crashing, "b");
        const plan = await changes(provider.release.preview(world.to(versions.crashing), see()));
        expect(plan.undo).toMatchObject([
          { op: "clusters.release", input: world.to(versions.good) },
        ]);
      });

      it("builds on what an earlier operation of its plan will have made", async (world) => {
        const { provider, versions } = world;
        const first = await changes(provider.release.preview(world.to(versions.good), see()));
        const planned = (object: string) => first.will[object];
        const next = await changes(
          provider.release.preview(world.to(versions.better), { ...see(), planned }),
        );
        expect(next.changes[0]).toMatchObject({ from: versions.good, to: versions.better });
        await provider.release.run(world.to(versions.good), bound(first, "a"));
        await provider.release.run(world.to(versions.better), bound(next, "b"));
        expect(await settled(provider, world.at)).toMatchObject({ state: "good" });
      });

      it("refuses an unknown service or version in one sentence that says what there is", async (world) => {
        const { provider, versions } = world;
        const unknown = provider.release.preview(world.to("99.0.0"), see());
        await expect(unknown).rejects.toThrow(Refusal);
        await expect(unknown).rejects.toThrow(versions.better);
        const nobody = { ...world.at, service: "nobody", version: versions.good };
        await expect(provider.release.preview(nobody, see())).rejects.toThrow(Refusal);
        await expect(provider.versions({ service: "nobody" }, open)).rejects.toThrow(world.service);
        expect(await world.effects()).toBe(0);
      });
    });

    describe("a run", () => {
      it("does its effect once, however often it is called under one key", async (world) => {
        const { provider, versions } = world;
        const plan = await changes(provider.release.preview(world.to(versions.good), see()));
        const run = () => provider.release.run(world.to(versions.good), bound(plan, "a"));
        const [first, ...more] = await Promise.all([run(), run(), run()]);
        await settled(provider, world.at);
        expect([...more, await run()]).toEqual([first, first, first]);
        expect(await world.effects()).toBe(1);
        expect(await provider.history(world.at, open)).toHaveLength(1);
      });

      it("is found by its key, or by a preview that says that nothing would change", async (world) => {
        const { provider, versions } = world;
        const found = async () => {
          const { find, preview } = provider.release;
          if (find) return find(world.to(versions.good), "a");
          const again = await preview(world.to(versions.good), see());
          return "same" in again ? { did: again.same } : ("not done" as const);
        };
        expect(await found()).toBe("not done");
        const did = await release(provider, world.to(versions.good), "a");
        await settled(provider, world.at);
        expect(await found()).toEqual({ did });
      });

      it("throws Moved and changes nothing where the world has moved since the preview", async (world) => {
        const { provider, versions } = world;
        const stale = await changes(provider.release.preview(world.to(versions.good), see()));
        await world.ship(versions.better, "a");
        const late = provider.release.run(world.to(versions.good), bound(stale, "b"));
        await expect(late).rejects.toThrow(Moved);
        const removal = await changes(provider.remove.preview(world.at, see()));
        await world.ship(versions.good, "c");
        await expect(provider.remove.run(world.at, bound(removal, "d"))).rejects.toThrow(Moved);
        expect(await world.effects()).toBe(2);
        expect(await provider.running(world.at, open)).toMatchObject({ version: versions.good });
      });

      it("does nothing once its signal has aborted", async (world) => {
        const { provider, versions } = world;
        const plan = await changes(provider.release.preview(world.to(versions.good), see()));
        const gone = AbortSignal.abort(new Error("the lease is lost"));
        const run = provider.release.run(world.to(versions.good), bound(plan, "a", gone));
        await expect(run).rejects.toThrow("the lease is lost");
        expect(await world.effects()).toBe(0);
      });
    });

    describe("a rollout", () => {
      it("goes, becomes good, and then that version runs", async (world) => {
        const { provider, versions } = world;
        const { url } = await release(provider, world.to(versions.good), "a");
        expect((await provider.rollout(world.at, open)).version).toBe(versions.good);
        expect(await settled(provider, world.at)).toMatchObject({
          state: "good",
          ready: 1,
          of: 1,
          url,
        });
        const running = await provider.running(world.at, open);
        expect(running).toMatchObject({ version: versions.good, ready: 1, restarts: 0, url });
        expect(running.why).toBeUndefined();
        if (world.reachable) expect((await fetch(String(url))).status).toBe(200);
      });

      it("of a version that crashes is bad and says how, and what ran before runs on", async (world) => {
        const { provider, versions } = world;
        await world.ship(versions.good, "a");
        const before = await provider.running(world.at, open);
        const rollout = await world.ship(versions.crashing, "b");
        expect(rollout).toMatchObject({ state: "bad", ready: 0 });
        expect(rollout.says).toContain(`${versions.crashing} did not start: it exited with code 1`);
        expect(rollout.log.join("\n")).toMatch(/error/i);
        const after = await provider.running(world.at, open);
        expect(after).toMatchObject({ version: versions.good, ready: 1, since: before.since });
        expect(after.why).toContain(rollout.says);
      });

      it("of a version that never becomes healthy is bad and says what it answered", async (world) => {
        const { provider, versions } = world;
        await world.ship(versions.good, "a");
        const rollout = await world.ship(versions.unhealthy, "b");
        expect(rollout.state).toBe("bad");
        expect(rollout.says).toMatch(
          /did not become healthy in [\d.]+ s: \/healthz answered 503\.$/,
        );
        expect(rollout.log.length).toBeGreaterThan(0);
        expect(await provider.running(world.at, open)).toMatchObject({
          version: versions.good,
          ready: 1,
        });
      });
    });

    describe("an undo", () => {
      it("brings back what ran before, good or bad as the release was", async (world) => {
        const { provider, versions } = world;
        await world.ship(versions.good, "a");
        for (const version of [versions.crashing, versions.better]) {
          const plan = await changes(provider.release.preview(world.to(version), see()));
          await provider.release.run(world.to(version), bound(plan, version));
          await settled(provider, world.at);
          await undo(provider, plan, version);
          expect(await settled(provider, world.at)).toMatchObject({
            state: "good",
            version: versions.good,
          });
          const running = await provider.running(world.at, open);
          expect(running).toMatchObject({ version: versions.good, ready: 1 });
        }
      });

      it("of a first release leaves nothing, and of a removal brings it back", async (world) => {
        const { provider, versions } = world;
        const plan = await changes(provider.release.preview(world.to(versions.good), see()));
        await provider.release.run(world.to(versions.good), bound(plan, "a"));
        await settled(provider, world.at);
        const removal = await changes(provider.remove.preview(world.at, see()));
        expect(removal.undo).toMatchObject([
          { op: "clusters.release", input: world.to(versions.good) },
        ]);
        await undo(provider, plan, "a");
        const gone = { version: null, ready: 0, url: null };
        expect(
          await eventually(
            () => provider.running(world.at, open),
            (r) => r.version === null,
          ),
        ).toMatchObject(gone);
        expect(await provider.history(world.at, open)).toEqual([]);
        expect(await provider.remove.preview(world.at, see())).toEqual({ same: {} });
        await undo(provider, plan, "a once more");
        await undo(provider, removal, "b");
        expect(await settled(provider, world.at)).toMatchObject({
          state: "good",
          version: versions.good,
        });
      });
    });

    describe("what can be read", () => {
      it("is the history, the newest first, with what became healthy", async (world) => {
        const { provider, versions } = world;
        await world.ship(versions.good, "a");
        await world.ship(versions.crashing, "b");
        await world.ship(versions.better, "c");
        const history = await provider.history(world.at, open);
        expect(history.map(({ version, good }) => [version, good])).toEqual([
          [versions.better, true],
          [versions.crashing, false],
          [versions.good, true],
        ]);
        expect(history[0]?.at).toBeGreaterThanOrEqual(history[2]?.at ?? Number.NaN);
      });

      it("is what could be released, the newest first", async (world) => {
        const { provider, service, versions } = world;
        const all = (await provider.versions({ service }, open)).map(({ value }) => value);
        expect(all).toEqual(expect.arrayContaining(Object.values(versions)));
        expect(all.indexOf(versions.better)).toBeLessThan(all.indexOf(versions.good));
      });

      it("is nothing where nothing was released", async (world) => {
        const { provider } = world;
        expect(await provider.running(world.at, open)).toMatchObject({
          version: null,
          ready: 0,
          url: null,
        });
        expect(await provider.history(world.at, open)).toEqual([]);
        expect(await texts(provider.logs({ ...world.at, follow: false }, open))).toEqual([]);
        expect(await provider.rollout(world.at, open)).toMatchObject({
          state: "bad",
          version: null,
        });
      });

      it("is the log: all, the last lines, those with a word, those of late", async (world) => {
        const { provider, versions, says } = world;
        await world.ship(versions.good, "a");
        const lines = (more: object) =>
          texts(provider.logs({ ...world.at, follow: false, ...more }, open));
        await eventually(
          () => lines({}),
          (found) => found.join("\n").includes(says),
        );
        /** What is found while the log may go on, and all that was there just before and just after. */
        const found = async (more: object) => {
          const before = await lines({});
          const those = await lines(more);
          const after = await lines({});
          expect(after.slice(0, before.length), "nothing is lost").toEqual(before);
          return { those, before, after };
        };
        const last = await found({ tail: 1 });
        expect(last.those).toHaveLength(1);
        expect(last.after.slice(last.before.length - 1)).toContain(last.those[0]);
        const word = await found({ search: says });
        const [least, most] = [word.before, word.after].map((all) =>
          all.filter((text) => text.includes(says)),
        );
        expect(word.those.slice(0, least?.length)).toEqual(least);
        expect(most?.slice(0, word.those.length)).toEqual(word.those);
        expect(await lines({ search: "no line has this" })).toEqual([]);
        const late = await found({ since: "1h" });
        expect(late.those.slice(0, late.before.length)).toEqual(late.before);
        expect(late.after.slice(0, late.those.length)).toEqual(late.those);
        const now = await found({ since: "0s" });
        expect(now.after.slice(now.before.length)).toEqual(expect.arrayContaining(now.those));
      });

      it("is the log as it is written, until the reader has had enough", async (world) => {
        const { provider, versions, says } = world;
        const enough = new AbortController();
        const seen: string[] = [];
        const reading = (async () => {
          for await (const line of provider.logs({ ...world.at, follow: true }, enough.signal)) {
            expect(line.at).toBeGreaterThan(0);
            seen.push(line.text);
          }
        })();
        await world.ship(versions.good, "a");
        await eventually(
          () => seen,
          (found) => found.join("\n").includes(says),
        );
        enough.abort();
        await reading;
      });
    });

    it("services and environments do not disturb each other", async (world) => {
      const { provider, versions, other } = world;
      const second = { service: other.service, environment: world.environment };
      const third = { service: world.service, environment: `${world.environment}-2` };
      await Promise.all([
        release(provider, world.to(versions.good), "a"),
        release(provider, { ...second, version: other.version }, "b"),
        release(provider, { ...third, version: versions.better }, "c"),
      ]);
      const ends = await Promise.all(
        [world.at, second, third].map((one) => settled(provider, one)),
      );
      expect(ends.map(({ state }) => state)).toEqual(["good", "good", "good"]);
      const removal = await changes(provider.remove.preview(second, see()));
      await provider.remove.run(second, bound(removal, "d"));
      expect(await provider.running(world.at, open)).toMatchObject({
        version: versions.good,
        ready: 1,
      });
      expect(await provider.running(third, open)).toMatchObject({
        version: versions.better,
        ready: 1,
      });
      expect(await world.effects()).toBe(4);
      const urls = new Set(ends.map(({ url }) => url));
      expect(urls.size).toBe(world.reachable ? 3 : 1);
    });
  });
}
