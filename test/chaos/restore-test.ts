/** What a backup that is brought back must come to, as one test for each database. */
import { expect, test } from "vitest";
import { restored } from "./restored.ts";

export function restoreTest(mode: Parameters<typeof restored>[0]): void {
  test(`a backup of the middle of runs is brought back (${mode}): they find what they did, and what nobody knows of has moved the world`, async () => {
    const { ends, twice, postedTwice, audit, warned } = await restored(mode);
    expect(twice).toEqual([]);
    expect(postedTwice).toBe(0);
    expect([audit, warned]).toEqual(["whole", true]);
    expect(Object.keys(ends)).not.toContain("Deploy s3 1.0.7 to production");
    const { "Deploy s3 1.0.5 to production": asked, ...others } = ends;
    expect(asked, "it asks again").toBe("waiting");
    const { "Deploy s4 1.0.5 to production": untouched, ...flying } = others;
    expect(untouched).toBe("succeeded");
    // What the backup caught before its first intent is not begun again.
    for (const end of Object.values(flying)) expect(["succeeded", "cancelled"]).toContain(end);
    expect(Object.values(flying)).toContain("succeeded");
  });
}
