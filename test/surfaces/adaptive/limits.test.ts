import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { DrawnCard } from "../../../src/core/card.ts";
import { adaptive } from "../../../src/surfaces/adaptive/adaptive.ts";
import { fitted } from "../../../src/surfaces/adaptive/fitted.ts";
import { cards, deployForm, otherCards } from "../../cards.ts";
import { faultsOfMessage } from "../slack/limits.ts";
import { faultsOfCard } from "./limits.ts";

const all: { readonly [name: string]: DrawnCard } = { ...cards, ...otherCards };
const golden = (kind: string, name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../golden/${kind}/${name}.json`, import.meta.url), "utf8"));

describe("every golden card is one that its platform takes:", () => {
  test.each([...Object.keys(all), "form"])("%s", (name) => {
    expect(faultsOfCard(golden("adaptive", name))).toEqual([]);
    // A connector or a workflow, instead of a bot, takes so much.
    expect(faultsOfCard(golden("adaptive", name), 28_000)).toEqual([]);
    if (name !== "form") expect(faultsOfMessage(golden("slack", name) as object)).toEqual([]);
  });
});

test("whatever a card holds, it fits either budget", () => {
  const long = "word **bold** \u202E [x](https://evil.example) ".repeat(2_500);
  const huge: DrawnCard = {
    title: long,
    state: { tone: "waiting", word: long },
    says: long,
    changes: Array.from({ length: 500 }, () => ({ what: long, from: long, to: long })),
    fields: Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`f${at}`, long])),
    columns: [long, long],
    rows: Array.from({ length: 300 }, () => [long, long]),
    code: { text: long },
    facts: [long],
    links: [{ label: long, url: `https://a.example/${"x".repeat(50_000)}` }],
    buttons: Array.from({ length: 40 }, (_, at) => ({ id: `b${at}`, label: long, confirm: long })),
  };
  for (const limit of [80_000, 28_000])
    expect(faultsOfCard(fitted(huge, undefined, limit), limit)).toEqual([]);
});

describe("the validator finds", () => {
  const good = adaptive(cards.waiting);
  const bad: { readonly [what: string]: object } = {
    "a card that is too large": { ...good, body: [...good.body, block("x".repeat(60_000))] },
    "an older version": { ...good, version: "1.3" },
    "an unknown element": { ...good, body: [{ type: "Media" }] },
    "an element of Teams alone without a fallback": { ...good, body: [{ type: "CodeBlock" }] },
    "a mention that is not in the card": {
      ...good,
      msteams: { entities: [{ type: "mention", text: "<at>Ada</at>", mentioned: { id: "x" } }] },
    },
    "a mention that calls nobody": { ...good, body: [block("<at>Ada</at>")] },
    "too many to refresh": {
      ...good,
      refresh: {
        action: { type: "Action.Execute", title: "r", verb: "refresh" },
        userIds: Array.from({ length: 61 }, (_, at) => `29:${at}`),
      },
    },
    "a button without a way for older clients": {
      ...good,
      body: [{ type: "ActionSet", actions: [{ type: "Action.Execute", title: "t", verb: "v" }] }],
    },
    "an unseen character": { ...good, body: [block("a\u202Eb")] },
    "two inputs of one name": adaptive(cards.waiting, {
      ...deployForm,
      fields: [...deployForm.fields, ...deployForm.fields],
    }),
  };
  test.each(Object.entries(bad))("%s", (_, card) => {
    expect(faultsOfCard(card)).not.toEqual([]);
  });
});

function block(text: string) {
  return { type: "TextBlock", text };
}

test("of seven buttons and more, six stand in a row and the rest behind three dots", () => {
  const buttons = Array.from({ length: 9 }, (_, at) => ({ id: `b${at}`, label: `Button ${at}` }));
  const drawn = adaptive({ title: "t", buttons });
  expect(faultsOfCard(drawn)).toEqual([]);
  expect(JSON.stringify(drawn).match(/"mode":"secondary"/g)).toHaveLength(3);
});
