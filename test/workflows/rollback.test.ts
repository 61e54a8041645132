/** Which release a rollback goes back to. */
import { expect, test } from "vitest";
import type { Act, Look } from "../../src/core/operation.ts";
import { Refusal } from "../../src/core/refusal.ts";
import type { Step } from "../../src/core/workflow.ts";
import rollback from "../../workflows/rollback.ts";

const input = { service: "web", environment: "production" };

/** The version that is shipped, or the sentence of the refusal. `!` marks a release that was not good. */
async function wentTo(running: string | null, releases: readonly string[], to?: string) {
  const shipped: unknown[] = [];
  const answers: { readonly [op: string]: unknown } = {
    "clusters.running": { version: running },
    "clusters.history": releases.map((one) => ({
      version: one.replace("!", ""),
      good: !one.endsWith("!"),
      at: 0,
    })),
  };
  const step = {
    look: async (_: string, op: Look) => answers[op.op],
    change: async (_: string, acts: readonly Act[]) => shipped.push(...acts),
  } as unknown as Step;
  const given = to === undefined ? input : { ...input, to };
  try {
    const output = await rollback.run(step, given as never);
    expect(shipped).toMatchObject([
      { op: "clusters.release", input: { ...input, ...Object(output) } },
      { kind: "until" },
    ]);
    return Object(output).version;
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

test("it goes to the last good release before what runs", async () => {
  expect(await wentTo("1.4.2", ["1.4.2", "1.4.1", "1.4.0"])).toBe("1.4.1");
});
test("it passes over releases that were not good", async () => {
  expect(await wentTo("1.4.2", ["1.4.2", "1.4.1!", "1.4.0"])).toBe("1.4.0");
});
test("a failed release that was taken back does not count as what runs", async () => {
  expect(await wentTo("1.4.2", ["1.5.0!", "1.4.2", "1.4.1"])).toBe("1.4.1");
});
test("where nothing runs any more it brings back the last good one before the last release", async () => {
  expect(await wentTo(null, ["1.5.0!", "1.4.2", "1.4.1"])).toBe("1.4.2");
});
test("it goes to the version that was asked for, where that was good once", async () => {
  expect(await wentTo("1.4.2", ["1.4.2", "1.4.1", "1.4.0"], "1.4.0")).toBe("1.4.0");
});
test("a version that was never good is refused, with the ones that were and the way to try it anyway", async () => {
  expect(await wentTo("1.4.2", ["1.4.2", "1.4.1!", "1.4.0"], "1.4.1")).toBe(
    "1.4.1 was never a good release of web in production. There was: 1.4.2, 1.4.0. To try 1.4.1 anyway: deploy web 1.4.1 to production.",
  );
});
test("with nothing to go back to it is refused", async () => {
  const wanted =
    "web in production has no earlier good release to go back to. To choose a version to run: deploy web to production.";
  expect(await wentTo("1.4.2", ["1.4.2"])).toBe(wanted);
  expect(await wentTo(null, [])).toBe(wanted);
});
test("a second rollback goes on backwards and never brings back what the first one took away", async () => {
  expect(await wentTo("1.4.1", ["1.4.1", "1.4.2", "1.4.1", "1.4.0"])).toBe("1.4.0");
  expect(await wentTo("1.4.1", ["1.4.1", "1.4.2", "1.4.1"])).toBe(
    "web in production has no earlier good release to go back to. Good once were: 1.4.1, 1.4.2. To choose one: rollback web in production to 1.4.2.",
  );
});
test("after a rollback and another deploy of the same version it goes back once more", async () => {
  expect(await wentTo("1.4.2", ["1.4.2", "1.4.1", "1.4.2", "1.4.1"])).toBe("1.4.1");
});
