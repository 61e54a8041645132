import { describe, expect, test } from "vitest";
import type { DrawnCard } from "../../../src/core/card.ts";
import { adaptive } from "../../../src/surfaces/adaptive/adaptive.ts";
import { budget, fitted } from "../../../src/surfaces/adaptive/fitted.ts";
import { cards } from "../../cards.ts";

const size = (value: unknown) => JSON.stringify(value).length * 2;
const buttons = [
  { id: "yes", label: "Approve", primary: true },
  { id: "no", label: "Reject" },
];
const many = (length: number) => Array.from({ length }, (_, at) => at);

test("a card that fits is not touched", () => {
  expect(fitted(cards.waiting)).toEqual(adaptive(cards.waiting));
});

describe("a card that is too large keeps what people need to decide", () => {
  const large: { readonly [name: string]: Partial<DrawnCard> } = {
    "a long log": { code: { text: "line of a log\n".repeat(20_000) } },
    "a wide table": { columns: ["a"], rows: many(5_000).map((at) => [`row ${at}`]) },
    "thousands of changes": {
      changes: many(3_000).map((at) => ({ what: `field ${at}`, to: "x" })),
    },
    "a day of points": {
      chart: { label: "ms", points: many(20_000).map((at) => [at, at] as const) },
    },
    "a text of 100 kB": { says: "x".repeat(100_000) },
    "a title of 100 kB": { title: "x".repeat(100_000) },
    "a change of 100 kB": { changes: [{ what: "x".repeat(100_000) }] },
    "a thousand fields": { fields: Object.fromEntries(many(3_000).map((at) => [`f${at}`, "v"])) },
    "a thousand facts": { facts: many(5_000).map((at) => `fact ${at}`) },
    "ten thousand links": {
      links: many(10_000).map((at) => ({ label: `l${at}`, url: "https://a.example/" })),
    },
    "everything at once": {
      says: "x".repeat(90_000),
      code: { text: "y".repeat(90_000) },
      changes: many(900).map((at) => ({ what: `field ${at}`, to: "z".repeat(900) })),
      rows: many(900).map(() => ["cell".repeat(90)]),
    },
  };
  test.each(Object.entries(large))("%s", (_, more) => {
    const drawn = fitted({
      title: "Deploy web",
      state: { tone: "waiting", word: "Waiting" },
      buttons,
      ...more,
    });
    expect(size(drawn)).toBeLessThanOrEqual(budget);
    const text = JSON.stringify(drawn);
    expect(text).toContain('"button":"yes"');
    expect(text).toContain('"button":"no"');
    expect(text).toContain("Waiting");
  });
});

test("what was left out is said, and a log keeps its end", () => {
  const lines = many(30_000).map((at) => `line ${at}`);
  const drawn = fitted({
    title: "t",
    code: { text: lines.join("\n") },
    changes: many(2_000).map((at) => ({ what: `field ${at}` })),
    buttons,
  });
  const text = JSON.stringify(drawn);
  expect(text).toContain("line 29999");
  expect(text).not.toContain("line 1\\n");
  expect(text).toMatch(/more changes are not shown here/);
});
