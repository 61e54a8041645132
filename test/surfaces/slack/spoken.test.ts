import { expect, test } from "vitest";
import { spoken } from "../../../src/surfaces/slack/spoken.ts";
import { effort } from "../../effort.ts";

test.each([
  ["<@U1> deploy web", "deploy web"],
  ["<@U1>: deploy web", "deploy web"],
  ["<@U1|shipmate> deploy web", "deploy web"],
  ["hello <@U1>, deploy web", "deploy web"],
  ["deploy web <@U1>", "deploy web"],
  ["<@U1>", ""],
  ["<@U1> <@U1> help", "help"],
  ["deploy web &amp; &lt;hello&gt;", "deploy web & <hello>"],
  ["look at &amp;lt;", "look at &lt;"],
  ["<http://web.example.com|web.example.com>", "web.example.com"],
  ["<https://web.example.com/a>", "https://web.example.com/a"],
  ["<mailto:ada@example.com|ada@example.com>", "ada@example.com"],
  ["in <#C1|general> for <@U2|grace>", "in #general for @grace"],
  ["ask <@U2> and <!subteam^S1|@ops>", "ask @U2 and @ops"],
  ["<!here>", "@here"],
  ["reject 9f2c41ab “after the sale”", 'reject 9f2c41ab "after the sale"'],
  ["deploy web —env production", "deploy web --env production"],
  ["deploy\u202E web\u200B", "deploy web"],
])("%j is meant as %j", (text, meant) => {
  expect(spoken(text, "U1")).toBe(meant);
});

test("where nobody knows who we are, a mention at the start is how we were called", () => {
  expect(spoken("<@U9> deploy web")).toBe("deploy web");
});

test("100 kB of brackets are read in well under a second", () => {
  const before = effort();
  spoken("<@".repeat(50_000), "U1");
  spoken("<".repeat(100_000), "U1");
  spoken(`<@U1${"|".repeat(100_000)}`, "U1");
  spoken("— ".repeat(50_000), "U1");
  expect(effort() - before).toBeLessThan(500);
});
