import { expect, test } from "vitest";
import { screen } from "../../../src/surfaces/cli/screen.ts";
import { cards } from "../../cards.ts";

function written(options: { readonly isTTY?: boolean; readonly colors?: boolean } = {}) {
  const texts: string[] = [];
  const output = {
    write: (text: string) => texts.push(text),
    columns: 80,
    hasColors: () => options.colors === true,
    ...(options.isTTY === undefined ? {} : { isTTY: options.isTTY }),
  };
  return { texts, on: screen(output) };
}

test("on a terminal a card that changes is drawn over itself", () => {
  const { texts, on } = written({ isTTY: true });
  on.show("run", cards.planning);
  const lines = texts[0]?.split("\n").length ?? 0;
  on.show("run", cards.running);
  expect(texts[1]).toBe(`\u001B[${lines - 1}A\u001B[0J`);
  expect(texts[2]).toContain("3 of 5 ready.");
});

test("on a terminal a card with something below it is drawn again at the end", () => {
  const { texts, on } = written({ isTTY: true });
  on.show("run", cards.planning);
  on.say("grace  approve");
  on.show("run", cards.running);
  expect(texts.join("")).not.toContain("\u001B[");
  expect(texts.at(-1)).toContain("Deploy web 1.4.2 to production");
});

test("elsewhere only what is new is appended, without colours and without moving", () => {
  const { texts, on } = written({ colors: true });
  on.show("run", cards.running);
  on.show("run", cards.running);
  on.show("run", cards.succeeded);
  expect(texts).toHaveLength(2);
  expect(texts[1]).not.toContain("Deploy web 1.4.2");
  expect(texts[1]).toMatch(/^✓ Succeeded {2}web 1.4.2 runs in production/);
  expect(texts.join("")).not.toContain("\u001B");
});

test("colours are used only where the terminal has them", () => {
  const with_ = written({ isTTY: true, colors: true });
  with_.on.show("run", cards.running);
  expect(with_.texts[0]).toContain("\u001B[36m• Running\u001B[0m");
  const without = written({ isTTY: true, colors: false });
  without.on.show("run", cards.running);
  expect(without.texts[0]).not.toContain("\u001B");
});
