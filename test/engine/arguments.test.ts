/** From raw values to arguments: choices, shapes, defaults, and the sentences where something is wrong. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { defineCommand } from "../../src/core/command.ts";
import type { Look } from "../../src/core/operation.ts";
import { refuse } from "../../src/core/refusal.ts";
import { Time } from "../../src/core/time.ts";
import { settle } from "../../src/engine/arguments.ts";
import { checkValues, formOf } from "../../src/engine/form.ts";
import type { Raw } from "../../src/engine/grammar.ts";
import { offers } from "../../src/engine/offers.ts";
import { Version } from "../../src/roles/clusters.ts";
import { Environment, Service } from "../../src/roles/directory.ts";

const command = defineCommand({
  name: "deploy",
  summary: "Ship a version of a service",
  examples: ["deploy web 1.4.2 to production"],
  args: {
    service: Service,
    version: Version,
    environment: Environment,
    since: Time.default("5m").describe("how far back"),
    count: z.int().min(1).max(9).optional().describe("how many"),
    follow: z.boolean().default(false).describe("whether to go on"),
    how: z.enum(["fast", "slow"]).optional().describe("how fast"),
    note: z.string().min(3).max(5).optional().describe("a note"),
  },
  run: () => ({ title: "" }),
});

const versions: { readonly [service: string]: readonly string[] } = {
  web: ["1.4.2", "1.4.1", "1.5.0"],
  hello: [],
};
const asked: string[] = [];
/** What the directory and the cluster would answer. */
const look = async <R>(op: Look<R>): Promise<R> => {
  asked.push(op.op);
  const input = z.object({ service: z.string().optional() }).parse(op.input);
  const values =
    op.op === "directory.services"
      ? ["web", "hello"]
      : op.op === "directory.environments"
        ? ["staging", "production"]
        : (versions[input.service ?? ""] ?? refuse("No such service."));
  return values.map((value) => ({ value, hint: `about ${value}`, owner: "x" })) as R;
};
const all: Raw = { service: "web", version: "1.4.2", environment: "production" };
const settled = (raw: Raw) => settle(command, raw, look);
const says = async (raw: Raw) => {
  const found = await settled(raw);
  return found.is === "wrong" ? `${found.arg}: ${found.says}` : found.is;
};

describe("settle", () => {
  test("right values become arguments, with defaults for what was left out", async () => {
    expect(await settled(all)).toMatchObject({
      is: "args",
      args: { ...all, since: "5m", follow: false },
    });
  });

  test("texts become what the schema wants", async () => {
    const found = await settled({ ...all, count: "3", follow: "yes", since: "10m", how: "Fast" });
    expect(found).toMatchObject({
      is: "args",
      args: { count: 3, follow: true, since: "10m", how: "fast" },
    });
  });

  test("values of a form or a button come as they are", async () => {
    const found = await settled({ ...all, count: 3, follow: true, note: "", how: null });
    expect(found).toMatchObject({ is: "args", args: { count: 3, follow: true } });
  });

  test("case alone is no mistake, and is put right", async () => {
    expect(await settled({ ...all, service: "Web", environment: " PRODUCTION " })).toMatchObject({
      is: "args",
      args: all,
    });
  });

  test("what is missing is named, with what is known", async () => {
    expect(await settled({ service: "web" })).toEqual({
      is: "missing",
      known: { service: "web" },
      fields: ["version", "environment"],
    });
  });

  test("versions are not asked for while the service is unknown", async () => {
    asked.length = 0;
    expect(await settled({ version: "1.4.2" })).toMatchObject({
      is: "missing",
      fields: ["service", "environment"],
    });
    expect(asked).not.toContain("clusters.versions");
  });

  test.each([
    [{ service: "wbe" }, 'service: No service "wbe". Did you mean web?'],
    [{ service: "moon" }, 'service: No service "moon". There are web and hello.'],
    [{ service: "<!channel>" }, 'service: No service "<!channel>". There are web and hello.'],
    [{ service: "@everyone" }, 'service: No service "@everyone". There are web and hello.'],
    [{ service: "__proto__" }, 'service: No service "__proto__". There are web and hello.'],
    [{ service: ["web", 1] }, 'service: No service "["web",1]". There are web and hello.'],
    [{ service: { a: 1 } }, 'service: No service "{"a":1}". There are web and hello.'],
    [{ service: 7 }, 'service: No service "7". There are web and hello.'],
    [{ version: "9.9.9" }, 'version: No version "9.9.9" of web. There are 1.4.2, 1.4.1 and 1.5.0.'],
    [{ version: "1.5.1" }, 'version: No version "1.5.1" of web. Did you mean 1.4.1 or 1.5.0?'],
    [{ environment: "prod" }, 'environment: No environment "prod". Did you mean production?'],
    [{ how: "fats" }, 'how: No how "fats". Did you mean fast?'],
    [
      { since: "soon" },
      'since: Since can\'t be "soon". Say a number and a unit: 90s, 10m, 4h or 7d.',
    ],
    [{ since: "-5m" }, 'since: Since can\'t be "-5m". Say how far back.'],
    [{ count: "many" }, 'count: Count can\'t be "many". Say a number.'],
    [{ count: "1.5" }, 'count: Count can\'t be "1.5". Say a whole number.'],
    [{ count: "10" }, 'count: Count can\'t be "10". Say a number of at most 9.'],
    [{ count: "0" }, 'count: Count can\'t be "0". Say a number of at least 1.'],
    [{ count: "9".repeat(400) }, `count: Count can't be "${"9".repeat(39)}…". Say a number.`],
    [{ follow: "maybe" }, 'follow: Follow can\'t be "maybe". Say yes or no.'],
    [{ note: "ab" }, 'note: Note can\'t be "ab". Use at least 3 characters.'],
    [{ note: "abcdef" }, 'note: Note can\'t be "abcdef". Use at most 5 characters.'],
    [{ note: 7 }, 'note: Note can\'t be "7". Say a note.'],
  ])("%j is answered with the nearest right one", async (part, wanted) => {
    expect(await says({ ...all, ...part })).toBe(wanted);
  });

  test("a version of which nobody keeps a list is taken as it was typed", async () => {
    expect(await says({ ...all, service: "hello", version: "1.0.0" })).toBe("args");
  });

  test("a suggestion says the same command with the nearest value", async () => {
    expect(await settled({ ...all, service: "wbe" })).toMatchObject({
      suggestions: [{ label: "web", command: "deploy", args: { ...all, service: "web" } }],
    });
  });

  test("what a look refuses is passed on", async () => {
    await expect(settle(command, all, () => refuse("The cluster is away."))).rejects.toThrow(
      "The cluster is away.",
    );
  });

  test("values that the command does not have never reach it", async () => {
    const found = await settled({ ...all, admin: true, constructor: "x" });
    expect(found.is === "args" && Object.keys(found.args)).toEqual([
      "service",
      "version",
      "environment",
      "since",
      "follow",
    ]);
  });
});

