import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { DrawnCard } from "../../../src/core/card.ts";
import { draw, mentions } from "../../../src/surfaces/slack/blocks.ts";
import { cards, otherCards } from "../../cards.ts";
import { effort } from "../../effort.ts";
import { faultsOfMessage } from "./limits.ts";

const all: { readonly [name: string]: DrawnCard } = { ...cards, ...otherCards };

test.each(Object.keys(all))("the card %s is drawn as its golden file says", async (name) => {
  const drawn = draw(sample(name));
  await expect(`${JSON.stringify(drawn, null, 2)}\n`).toMatchFileSnapshot(
    `../../golden/slack/${name}.json`,
  );
});

test.each(Object.keys(all))("Slack takes the card %s", (name) => {
  expect(faultsOfMessage(draw(sample(name)))).toEqual([]);
});

test("the golden files hold one message each for the states of a run's card", () => {
  for (const name of Object.keys(cards)) {
    const golden = readFileSync(
      new URL(`../../golden/slack/${name}.json`, import.meta.url),
      "utf8",
    );
    expect(faultsOfMessage(JSON.parse(golden)), name).toEqual([]);
  }
});

test("a card has its parts in the order in which people read them", () => {
  const { blocks } = draw({
    ...cards.stuck,
    links: [{ label: "log", url: "https://log.example" }],
  });
  const texts = blocks.map((block) => JSON.stringify(block));
  const places = [
    "Deploy web",
    "Stuck",
    "image",
    "Asked by",
    "run 43",
    "0 of 5",
    "TypeError",
    "log.example",
    "Take back",
  ].map((part) => texts.findIndex((text) => text.includes(part)));
  expect(places).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
});

test("five changes are shown and the rest folds", () => {
  const drawn = draw(cards.waiting);
  expect(drawn.text).toContain("and 2 more changes: see the thread");
  expect(drawn.text).not.toContain("memory");
  expect(JSON.stringify(drawn.blocks)).toContain("and 2 more changes: see the thread");
});

test("what can't be taken back says so", () => {
  expect(draw(cards.waiting).text).toContain(
    "gone: volume web-cache (10 GB). This can't be taken back",
  );
});

test("a button that hurts asks first and is drawn as dangerous", () => {
  const actions = draw(cards.succeeded).blocks.find((block) => block.type === "actions");
  expect(actions?.elements[0]).toMatchObject({
    text: { text: "Roll back" },
    style: "danger",
    value: "roll-back-1",
    confirm: { text: { text: "Roll web in production back to 1.4.1?" } },
  });
  expect(actions?.elements[1]).not.toHaveProperty("confirm");
});

test("long code shows its end and hands the whole of it on for the thread", () => {
  const code = Array.from({ length: 500 }, (_, at) => `line ${at} of the log`).join("\n");
  const drawn = draw({ ...cards.stuck, code: { text: code } });
  expect(drawn.rest).toBe(code);
  expect(JSON.stringify(drawn.blocks)).toContain("line 499 of the log");
  expect(JSON.stringify(drawn.blocks)).toContain("All of it is in the thread.");
  expect(faultsOfMessage(drawn)).toEqual([]);
});

test("a long table says how many rows are missing", () => {
  const rows = Array.from({ length: 400 }, (_, at) => [`service-${at}`, "1.0.0", "1.0.0"]);
  const drawn = draw({ ...otherCards.status, rows });
  expect(JSON.stringify(drawn.blocks)).toMatch(/and \d+ more/);
  expect(faultsOfMessage(drawn)).toEqual([]);
});

const hostile = [
  "<!channel> <!here> <!everyone> @channel @here",
  "<@U0MALLORY> <#C0GENERAL> <!subteam^S1|ops>",
  "<https://evil.example|Approve> https://evil.example [click](https://evil.example)",
  "&lt;!channel&gt; &amp;lt;",
  "*bold* _it_ ~gone~ `code` ```fence``` :tada: > quote",
  "\u001b[31mred\u001b[0m \u0000\u0007\u009b31m \u202Eesrever\u202C \u2066hid\u2069 z\u200Be\u200Dr\uFEFFo",
  "\uD83D",
  "😀".repeat(3000),
  '"\\'.repeat(4000),
  "x".repeat(10_000),
  "",
  "\n\n\n",
  "line\nline\r\nline",
];

