/** A run that ends the process that drives it, each time: it is parked, and the others come to their end. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";

const child = join(import.meta.dirname, "children/poisoned.ts");
const Rows = z.array(
  z.object({
    workflow: z.string(),
    state: z.string(),
    waits: z.array(z.object({ says: z.string().optional() })).nullable(),
  }),
);

/** One life of the process, as its supervisor sees it. */
async function live(folder: string, how: string) {
  const process = spawn(globalThis.process.execPath, [child, folder, how], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, said] = ["", ""];
  process.stdout.on("data", (text) => {
    out += text;
  });
  process.stderr.on("data", (text) => {
    said += text;
  });
  const [code, signal] = await once(process, "close");
  return { out, said, end: signal ?? code };
}

test.for([
  ["dies", "SIGKILL", ""],
  ["loops", 70, "Shipmate stood still for 3 s, at "],
] as const)(
  "a run that %s is parked after three lives, and the others end as if it were not there",
  { timeout: 300_000 },
  async ([how, end, says]) => {
    const folder = join(await mkdtemp(join(tmpdir(), "shipmate-poison-")), "database");
    try {
      for (let life = 1; life <= 3; life++) {
        const lived = await live(folder, how);
        expect(lived.end, lived.said).toBe(end);
        expect(lived.said).toContain(says);
        if (how === "loops") expect(lived.said).toMatch(/children\/poisoned\.ts:\d+/);
      }
      const last = await live(folder, how);
      expect(last.end, last.said).toBe(0);
      const rows = Rows.parse(JSON.parse(last.out));
      expect(rows.map(({ workflow, state }) => `${workflow} ${state}`)).toEqual([
        ...["good succeeded", "good succeeded", "poison parked"],
        ...["good succeeded", "good succeeded"],
      ]);
      expect(rows[2]?.waits?.[0]?.says).toMatch(
        /^Shipmate ended 3 times in a row while it carried this out\. It is not tried again by itself/,
      );
    } finally {
      await rm(join(folder, ".."), { recursive: true, force: true });
    }
  },
);