describe("forms", () => {
  test("a form asks everything, with what is known and the choices that follow from it", async () => {
    const known = { service: "web" };
    const form = formOf(
      command,
      known,
      { version: "Say which version." },
      await offers(command, known, look),
    );
    expect(form).toMatchObject({ command: "deploy", title: "Deploy", submit: "Deploy" });
    expect(form.fields.slice(0, 3)).toEqual([
      {
        name: "service",
        label: "Service",
        kind: "choice",
        required: true,
        initial: "web",
        choices: [
          { value: "web", hint: "about web" },
          { value: "hello", hint: "about hello" },
        ],
      },
      {
        name: "version",
        label: "Version",
        kind: "choice",
        required: true,
        choices: ["1.4.2", "1.4.1", "1.5.0"].map((value) => ({ value, hint: `about ${value}` })),
        error: "Say which version.",
      },
      {
        name: "environment",
        label: "Environment",
        kind: "choice",
        required: true,
        choices: [
          { value: "staging", hint: "about staging" },
          { value: "production", hint: "about production" },
        ],
      },
    ]);
    expect(
      form.fields
        .slice(3)
        .map(({ name, kind, required, initial }) => [name, kind, required, initial]),
    ).toEqual([
      ["since", "text", false, "5m"],
      ["count", "number", false, undefined],
      ["follow", "yes-no", false, "false"],
      ["how", "choice", false, undefined],
      ["note", "text", false, undefined],
    ]);
  });

  test("without a service the version is a text that one can type", async () => {
    const form = formOf(command, {}, {}, await offers(command, {}, look));
    expect(form.fields[1]).toMatchObject({ name: "version", kind: "text" });
  });

  test("choices that are refused leave a text to type, a fault is passed on", async () => {
    expect(await offers(command, {}, () => refuse("no"))).toEqual({
      how: [{ value: "fast" }, { value: "slow" }],
    });
    const fault = async () => {
      throw new Error("away");
    };
    await expect(offers(command, {}, fault)).rejects.toThrow("away");
  });

  test("a form's values are checked by the schema alone, a sentence a field", () => {
    expect(
      checkValues(command, { service: "Web", version: "1.4.2", environment: "production" }),
    ).toEqual({});
    expect(
      checkValues(command, {
        service: "a b",
        version: ".1",
        since: "x",
        count: "x",
        follow: "?",
        how: "x",
        note: "",
      }),
    ).toEqual({
      service:
        "Use lower-case letters, digits and hyphens, at most 63, and no hyphen at either end.",
      version:
        "Use letters, digits, dots, underscores and hyphens, at most 128, and no dot or hyphen first.",
      environment: "Say which environment.",
      since: "Say a number and a unit: 90s, 10m, 4h or 7d.",
      count: "Say a number.",
      follow: "Say yes or no.",
      how: "Say fast or slow.",
    });
  });

  test("no sentence speaks the language of schemas", () => {
    const strange = [null, 7, true, [], {}, "", "\u0000", "x".repeat(9_999)];
    for (const value of strange) {
      const values = Object.fromEntries(Object.keys(command.args).map((name) => [name, value]));
      for (const sentence of Object.values(checkValues(command, values)))
        expect(sentence).not.toMatch(/invalid|expected|received|string|regex|zod|undefined/i);
    }
  });
});

test.each([[["web"]], [{ toString: "x" }], [{ value: "web" }]])(
  "a list or an object is never taken for a choice, whatever its text would be: %j",
  async (service) => {
    const got = await settle(command, { service }, look);
    expect(got).toMatchObject({ is: "wrong", arg: "service" });
  },
);
