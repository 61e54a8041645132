import { expect, test } from "vitest";
import { repeats } from "../../src/observe/repeats.ts";

function counted(span?: number) {
  const said: [string, unknown][] = [];
  const due = new Set<() => void>();
  const later = (call: () => void) => {
    due.add(call);
    return { cancel: () => void due.delete(call) };
  };
  const minute = () => {
    const calls = [...due];
    due.clear();
    for (const call of calls) call();
  };
  const log = repeats((text, error) => void said.push([text, error]), {
    later,
    ...(span === undefined ? {} : { span }),
  });
  return { said, due, minute, log };
}

test("a thousand equal errors make two lines, the second with their number", () => {
  const { said, minute, log } = counted();
  for (let at = 0; at < 242; at++) log.say("redis", "redis is away", at);
  expect(said).toEqual([["redis is away", 0]]);
  minute();
  expect(said[1]).toEqual(["redis is away (said 241 more times in the last minute)", 241]);
});

test("different errors do not hide each other", () => {
  const { said, log } = counted();
  log.say("redis", "redis is away");
  log.say("slack", "slack is away");
  expect(said.map(([text]) => text)).toEqual(["redis is away", "slack is away"]);
});

test("what goes on is told once a span, and what is over is new again", () => {
  const { said, minute, log } = counted(10_000);
  log.say("redis", "away");
  log.say("redis", "away");
  minute();
  log.say("redis", "away");
  minute();
  minute();
  log.say("redis", "away");
  expect(said.map(([text]) => text)).toEqual([
    "away",
    "away (said once more in the last 10 s)",
    "away (said once more in the last 10 s)",
    "away",
  ]);
});

test("closing tells what was counted and leaves no timer", () => {
  const { said, due, log } = counted();
  log.say("redis", "away");
  log.say("redis", "away");
  log.close();
  expect(said).toHaveLength(2);
  expect(due.size).toBe(0);
});
