import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import type { DrawnCard } from "../../../src/core/card.ts";
import { drawLines } from "../../../src/surfaces/cli/terminal.ts";
import { widthOf } from "../../../src/surfaces/cli/width.ts";
import { cards, otherCards } from "../../cards.ts";

const all: readonly (readonly [string, DrawnCard])[] = Object.entries({ ...cards, ...otherCards });

test.each(all)("the card %s reads as in its golden file", async (name, card) => {
  const text = drawLines(card, { width: 80, color: false }).join("\n");
  await expect(`${text}\n`).toMatchFileSnapshot(`../../golden/terminal/${name}.txt`);
});

test.each(all)("the card %s fits into 12 lines at any width", (_, card) => {
  for (const width of [20, 40, 80, 200])
    for (const color of [true, false]) {
      const lines = drawLines(card, { width, color });
      expect(lines.length).toBeLessThanOrEqual(12);
      for (const line of lines)
        expect(widthOf(stripVTControlCharacters(line)), line).toBeLessThanOrEqual(width);
    }
});

test.each(all)("the card %s says the same without colours", (_, card) => {
  const coloured = drawLines(card, { width: 80, color: true }).map(stripVTControlCharacters);
  expect(coloured).toEqual(drawLines(card, { width: 80, color: false }));
});

test("the state is told by an icon and a word besides the colour", () => {
  const [, state] = drawLines(cards.succeeded, { width: 80, color: false });
  expect(state).toBe("✓ Succeeded  web 1.4.2 runs in production. Took 48 s.");
});

test("changes past the fifth are folded into their number", () => {
  const changes = Array.from({ length: 12 }, (_, at) => ({
    what: `file ${at}`,
    from: "a",
    to: "b",
  }));
  const lines = drawLines({ title: "Change", changes, buttons: [] }, { width: 80, color: false });
  expect(lines).toHaveLength(7);
  expect(lines.at(-1)).toBe("  and 7 more");
});

test("of a long log the end is shown, and the buttons stay", () => {
  const text = Array.from({ length: 100 }, (_, at) => `line ${at}`).join("\n");
  const card = { title: "Logs", code: { text }, buttons: [{ id: "b", label: "Logs" }] };
  const lines = drawLines(card, { width: 80, color: false });
  expect(lines).toHaveLength(12);
  expect(lines.at(-2)).toBe("  │ line 99");
  expect(lines.at(-1)).toBe("  [Logs]");
});

test("no text of a card can steer the terminal or break a line", () => {
  const bad = "a\u001B[2J\u0007\r\nb\u202E\u009B1m";
  const card: DrawnCard = {
    title: bad,
    state: { tone: "good", word: bad },
    says: bad,
    changes: [{ what: bad, from: bad, to: bad, irreversible: bad }],
    fields: { [bad]: bad },
    columns: [bad],
    rows: [[bad]],
    code: { text: bad },
    facts: [bad],
    links: [{ label: bad, url: `http://h/${bad}` }],
    buttons: [{ id: "b", label: bad }],
  };
  const lines = drawLines(card, { width: 80, color: false });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  expect(lines.join("")).not.toMatch(/[\u0000-\u001F\u007F-\u009F\u202E]/);
});

test("an address is shown whole or alone, never cut while it could stand", () => {
  const url = `https://example.com/${"a".repeat(50)}`;
  const card = { title: "t", links: [{ label: "web in production", url }], buttons: [] };
  expect(drawLines(card, { width: 75, color: false }).at(-1)).toBe(`  ${url}`);
});
