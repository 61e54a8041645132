import { describe, expect, test } from "vitest";
import type { DrawnCard } from "../../../src/core/card.ts";
import { type AdaptiveCard, adaptive } from "../../../src/surfaces/adaptive/adaptive.ts";
import { cards, deployForm, otherCards } from "../../cards.ts";

const golden = (name: string) => `../../golden/adaptive/${name}.json`;
const text = (card: AdaptiveCard) => `${JSON.stringify(card, null, 2)}\n`;

describe("every state of a run is drawn as in its golden file", () => {
  test.each(Object.entries({ ...cards, ...otherCards }))("%s", async (name, card) => {
    await expect(text(adaptive(card))).toMatchFileSnapshot(golden(name));
  });
  test("a form", async () => {
    const card: DrawnCard = { title: "Deploy", buttons: [] };
    await expect(text(adaptive(card, deployForm))).toMatchFileSnapshot(golden("form"));
  });
});

describe("what people wrote stays text", () => {
  const evil =
    "**bold** [a](https://evil.example) <at>everyone</at> {{DATE(2026-01-01T00:00:00Z)}}";
  const card: DrawnCard = {
    title: evil,
    state: { tone: "bad", word: evil },
    says: `${evil}\n# heading\n- list\n1. list`,
    changes: [{ what: evil, from: evil, to: evil, irreversible: evil }],
    fields: { [evil]: evil },
    columns: [evil],
    rows: [[evil]],
    code: { text: evil },
    facts: [evil],
    links: [{ label: evil, url: "https://shop.example/" }],
    buttons: [{ id: "b", label: evil, confirm: evil }],
  };

  test("in every text that knows markdown, nothing is left that markdown would take for markup", () => {
    const texts = markdownTexts(adaptive(card));
    expect(texts.length).toBeGreaterThan(4);
    for (const one of texts) {
      const bare = one.replace(/\\[!-/:-@[-`{-~]/g, "");
      expect(bare).not.toMatch(/[*_`[\]<>~|\\]|:\/\/|\{\{/);
      expect(bare).not.toMatch(/^\s*(?:[#+-]|\d+[.)])\s/m);
    }
  });
  test("no date is computed from somebody's braces", () => {
    const { code: _, ...withoutCode } = card;
    expect(JSON.stringify(adaptive(withoutCode))).not.toContain("{{");
  });
  test("control characters and the direction of text are gone", () => {
    const drawn = adaptive({ title: "a\u202Eb\u0007c", says: "\u200Bx", buttons: [] });
    expect(JSON.stringify(drawn)).not.toMatch(/\\u202e|\\u0007|\u202E|\u200B/i);
  });
  test("a link opens http and https alone", () => {
    const links = [
      "javascript:alert(1)",
      "data:text/html,x",
      "file:///etc/passwd",
      "not an address",
    ];
    const drawn = JSON.stringify(
      adaptive({ title: "t", links: links.map((url) => ({ label: "l", url })), buttons: [] }),
    );
    expect(drawn).not.toContain("Action.OpenUrl");
    const good = JSON.stringify(adaptive(card));
    expect(good.match(/"url":"[^"]*"/g)).toEqual(['"url":"https://shop.example/"']);
  });
});

describe("a button", () => {
  test("carries its opaque id and nothing else, for clients with and without Universal Actions", () => {
    const [action] = actions(adaptive({ title: "t", buttons: [{ id: "opaque", label: "Go" }] }));
    expect(action).toMatchObject({
      type: "Action.Execute",
      data: { button: "opaque" },
      fallback: { type: "Action.Submit", data: { button: "opaque" } },
    });
  });
  test("that asks first shows its question and only then the real button", () => {
    const button = { id: "b", label: "Roll back", confirm: "Roll web back to 1.4.1?" };
    const [action] = actions(adaptive({ title: "t", buttons: [button] }));
    expect(action).toMatchObject({ type: "Action.ShowCard", title: "Roll back" });
    expect(JSON.stringify(action)).toContain("Roll web back to 1.4.1?");
    expect(action).not.toHaveProperty("data");
  });
});

test("more than five changes are folded behind one word that says how many there are", () => {
  const changes = Array.from({ length: 12 }, (_, at) => ({ what: `field ${at}`, to: "x" }));
  const { body } = adaptive({ title: "t", changes, buttons: [] });
  const [first, rest] = body.filter(({ type }) => type === "Container");
  expect(first?.["items"]).toHaveLength(5);
  expect(rest).toMatchObject({ isVisible: false });
  expect(JSON.stringify(body)).toContain("All 12 changes");
});

test("every element that is not of Adaptive Cards 1.5 has a fallback that is", () => {
  const drawn = Object.values({ ...cards, ...otherCards }).map((card) => adaptive(card));
  const elements = drawn.flatMap((card) => all(card));
  const teamsOwn = elements.filter(({ type }) =>
    ["Badge", "CodeBlock", "Chart.Line", "ProgressBar"].includes(String(type)),
  );
  expect(new Set(teamsOwn.map(({ type }) => type)).size).toBe(4);
  for (const element of teamsOwn) expect(element).toHaveProperty("fallback.type");
});

type Node = { readonly [key: string]: unknown };
function all(node: unknown): Node[] {
  if (Array.isArray(node)) return node.flatMap(all);
  if (typeof node !== "object" || node === null) return [];
  const here: Node = { ...node };
  return [here, ...Object.values(here).flatMap(all)];
}
function actions(card: AdaptiveCard): Node[] {
  const [set] = card.body.filter(({ type }) => type === "ActionSet");
  const list = set?.["actions"];
  return Array.isArray(list) ? list : [];
}
/** TextBlock's text and FactSet's facts go through markdown; text runs do not. */
function markdownTexts(card: AdaptiveCard): string[] {
  return all(card).flatMap((node) => {
    if (node["type"] === "TextBlock") return [String(node["text"])];
    if (node["title"] !== undefined && node["value"] !== undefined && node["type"] === undefined)
      return [String(node["title"]), String(node["value"])];
    return [];
  });
}

test("fields stand in the same order, however the database kept them", () => {
  const card = { title: "t", buttons: [] };
  const one = adaptive({
    ...card,
    fields: { Plan: "p", "Asked by": "ada", "Approved by": "grace" },
  });
  const other = adaptive({
    ...card,
    fields: { "Approved by": "grace", Plan: "p", "Asked by": "ada" },
  });
  expect(one).toEqual(other);
  expect(JSON.stringify(one)).toMatch(/Asked by.*Approved by.*Plan/);
});
