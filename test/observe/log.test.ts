import { expect, test } from "vitest";
import { z } from "zod";
import { type Level, logger } from "../../src/observe/log.ts";
import { masker } from "../../src/observe/mask.ts";

function logged(level: Level = "info") {
  const lines: string[] = [];
  const mask = masker({ secrets: () => ['s3cr3t"value'] });
  const log = logger({ level, mask, destination: { write: (line) => void lines.push(line) } });
  const rows = () => lines.map((line) => z.record(z.string(), z.json()).parse(JSON.parse(line)));
  return { log, lines, rows };
}

test("a line is one JSON object with time, level and what it is about", () => {
  const { log, rows, lines } = logged();
  log.child({ run: "r1", step: "ship it" }).info({ epoch: 3 }, "claimed");
  log.debug("too quiet for this level");
  expect(lines).toHaveLength(1);
  expect(lines[0]?.endsWith("}\n")).toBe(true);
  expect(rows()[0]).toMatchObject({
    level: "info",
    msg: "claimed",
    run: "r1",
    step: "ship it",
    epoch: 3,
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
  });
});

test("an error is told with its causes", () => {
  const { log, rows } = logged();
  const cause = new Error("connection refused");
  log.error({ err: new Error("reading the rollout of web in staging", { cause }) }, "look failed");
  expect(rows()[0]).toMatchObject({
    level: "error",
    err: {
      message: "reading the rollout of web in staging",
      cause: { message: "connection refused" },
      stack: expect.stringContaining("log.test.ts"),
    },
  });
});

test("no part of a line leaves unmasked and each stays valid JSON", () => {
  const { log, rows, lines } = logged();
  const secret = 's3cr3t"value';
  const cause = new Error(`cause ${secret}`);
  log
    .child({ bound: secret, [secret]: 1 })
    .warn(
      { err: new Error(`asking with ${secret}`, { cause }), deep: [{ token: "abc" }, secret] },
      `password=${secret} and -----BEGIN PRIVATE KEY----- cut off`,
    );
  expect(lines.join("")).not.toMatch(/s3cr3t|abc/);
  expect(rows()[0]).toMatchObject({ bound: "[secret]", level: "warn", "[secret]": 1 });
});
