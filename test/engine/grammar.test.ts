/** The grammar, line by line: what is typed and what it means. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { defineCommand, noun } from "../../src/core/command.ts";
import { parse } from "../../src/engine/grammar.ts";
import { loadCommands } from "../../src/engine/load-commands.ts";
import { effort } from "../effort.ts";

const Name = noun("name");
const extra = [
  defineCommand({
    name: "env create",
    summary: "A preview environment",
    examples: ["env create web 123"],
    args: { repo: Name, number: z.int(), seedFrom: Name.default("staging") },
    run: () => ({ title: "" }),
  }),
  defineCommand({
    name: "env extend",
    summary: "Keep it for longer",
    examples: ["env extend pr-1"],
    args: { name: Name },
    run: () => ({ title: "" }),
  }),
];
const commands = [...(await loadCommands(join(import.meta.dirname, "../../commands"))), ...extra];

/** `deploy {"service":"web"}`, or the sentence of a no. */
function meaning(text: string): string {
  const parsed = parse(text, commands);
  if (parsed.is === "no") return parsed.says;
  const { command, raw } = parsed;
  return `${command.name} ${Object.entries(raw)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(" ")}`.trim();
}

const whole = 'deploy service="web" version="1.4.2" environment="production"';
const sorted = (text: string) => text.split(" ").sort().join(" ");

describe("one deploy, said in many ways", () => {
  test.each([
    "deploy web 1.4.2 to production",
    "deploy web 1.4.2 in production",
    "deploy web 1.4.2 production",
    "deploy web 1.4.2 env=production",
    "deploy web 1.4.2 environment=production",
    "deploy web 1.4.2 --env production",
    "deploy web 1.4.2 --env=production",
    "deploy web 1.4.2 --environment production",
    "deploy web 1.4.2 -env production",
    "deploy web 1.4.2 —env production",
    "deploy web 1.4.2 –env=production",
    "deploy web 1.4.2 −−env production",
    "deploy web 1.4.2 to=production",
    "deploy web 1.4.2 e=production",
    "deploy web 1.4.2 env= production",
    "deploy to production web 1.4.2",
    "deploy env=production web 1.4.2",
    "deploy version=1.4.2 service=web to production",
    "deploy 1.4.2 web to production",
    "deploy 1.4.2 to production web",
    "deploy service web version 1.4.2 environment production",
    "Deploy web 1.4.2 TO production",
    "DEPLOY web 1.4.2 Env=production",
    "/deploy web 1.4.2 to production",
    "/shipmate deploy web 1.4.2 to production",
    "shipmate deploy web 1.4.2 to production",
    "Shipmate, deploy web 1.4.2 to production",
    "@shipmate deploy web 1.4.2 to production",
    "@shipmate: deploy web 1.4.2 to production",
    "<@U0123ABC> deploy web 1.4.2 to production",
    "<@U0123ABC|shipmate>: deploy web 1.4.2 to production",
    "<at>Shipmate</at> deploy web 1.4.2 to production",
    "<@U0123ABC> /deploy web 1.4.2 to production",
    "  deploy   web\t1.4.2\n to  production ",
    'deploy "web" "1.4.2" to "production"',
    "deploy 'web' '1.4.2' to 'production'",
    "deploy “web” “1.4.2” to „production“",
    "deploy ‘web’ «1.4.2» to production",
    'deploy web 1.4.2 env="production"',
    "deploy web 1.4.2 --env “production”",
    "deploy web 1.4.2 to production env=production",
    "deploy w\u200beb 1.4.2\u202e to production",
    "\u200fdeploy web 1.4.2 to production\u200f",
    "deploy we\u0007b 1.4.2 to production",
    "deploy web 1.4.2 to production\u0000",
    "\u001b[31mdeploy web 1.4.2 to production\u001b[0m",
  ])("%s", (text) => {
    expect(sorted(meaning(text))).toBe(sorted(whole));
  });
});

