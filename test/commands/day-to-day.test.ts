/** What one does to a service from day to day, through the real door: with policy, a plan, a card and its buttons. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Json } from "../../src/core/operation.ts";
import type { Provider } from "../../src/core/provider.ts";
import type { Answer } from "../../src/core/surface.ts";
import { clusters } from "../../src/roles/clusters.ts";
import type { Database } from "../../src/store/database.ts";
import { memoryDatabase } from "../databases.ts";
import { type House, openHouse, refusal } from "../engine/house.ts";

type Faces = Provider<typeof clusters>;
type History = Awaited<ReturnType<Faces["history"]>>;

let database: Database;
let house: House;
/** What the cluster carried out, in order. */
let did: unknown[];
let history: History;
let migration: boolean;
let migrated: { state: "good" | "bad"; says: string };

beforeAll(async () => {
  database = await memoryDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  did = [];
  history = [];
  migration = false;
  migrated = { state: "good", says: "migrated" };
  house = await openHouse(database, faces());
});
afterEach(async () => {
  expect(house.trouble).toEqual([]);
  await house.close();
});

/** An effect that is recorded and changes one thing in words. */
function changing(op: string, field: string, from: Json, to: (input: object) => Json) {
  return {
    preview: async (input: { service: string; environment: string }) => ({
      changes: [
        { of: `${input.service} in ${input.environment}`, field, from, to: to(input) },
      ] as const,
      seen: { [`${input.environment}/${input.service}`]: from },
      will: { [`${input.environment}/${input.service}`]: to(input) },
      undo: [],
    }),
    run: async (input: object) => {
      did.push([op, input]);
      return {};
    },
  };
}

function faces(): Partial<Faces> {
  return {
    takes: async () => ({ migration }),
    migrate: changing("migrate", "migration", null, () => "runs"),
    migration: async () => ({ ...migrated, log: [] }),
    restart: changing("restart", "processes", "as they are", () => "started anew"),
    scale: changing("scale", "replicas", 3, (input) => Number(Reflect.get(input, "replicas"))),
    adopt: changing("adopt", "care", null, () => "ours"),
    history: async () => history,
    release: {
      async preview({ service, environment, version, like }) {
        const target = `${environment}/${service}`;
        const from = house.cluster.versions.get(target) ?? null;
        const at = { service, environment };
        if (from === version) return { same: { url: null } };
        return {
          changes: [
            { of: `${service} in ${environment}`, field: "version", from, to: String(version) },
          ],
          seen: { [target]: from },
          will: { [target]: { version: String(version), like: like ?? null } },
          undo: [from === null ? clusters.remove(at) : clusters.release({ ...at, version: from })],
        };
      },
      async run(input) {
        did.push(["release", input]);
        house.cluster.versions.set(`${input.environment}/${input.service}`, input.version);
        return { url: null };
      },
    },
    remove: {
      async preview(at) {
        const target = `${at.environment}/${at.service}`;
        const version = house.cluster.versions.get(target);
        if (version === undefined) return { same: {} };
        return {
          changes: [
            { of: `${at.service} in ${at.environment}`, field: "version", from: version, to: null },
          ],
          seen: { [target]: version },
          will: { [target]: null },
          undo: [clusters.release({ ...at, version })],
        };
      },
      async run(at) {
        did.push(["remove", at]);
        house.cluster.versions.delete(`${at.environment}/${at.service}`);
        return {};
      },
    },
  };
}

const staging = { service: "web", environment: "staging" };
const production = { service: "web", environment: "production" };
const labels = (card: { readonly buttons: readonly { readonly label: string }[] }) =>
  card.buttons.map(({ label }) => label);
const form = (answer: Answer) => {
  if (answer.is !== "form") throw new Error(JSON.stringify(answer));
  return answer.form;
};

