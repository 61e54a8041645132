import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { changes, eventually, open, release, see, settled } from "../drive.ts";
import { at, type Place, place } from "./world.ts";

describe("a Shipmate that is killed in the middle of a release", () => {
  let here: Place;
  beforeEach(() => {
    here = place();
  });
  afterEach(() => here.remove());

  /** Runs the host until it kills itself; gives the steps that it told of. */
  async function killedAt(version: string, moment: number): Promise<readonly string[]> {
    const host = `${import.meta.dirname}/host.ts`;
    const child = spawn(
      process.execPath,
      [
        "--disable-warning=ExperimentalWarning",
        host,
        here.folder,
        here.samples,
        version,
        `${moment}`,
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    const [, signal] = await once(child, "close");
    expect(signal).toBe("SIGKILL");
    return said.trim().split("\n");
  }

  /** What the engine does after a crash: find it by its key, and only then run it. */
  async function goOn(version: string) {
    const local = await here.open();
    const { clusters } = local;
    const input = { ...at, version };
    const found = await clusters.release.find?.(input, "the key");
    if (found === "not done") await release(clusters, input, "the key");
    const plan = { same: { url: null } };
    const again = { key: "the key", seen: {}, plan, signal: open };
    await clusters.release.run(input, again);
    return { local, end: await settled(clusters, at) };
  }

  test("finishes it in its next life: one effect, one start, one process, whenever that was", async () => {
    const moments = new Set<string>();
    for (let moment = 1; ; moment++) {
      const said = await killedAt("1.4.1", moment);
      moments.add((said.at(-1) ?? "").replace(/\(.*\)/, "").trim());
      const { local, end } = await goOn("1.4.1");
      expect(end, said.join()).toMatchObject({ state: "good", version: "1.4.1" });
      expect(here.effects(), said.join()).toBe(1);
      expect(here.starts("1.4.1"), said.join()).toBe(1);
      expect(here.running(), said.join()).toHaveLength(1);
      expect(await local.clusters.history(at, open)).toHaveLength(1);
      await local.close({ stop: true });
      here.remove();
      here = place();
      if (said.at(-1) === "settled") break;
    }
    expect([...moments].sort()).toEqual([
      "about to release",
      "recorded process 1 of web in staging",
      "released",
      "settled",
      "started web in staging 1.4.1",
      "starting web in staging 1.4.1",
      "web in staging 1.4.1 is healthy",
      "web in staging is served by 1.4.1",
    ]);
  });

  test("switches over in its next life and stops the old process, whenever that was", async () => {
    for (const moment of [2, 4, 6, 7]) {
      const first = await here.open();
      await release(first.clusters, { ...at, version: "1.4.1" }, "before");
      await settled(first.clusters, at);
      await first.close();
      const said = await killedAt("1.4.2", moment);
      const { local, end } = await goOn("1.4.2");
      expect(end, said.join()).toMatchObject({ state: "good", version: "1.4.2" });
      await eventually(
        () => here.running(),
        (pids) => pids.length === 1,
      );
      expect(here.effects(), said.join()).toBe(2);
      expect(here.starts("1.4.2"), said.join()).toBe(1);
      await local.close({ stop: true });
      here.remove();
      here = place();
    }
  });

  test("does not start a version again that crashed while nobody watched", async () => {
    const said = await killedAt("1.5.0", 5);
    expect(said.at(-1)).toContain("started web in staging 1.5.0");
    await eventually(
      () => here.running(),
      (pids) => pids.length === 0,
    );
    const { local, end } = await goOn("1.5.0");
    expect(end.says).toBe("1.5.0 did not start: it ended while nobody watched.");
    expect(end.log.join()).toContain("SHOP_CURRENCY");
    expect(here.starts("1.5.0")).toBe(1);
    const plan = await changes(local.clusters.release.preview({ ...at, version: "1.4.1" }, see()));
    expect(plan.undo).toMatchObject([{ op: "clusters.remove" }]);
    await local.close({ stop: true });
  });
});