describe("what else people say", () => {
  test.each([
    ["", "help"],
    ["   ", "help"],
    ["@shipmate", "help"],
    ["/shipmate", "help"],
    ["help", "help"],
    ["help deploy", 'help command="deploy"'],
    ["help env create", 'help command="env create"'],
    ["deploy help", 'help command="deploy"'],
    ["deploy --help", 'help command="deploy"'],
    ["env create --help", 'help command="env create"'],
    ["deploy", "deploy"],
    ["deploy web", 'deploy service="web"'],
    ["deploy web to", 'deploy service="web"'],
    ["deploy to production", 'deploy environment="production"'],
    ["deploy Web 1.4.2", 'deploy service="Web" version="1.4.2"'],
    ["deploy service=to", 'deploy service="to"'],
    ['deploy "to" 1.4.2', 'deploy service="to" version="1.4.2"'],
    ["deploy web_app! 1.4.2", 'deploy service="web_app!" version="1.4.2"'],
    ["status web", 'status service="web"'],
    ["status in production web", 'status environment="production" service="web"'],
    ["rollback web in production", 'rollback environment="production" service="web"'],
    [
      "rollback web in production to 1.4.1",
      'rollback environment="production" to="1.4.1" service="web"',
    ],
    [
      "logs web in production since 10m search=error follow",
      'logs environment="production" since="10m" search="error" follow=true service="web"',
    ],
    [
      "logs web production --follow --since=4h",
      'logs follow=true since="4h" service="web" environment="production"',
    ],
    ["logs web production follow=no", 'logs follow="no" service="web" environment="production"'],
    ["logs web production search=a=b", 'logs search="a=b" service="web" environment="production"'],
    [
      'logs web production search="a b = c"',
      'logs search="a b = c" service="web" environment="production"',
    ],
    [
      "logs web production search=don't",
      'logs search="don\'t" service="web" environment="production"',
    ],
    [
      "logs web production search='don't stop'",
      'logs search="don\'t stop" service="web" environment="production"',
    ],
    ['logs web production search "in"', 'logs search="in" service="web" environment="production"'],
    ["runs web", 'runs service="web"'],
    ["approve 41 3fa9c1d2", 'approve run="41" digest="3fa9c1d2"'],
    ["approve #41", 'approve run="#41"'],
    ["approve run 41 digest 3fa9c1d2", 'approve run="41" digest="3fa9c1d2"'],
    ['reject 41 because "after the sale"', 'reject run="41" because="after the sale"'],
    ["reject 41 because after the sale", 'reject run="41" because="after the sale"'],
    ["reject 41 after the sale", 'reject run="41" because="after the sale"'],
    ["reject 41 because=after the sale", 'reject run="41" because="after the sale"'],
    [
      "reject 41 3fa9c1d2 not this run, because it's 5\" off",
      'reject run="41" digest="3fa9c1d2" because="not this run, because it\'s 5\\" off"',
    ],
    ['reject 41 because "a" and "b', 'reject run="41" because="\\"a\\" and \\"b"'],
    ["reject 41", 'reject run="41"'],
    ["press 41 take back", 'press run="41" button="take back"'],
    ["press 41 form=1", 'press run="41" button="form=1"'],
    ["env create web 123", 'env create repo="web" number="123"'],
    ["ENV Create web 123 seed-from=x", 'env create seedFrom="x" repo="web" number="123"'],
    ["env-create 123 web", 'env create number="123" repo="web"'],
    ["deploy <!channel> 1.4.2", 'deploy service="<!channel>" version="1.4.2"'],
    ["deploy @everyone 1.4.2", 'deploy service="@everyone" version="1.4.2"'],
    ["deploy __proto__ constructor", 'deploy version="__proto__" service="constructor"'],
  ])("%s", (text, wanted) => {
    expect(meaning(text)).toBe(wanted);
  });
});

describe("what nobody can mean is answered in one sentence", () => {
  test.each([
    ["depoly web 1.4.2 to production", 'No command "depoly". Did you mean deploy?'],
    ["/DEPOLY", 'No command "DEPOLY". Did you mean deploy?'],
    ["env craete web 1", 'No command "env". Did you mean env create?'],
    ["env", 'No command "env". Did you mean env create or env extend?'],
    ["stat web", 'No command "stat". Did you mean status?'],
    ["sing a song", 'No command "sing". Say help to see what there is.'],
    ["<!channel>", 'No command "<!channel>". Say help to see what there is.'],
    ["@everyone hello", 'No command "@everyone". Say help to see what there is.'],
    ["=", 'No command "=". Say help to see what there is.'],
    ["constructor", 'No command "constructor". Say help to see what there is.'],
    ["reject x=41", 'reject takes no "x". It takes run, digest and because.'],
    [
      "env=production deploy web",
      'No command "env". Did you mean environments, env create or env extend?',
    ],
    [
      "deploy web 1.4.2 to production now",
      '"now" fits nothing in deploy. Say it like this: deploy web 1.4.2 to production',
    ],
    ["environments all", '"all" fits nothing in environments. Say it like this: environments'],
    [
      "deploy web 1.4.2 replicas=3",
      'deploy takes no "replicas". It takes service, version and environment.',
    ],
    [
      "deploy web 1.4.2 enviroment=production",
      'deploy takes no "enviroment". Did you mean environment?',
    ],
    ["deploy web 1.4.2 --env", 'Say which environment after "env".'],
    ["deploy web 1.4.2 --env --version", 'Say which environment after "env".'],
    ["logs web production s=1", '"s" could be service, since or search.'],
    [
      "deploy web 1.4.2 to production env=staging",
      'You gave environment twice: "production" and "staging".',
    ],
    ['deploy "web 1.4.2', 'Nothing closes the quotation mark of "web.'],
    ["deploy web version=“1.4.2 to production", "Nothing closes the quotation mark of “1.4.2."],
    ["whoami constructor=1", 'whoami takes no "constructor".'],
    ["x".repeat(102_400), "That is 102,400 characters long; a command has at most 4,000."],
    [
      `deploy ${"x".repeat(3_000)} 1 2 3`,
      '"3" fits nothing in deploy. Say it like this: deploy web 1.4.2 to production',
    ],
  ])("%s", (text, wanted) => {
    expect(meaning(text)).toBe(wanted);
  });

  test("a command that is only misspelt is offered whole, as a button", () => {
    expect(parse("depoly web 1.4.2 to production", commands)).toMatchObject({
      suggestions: [
        {
          label: "deploy",
          command: "deploy",
          args: { service: "web", version: "1.4.2", environment: "production" },
        },
      ],
    });
  });

  test("help is offered where nothing is near", () => {
    expect(parse("sing", commands)).toMatchObject({
      suggestions: [{ label: "Help", command: "help" }],
    });
  });

  test("what cannot be seen never reaches a value", () => {
    const parsed = parse("reject 41 because a\u202eb\u200b\u0007c\u{e0041}", commands);
    expect(parsed).toMatchObject({ raw: { because: "abc" } });
  });
});

test("any text at all is read in a moment", () => {
  const nasty = ['"', "'", "=", "--a", "—", "<at>", "<@U", "a=", "“", "\\", " ", "to", "in "];
  for (const piece of nasty) {
    const text = `deploy ${piece.repeat(Math.floor(3_900 / piece.length))}`;
    const before = effort();
    expect(["command", "no"]).toContain(parse(text, commands).is);
    expect(effort() - before, piece).toBeLessThan(250);
  }
});