describe("what changes something", () => {
  test.each([
    [
      "restart web in staging",
      "Restart web in staging",
      "web in staging was started anew.",
      ["restart", staging],
    ],
    [
      "scale web 5 in staging",
      "Scale web in staging to 5",
      "web in staging has 5, until the next deploy.",
      ["scale", { ...staging, replicas: 5 }],
    ],
    [
      "adopt web in staging",
      "Adopt web in staging",
      "web in staging is looked after from now on, as it is.",
      ["adopt", staging],
    ],
  ])("%s", async (text, title, says, wanted) => {
    expect((await house.say("ada", text)).is).toBe("run");
    const { card } = house.card();
    expect(card.title).toBe(title);
    expect(card.state?.word).toBe("Succeeded");
    expect(card.says).toMatch(new RegExp(`^${says.replaceAll(".", "\\.")} Took`));
    expect(labels(card)).toEqual(["Status", "Logs"]);
    expect(did).toEqual([wanted]);
  });

  test.each([
    "restart web in production",
    "scale web 5 in production",
    "adopt web in production",
    "remove web from production confirm=web",
  ])("waits in production for somebody else's approval: %s", async (text) => {
    await house.say("ada", text);
    expect(house.card().card.state?.word).toBe("Waiting for approval");
    expect(did).toEqual([]);
    await house.press("grace", house.card(), "Approve");
    expect(house.card().card.state?.word).toBe("Succeeded");
    expect(did).toHaveLength(1);
  });

  test.each([
    "restart web in staging",
    "scale web 5 in staging",
    "adopt web in staging",
    "remove web from staging confirm=web",
    "history web in staging",
    "events web in staging",
    "diff staging production",
    "diff web staging production",
  ])("is not for somebody without a team: %s", async (text) => {
    expect(refusal(await house.say("mallory", text))).toMatch(
      /^Only people in a team may do this: ask Ada, Grace, Linus or Barbara\.$/,
    );
    expect(did).toEqual([]);
  });

  test.each(["restart web in production", "scale web 5 in production", "adopt web in production"])(
    "is for the owners in production: %s",
    async (text) => {
      expect(refusal(await house.say("barbara", text))).toBe(
        "Only payments may change production: ask Ada, Grace or Linus.",
      );
    },
  );

  test("a restart that does not become healthy is said to have failed", async () => {
    house.cluster.rollout = { state: "bad", says: "1.4.1 did not start: it exited with code 1." };
    await house.say("ada", "restart web in staging");
    expect(house.card().card.says).toContain("1.4.1 did not start: it exited with code 1.");
    expect(house.card().card.state?.tone).toBe("bad");
  });
});

describe("a removal", () => {
  beforeEach(() => void house.cluster.versions.set("staging/web", "1.4.1"));
  const submit = (button: string, values: { [field: string]: string }) =>
    house.enter({
      ...{ key: `submit-${values["confirm"]}`, who: { surface: "console", id: "ada" } },
      ...{ at: { surface: "console", channel: "general" }, said: { button, values } },
    });

  test("asks for the name in a form, which never stands there already", async () => {
    const asked = form(await house.say("ada", "remove web from staging"));
    const field = asked.fields.find(({ name }) => name === "confirm");
    expect(field).toMatchObject({ required: true, hint: "Type web to remove it" });
    expect(field).not.toHaveProperty("initial");
    expect(did).toEqual([]);
    expect((await submit(asked.id, { ...staging, confirm: "web" })).is).toBe("run");
    expect(did).toEqual([["remove", staging]]);
    const { card } = house.card();
    expect(card.says).toMatch(/^web does not run in staging any more\./);
    expect(labels(card)).toEqual(["Status", "Deploy 1.4.1 again"]);
  });

  test("with a wrong name changes nothing and says what to do", async () => {
    const asked = form(await house.say("ada", "remove web from staging"));
    expect(refusal(await submit(asked.id, { ...staging, confirm: "wbe" }))).toBe(
      "That is not its name, so web stays in staging. Say it again and type web to remove it.",
    );
    expect(refusal(await house.say("ada", "remove web from staging confirm=hello"))).toMatch(
      /^That is not its name, so web stays in staging\./,
    );
    expect(did).toEqual([]);
  });

  test("is not repeated by a press: its name is typed each time", async () => {
    await house.say("ada", "remove web from staging confirm=web");
    house.cluster.versions.set("staging/web", "1.4.1");
    expect(refusal(await house.say("ada", "retry 1"))).toBe(
      "A removal wants its name typed each time. To do it again: remove web from staging.",
    );
    expect(did).toHaveLength(1);
  });

  test("of what is not there changes nothing, and offers no deploy of what never ran", async () => {
    await house.say("ada", "remove hello from staging confirm=hello");
    const { card } = house.card();
    expect(card.state?.word).toBe("Nothing to do");
    expect(labels(card)).toEqual(["Status"]);
    expect(did).toEqual([]);
  });
});