test.each(hostile.map((text, at) => [at, text] as const))(
  "hostile text %i in every field stays within the limits and makes no live mention",
  (_, evil) => {
    const drawn = draw(filled(evil));
    expect(faultsOfMessage(drawn)).toEqual([]);
    expect(drawn.text.length).toBeLessThanOrEqual(4000);
    expect(drawn.text).not.toMatch(/[<>]/);
    expect(drawn.text).not.toMatch(/&(?!amp;|lt;|gt;)/);
    const elements = JSON.stringify(drawn.blocks);
    expect(elements).not.toContain('"mrkdwn"');
    expect(elements).not.toMatch(/"type":"(user|usergroup|broadcast|channel|emoji)"/);
    expect([...elements.matchAll(/"url":"([^"]*)"/g)].map(([, url]) => url)).toEqual([
      "https://web.example.com/",
    ]);
  },
);

test("a card with 100 kB in every field is drawn in well under a second", () => {
  const before = effort();
  expect(faultsOfMessage(draw(filled("<@U1> ".repeat(17_000))))).toEqual([]);
  expect(effort() - before).toBeLessThan(500);
});

test("cards of any size and make-up are taken by Slack", () => {
  const next = numbers(20261121);
  for (let round = 0; round < 60; round += 1) {
    const card = anyCard(next);
    expect(faultsOfMessage(draw(card)), JSON.stringify(card).slice(0, 500)).toEqual([]);
  }
});

function sample(name: string): DrawnCard {
  const card = all[name];
  if (card === undefined) throw new Error(`no sample card ${name}`);
  return card;
}

/** A card that says the same text everywhere, in as many places as there are. */
function filled(text: string): DrawnCard {
  const many = Array.from({ length: 30 });
  return {
    title: text,
    state: { tone: "bad", word: text },
    says: text,
    changes: many.map(() => ({ what: text, from: text, to: text, irreversible: text })),
    fields: Object.fromEntries(many.map((_, at) => [`${at}${text}`, text])),
    columns: [text, text],
    rows: many.map(() => [text, text, text]),
    code: { text, language: text },
    chart: { label: text, points: many.map((_, at) => [at, at * 1e9]) },
    progress: { done: 7, of: 5 },
    facts: many.map(() => text),
    links: [
      { label: text, url: "https://web.example.com/" },
      { label: text, url: "javascript:alert(1)" },
      { label: text, url: `https://${"a".repeat(4000)}.example` },
      { label: text, url: text },
    ].filter(({ url }) => !url.startsWith("https://evil")),
    buttons: many.map((_, at) => ({ id: `b${at}`, label: text, confirm: text })),
  };
}

/** Pseudo-random numbers from 0 to 1, the same for the same seed. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function anyCard(next: () => number): DrawnCard {
  const some = (most: number) => Array.from({ length: Math.floor(next() * most) });
  const words = () =>
    some(6)
      .map(() => hostile[Math.floor(next() * hostile.length)] ?? "")
      .join(" ");
  return {
    title: words(),
    ...(next() < 0.5 ? { state: { tone: "waiting" as const, word: words() } } : {}),
    ...(next() < 0.7 ? { says: words() } : {}),
    ...(next() < 0.7 ? { changes: some(40).map(() => ({ what: words(), to: words() })) } : {}),
    ...(next() < 0.7
      ? { fields: Object.fromEntries(some(40).map((_, at) => [`${at}`, words()])) }
      : {}),
    ...(next() < 0.5
      ? { columns: some(30).map(words), rows: some(150).map(() => some(30).map(words)) }
      : {}),
    ...(next() < 0.5 ? { code: { text: some(50).map(words).join("\n") } } : {}),
    ...(next() < 0.5 ? { facts: some(40).map(words) } : {}),
    ...(next() < 0.5 ? { progress: { done: next() * 100, of: 0 } } : {}),
    buttons: some(40).map((_, at) => ({
      id: `b${at}`,
      label: words(),
      ...(next() < 0.5 ? { confirm: words() } : {}),
    })),
  };
}

test("people who are called are mentioned live, by accounts alone", () => {
  expect(mentions(["U1", "U2"])).toEqual({
    type: "rich_text",
    elements: [
      {
        type: "rich_text_section",
        elements: [
          { type: "user", user_id: "U1" },
          { type: "text", text: " " },
          { type: "user", user_id: "U2" },
          { type: "text", text: " " },
        ],
      },
    ],
  });
});
