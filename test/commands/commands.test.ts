/** Each command, said in words: what it answers and what it asks of runs and workflows. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { RunView } from "../../src/core/command.ts";
import { commands, say } from "./rig.ts";

const run = (number: number, part: Partial<RunView> = {}): RunView => ({
  id: `id-${number}`,
  number,
  title: "Deploy web 1.4.2 to production",
  state: "waiting",
  says: "",
  by: { id: "ada", name: "Ada" },
  at: 0,
  ...part,
});
const open = { runs: [run(41, { digest: "3fa9c1d2" })] };

describe("deploy and rollback start their workflows", () => {
  test.each([
    [
      "deploy web 1.4.2 to production",
      "deploy",
      { service: "web", version: "1.4.2", environment: "production" },
    ],
    ["rollback web in staging", "rollback", { service: "web", environment: "staging" }],
    [
      "rollback web in staging to 1.4.1",
      "rollback",
      { service: "web", environment: "staging", to: "1.4.1" },
    ],
  ])("%s", async (text, workflow, input) => {
    expect(await say(text)).toEqual({ reply: { run: "r1" }, asked: [["start", workflow, input]] });
  });

  test("what is left out is asked for", async () => {
    expect(await say("deploy web")).toMatchObject({
      missing: ["version", "environment"],
      asked: [],
    });
  });

  test("what does not exist is answered with the nearest that does", async () => {
    expect(await say("deploy wbe 1.4.2 to production")).toMatchObject({
      says: 'No service "wbe". Did you mean web?',
    });
    expect(await say("rollback web in prod")).toMatchObject({
      says: 'No environment "prod". Did you mean production?',
    });
    expect(await say("deploy web 9.9.9 to staging")).toMatchObject({
      says: 'No version "9.9.9" of web. There are 1.5.0, 1.4.2 and 1.4.1.',
    });
  });
});

describe("votes", () => {
  test.each([
    ["approve 41 3fa9c1d2", ["vote", "41", "3fa9c1d2", "yes"]],
    ["approve #41 3FA9C1D2", ["vote", "41", "3fa9c1d2", "yes"]],
    ["approve 7", ["vote", "7", "", "yes"]],
    ['reject 41 because "after the sale"', ["vote", "41", "3fa9c1d2", "no", "after the sale"]],
    ["reject 41 after the sale", ["vote", "41", "3fa9c1d2", "no", "after the sale"]],
    ["reject id-41 00000000", ["vote", "id-41", "00000000", "no", undefined]],
    ["reject 7", ["why", "7"]],
    ["withdraw 41", ["vote", "41", "3fa9c1d2", "withdraw"]],
    ["withdraw 7", ["why", "7"]],
  ])("%s", async (text, wanted) => {
    expect((await say(text, open)).asked).toEqual([wanted]);
  });

  test("an approval that names no plan is refused, with the digits to type", async () => {
    expect(await say("approve 41", open)).toEqual({
      says: "Say which plan you approve, by the digits on its card: approve 41 3fa9c1d2",
      asked: [],
    });
  });

  test("what can't be a digest is said", async () => {
    expect(await say("approve 41 xyz", open)).toMatchObject({
      says: 'Digest can\'t be "xyz". Say the 8 digits of the plan on its card, such as 3fa9c1d2.',
    });
  });
});

describe("runs are asked for what was said", () => {
  test.each([
    ["press 41 extend", ["press", "41", "extend", undefined]],
    ["press 41 Take back", ["press", "41", "take-back", undefined]],
    ["press 41 tearDown", ["press", "41", "tearDown", undefined]],
    ["cancel 41", ["cancel", "41"]],
    ["why 41", ["why", "41"]],
  ])("%s", async (text, wanted) => {
    expect((await say(text, open)).asked).toEqual([wanted]);
  });

  test("retry 41 answers with the new run", async () => {
    expect(await say("retry 41")).toMatchObject({ reply: { run: "again 41" } });
  });

  test("runs lists the newest first, with a way to ask why one waits", async () => {
    const { reply, asked } = await say("runs", { runs: [run(3, { state: "succeeded" }), run(41)] });
    expect(asked).toEqual([["list", { limit: 15 }]]);
    expect(reply).toMatchObject({
      title: "Runs",
      rows: [
        ["41", "Deploy web 1.4.2 to production", "waiting", "Ada"],
        ["3", "Deploy web 1.4.2 to production", "succeeded", "Ada"],
      ],
      buttons: [{ command: "why", args: { run: "41" } }],
    });
  });

  test("runs of a service looks in every environment and shows a run once", async () => {
    const { reply, asked } = await say("runs web", { runs: [run(41)] });
    expect(asked).toEqual(
      ["staging", "production"].map((at) => ["list", { of: `${at}/web`, limit: 15 }]),
    );
    expect(reply).toMatchObject({
      title: "Runs of web",
      rows: [["41", expect.anything(), "waiting", "Ada"]],
    });
  });

  test("an empty list says what to do first", async () => {
    expect((await say("runs")).reply).toMatchObject({
      says: "Nothing was done yet. Say deploy to begin.",
    });
  });
});

describe("status", () => {
  const world = {
    running: { "production/web": { version: "1.4.2" } },
    history: [
      { version: "1.4.2", good: true, at: 1_764_000_000_000 },
      { version: "1.5.0", good: false, at: 1_763_999_000_000 },
      { version: "1.4.1", good: true, at: 1_763_998_000_000 },
    ],
  };

  test("of one environment says what runs, what ran, what is under way, and offers logs and a rollback", async () => {
    expect((await say("status web in production", { ...world, ...open })).reply).toMatchObject({
      title: "web in production",
      state: { tone: "good", word: "healthy" },
      says: "1.4.2 runs, 1 of 1 ready.",
      fields: { "Under way": "Deploy web 1.4.2 to production (run 41, waiting)" },
      rows: [
        ["1.4.2", "good", "2025-11-24 16:00 UTC"],
        ["1.5.0", "not healthy", expect.anything()],
        ["1.4.1", "good", expect.anything()],
      ],
      buttons: [
        { label: "Logs", command: "logs" },
        {
          label: "Roll back",
          command: "rollback",
          args: { service: "web", environment: "production" },
          confirm: expect.anything(),
        },
      ],
    });
  });

  test("offers no rollback where there is nothing to go back to", async () => {
    const { reply } = await say("status web in production", {
      ...world,
      history: world.history.slice(0, 2),
    });
    expect(reply).toMatchObject({ buttons: [{ label: "Logs" }] });
    expect(reply).not.toMatchObject({ buttons: [{}, {}] });
  });

  test("of a service that never ran offers a deploy, of which the version is asked", async () => {
    expect((await say("status web in staging")).reply).toMatchObject({
      state: { tone: "calm" },
      says: "Nothing runs here yet.",
      buttons: [
        { label: "Deploy", command: "deploy", args: { service: "web", environment: "staging" } },
      ],
    });
  });

  test("says what is wrong", async () => {
    const running = {
      "production/web": { version: "1.5.0", why: "It keeps crashing: exit code 1." },
    };
    expect((await say("status web in production", { running })).reply).toMatchObject({
      state: { tone: "bad" },
      says: "1.5.0 runs, 1 of 1 ready. It keeps crashing: exit code 1.",
    });
  });

  test("of a service shows all environments as rows", async () => {
    expect((await say("status web", world)).reply).toMatchObject({
      title: "web",
      says: "Nothing in staging, 1.4.2 in production.",
      rows: [
        ["staging", "nothing", "", "not running"],
        ["production", "1.4.2", "1 of 1", "healthy"],
      ],
    });
  });
});

describe("what there is", () => {
  test("services shows whose they are, and offers their status", async () => {
    expect((await say("services")).reply).toMatchObject({
      rows: [
        ["web", "payments", "The shop's pages"],
        ["hello", "payments", "Says hello"],
      ],
      buttons: [
        { command: "status", args: { service: "web" } },
        { command: "status", args: { service: "hello" } },
      ],
    });
  });
  test("services of an owner who owns nothing names the owners", async () => {
    expect(await say("services @everyone")).toMatchObject({
      says: 'No service belongs to "@everyone". Owners are: payments.',
    });
  });
  test("environments says whom each asks", async () => {
    expect((await say("environments")).reply).toMatchObject({
      rows: [
        ["staging", "asks nobody"],
        ["production", "asks one of the owning team"],
      ],
    });
  });
  test("whoami says the rights in words", async () => {
    expect((await say("whoami")).reply).toEqual({
      title: "You are Ada",
      says: "You may change staging of web.",
      fields: { "In platform.yaml": "ada" },
    });
  });
});

test("logs hands on a stream with everything that was said", async () => {
  expect((await say("logs web in production since 4h search=error follow")).reply).toMatchObject({
    title: "Logs of web in production",
    lines: {
      kind: "stream",
      op: "clusters.logs",
      input: {
        service: "web",
        environment: "production",
        since: "4h",
        search: "error",
        follow: true,
      },
    },
  });
});

describe("help", () => {
  test("lists every command once, by something one may say, and those for a run last", async () => {
    const { reply } = await say("help");
    const { rows } = z.object({ rows: z.array(z.array(z.string())) }).parse(reply);
    const all = commands.map(({ examples, summary }) => [examples[0], summary]);
    expect(rows).toHaveLength(all.length);
    expect(rows).toEqual(expect.arrayContaining(all));
    expect(rows.map(([says]) => says?.includes(" 41"))).toEqual(
      rows.map((_, i) => i >= rows.findIndex(([says]) => says?.includes(" 41"))),
    );
    expect(rows[0]?.[0]).toBe("deploy web 1.4.2 to production");
  });
  test("of a command says how it is typed and what each part is", async () => {
    expect((await say("help deploy")).reply).toMatchObject({
      title: "deploy",
      fields: { "How to say it": "deploy <service> <version> to <environment>" },
      rows: [
        ["service", "a service", "yes"],
        ["version", "a version", "yes"],
        ["environment", "an environment", "yes"],
      ],
    });
  });
  test("of a slip says the nearest command", async () => {
    expect(await say("help deplyo")).toMatchObject({
      says: 'No command "deplyo". Did you mean deploy? Say help deploy to see more of it.',
    });
  });
  test("of no command says where to look", async () => {
    expect(await say("help nothing")).toMatchObject({
      says: 'No command "nothing". Say help to see what there is.',
    });
  });
});