describe("a deploy", () => {
  const deploy = { ...staging, version: "1.4.2" };

  test("offers a way back only where something ran before", async () => {
    await house.say("ada", "deploy web 1.4.1 to staging");
    expect(labels(house.card().card)).toEqual(["Logs"]);
    await house.say("ada", "deploy web 1.4.2 to staging");
    expect(labels(house.card(2).card)).toEqual(["Roll back", "Logs"]);
    await house.say("ada", "deploy web 1.4.2 to staging");
    expect(house.card(3).card.state?.word).toBe("Nothing to do");
    expect(labels(house.card(3).card)).toEqual(["Logs"]);
  });

  test("migrates first where the version has a migration", async () => {
    migration = true;
    await house.say("ada", "deploy web 1.4.2 to staging");
    expect(house.card().card.state?.word).toBe("Succeeded");
    expect(did).toEqual([
      ["migrate", deploy],
      ["release", deploy],
    ]);
  });

  test("releases nothing where the migration fails", async () => {
    migration = true;
    migrated = { state: "bad", says: "The migration exited with code 1." };
    await house.say("ada", "deploy web 1.4.2 to staging");
    expect(house.card().card.says).toContain("The migration exited with code 1.");
    expect(did).toEqual([["migrate", deploy]]);
  });
});

describe("a rollback", () => {
  test("brings back the exact content of the release that is chosen, and never migrates", async () => {
    migration = true;
    house.cluster.versions.set("staging/web", "1.5.0");
    history = [
      { version: "1.5.0", good: true, at: 5, id: "5" },
      { version: "1.4.2", good: false, at: 4, id: "4" },
      { version: "1.4.2", good: true, at: 3, id: "3" },
      { version: "1.4.1", good: true, at: 2, id: "2" },
    ];
    await house.say("ada", "rollback web in staging to 1.4.1");
    await house.say("ada", "deploy web 1.5.0 to staging");
    did.length = 0;
    await house.say("ada", "rollback web in staging");
    expect(did).toEqual([["release", { ...staging, version: "1.4.2", like: "3" }]]);
  });

  test("offers the good releases in its form, and takes any other version to say why not", async () => {
    house.cluster.versions.set("staging/web", "1.4.2");
    history = [
      { version: "1.4.2", good: true, at: Date.now() - 120_000, id: "4" },
      { version: "1.5.0", good: false, at: 3, id: "3" },
      { version: "1.4.2", good: true, at: 2, id: "2" },
      { version: "0.9.0", good: true, at: 1, id: "1" },
    ];
    const asked = form(await house.say("ada", "rollback web"));
    const again = form(
      await house.enter({
        ...{ key: "again", who: { surface: "console", id: "ada" } },
        at: { surface: "console", channel: "general" },
        said: { button: asked.id, values: { ...staging, to: "-" } },
      }),
    );
    expect(again.fields.find(({ name }) => name === "to")).toMatchObject({
      choices: [
        { value: "1.4.2", hint: "released 2 min ago" },
        { value: "0.9.0", hint: "released 1970-01-01 00:00 UTC" },
      ],
      error: expect.any(String),
    });
    await house.say("ada", "rollback web in staging to 0.9.0");
    expect(did).toEqual([["release", { ...staging, version: "0.9.0", like: "1" }]]);
    await house.say("ada", "rollback web in staging to 1.5.0");
    expect(house.card(2).card.says).toMatch(
      /^1\.5\.0 was never a good release of web in staging\./,
    );
  });

  test("by a button of the history goes to the release that the button names", async () => {
    house.cluster.versions.set("production/web", "1.4.2");
    history = [
      { version: "1.4.2", good: true, at: 2, id: "2" },
      { version: "1.4.1", good: true, at: 1, id: "1" },
    ];
    await house.say("ada", "history web in production");
    const [shown] = house.shown();
    if (!shown) throw new Error("nothing was shown");
    await house.press("ada", shown, "Roll back to 1.4.1");
    await house.press("grace", house.card(), "Approve");
    expect(did).toEqual([["release", { ...production, version: "1.4.1", like: "1" }]]);
  });
});

test("all of it is in the audit by its name", async () => {
  await house.say("ada", "restart web in staging");
  const rows = await house.query(
    z.object({ did: z.string(), detail: z.looseObject({ command: z.string() }) }),
    "SELECT did, detail FROM shipmate.audit WHERE did = 'asked for'",
  );
  expect(rows.map(({ detail }) => detail.command)).toEqual(["restart"]);
});
