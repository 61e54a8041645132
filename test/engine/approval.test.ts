/** Approval through the whole house: who counts, what ends it, and that it is of exactly one plan. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { checkAudit, sealAudit } from "../../src/store/audit.ts";
import type { Database } from "../../src/store/database.ts";
import { memoryDatabase } from "../databases.ts";
import { type House, openHouse, platformText, refusal } from "./house.ts";

let database: Database;
let house: House;
beforeAll(async () => {
  database = await memoryDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  house = await openHouse(database);
});
afterEach(async () => {
  expect(house.trouble).toEqual([]);
  await house.close();
});

const vault = "deploy web 1.4.2 to vault";
const production = "deploy web 1.4.2 to production";
const word = () => house.card().card.state?.word;
const says = () => house.card().card.says ?? "";
const minute = 60_000;

describe("a quorum of two", () => {
  test("waits for the second after the first, by name, and goes on with both", async () => {
    await house.say("ada", vault);
    expect(says()).toBe("Waiting for 2 of security: Grace or Linus or Barbara.");
    await house.press("grace", house.card(), "Approve");
    expect(word()).toBe("Waiting for approval");
    expect(says()).toBe("Waiting for one of security: Linus or Barbara.");
    expect(house.card().card.fields?.["Approved by"]).toContain("Grace");
    await house.press("barbara", house.card(), "Approve");
    expect(word()).toBe("Succeeded");
    expect(house.card().card.fields?.["Approved by"]).toMatch(/Grace.* and Barbara/);
  });

  test("is not met by one person twice", async () => {
    await house.say("ada", vault);
    await house.press("grace", house.card(), "Approve");
    expect(refusal(await house.press("grace", house.card(), "Approve"))).toMatch(/voted .*already/);
    expect(word()).toBe("Waiting for approval");
  });

  test("never counts the requester, also where they belong to the team", async () => {
    await house.say("grace", vault);
    expect(says()).toBe("Waiting for 2 of security: Linus or Barbara.");
    expect(refusal(await house.press("grace", house.card(), "Approve"))).toMatch(
      /^You asked for this, so somebody else has to approve it: ask Linus or Barbara\.$/,
    );
    await house.press("linus", house.card(), "Approve");
    expect(word()).toBe("Waiting for approval");
  });

  test("opens again when the first vote is withdrawn, and takes a second vote of the same person", async () => {
    await house.say("ada", vault);
    await house.press("grace", house.card(), "Approve");
    const told = await house.say("grace", "withdraw 1");
    expect(told).toMatchObject({ is: "card", private: true });
    expect(says()).toBe("Waiting for 2 of security: Grace or Linus or Barbara.");
    expect(house.card().card.fields?.["Approved by"]).toBeUndefined();
    await house.press("linus", house.card(), "Approve");
    expect(word()).toBe("Waiting for approval");
    await house.press("grace", house.card(), "Approve");
    expect(word()).toBe("Succeeded");
  });
});

test("a rejection by anybody who is asked ends it, with their reason, and changes nothing", async () => {
  await house.say("ada", vault);
  await house.press("grace", house.card(), "Approve");
  await house.say("linus", 'reject 1 because "after the sale"');
  expect(word()).toBe("Rejected");
  expect(says()).toBe('Linus rejected this: "after the sale". Nothing changed.');
  expect(house.cluster.keys).toEqual([]);
  expect(refusal(await house.say("barbara", `approve 1 ${await digest()}`))).toContain("rejected");
});

test("a rejection by somebody who is not asked is refused, and names who is", async () => {
  await house.say("ada", vault);
  const no = refusal(await house.press("mallory", house.card(), "Reject"));
  expect(no).toMatch(/^Only people in a team/);
  const other = refusal(await house.press("ada", house.card(), "Reject"));
  expect(other).toBe("You asked for this, so you can't reject it: cancel it instead.");
  expect(word()).toBe("Waiting for approval");
});

test("it expires at its time, says so, and takes no vote any more", async () => {
  await house.say("ada", vault);
  expect(house.card().card.facts).toContain("expires in 30 min");
  const before = await digest();
  await house.clock.advance(30 * minute - 1);
  await house.settle();
  expect(word()).toBe("Waiting for approval");
  await house.clock.advance(1);
  await house.settle();
  expect(word()).toBe("Expired");
  expect(says()).toBe("Nobody answered in 30 min. Nothing changed.");
  expect(refusal(await house.say("grace", `approve 1 ${before}`))).toContain("Nobody answered");
  expect(house.cluster.keys).toEqual([]);
});

test("a vote that arrives after its time, and before anybody noticed, does not count", async () => {
  await house.say("ada", production);
  await house.clock.advance(4 * 60 * minute);
  expect(refusal(await house.press("grace", house.card(), "Approve"))).toBe(
    "The time to answer run 1 is over. Nothing changed; ask for it again.",
  );
  expect(word()).toBe("Expired");
  expect(house.cluster.keys).toEqual([]);
});

test("an approval typed with other digits is refused and named the right ones", async () => {
  await house.say("ada", production);
  const no = refusal(await house.say("grace", "approve 1 00000000"));
  expect(no).toContain("The plan changed since that card");
  expect(no).toContain(await digest());
  expect(word()).toBe("Waiting for approval");
});

describe("the world moved between approval and begin", () => {
  /** As the approving click arrives, the cluster looks another way by the second look. */
  async function moved(): Promise<void> {
    await house.say("ada", production);
    house.cluster.replicas.set("production/web", 5);
    await house.press("grace", house.card(), "Approve");
  }

  test("the card says what changed, whose approval no longer counts, and asks again", async () => {
    await moved();
    expect(word()).toBe("Waiting again");
    expect(says()).toBe(
      "It changed since Grace approved: replicas 5 → 3. That approval no longer counts; please look again. Waiting for one of payments: Grace or Linus.",
    );
    expect(house.card().card.fields?.["Approved by"]).toBeUndefined();
    expect(house.cluster.keys).toEqual([]);
  });

  test("a vote for the digest before it is refused, also by the button of a card that somebody still sees", async () => {
    await house.say("ada", production);
    const old = house.card();
    house.cluster.replicas.set("production/web", 5);
    await house.press("grace", old, "Approve");
    const no = refusal(await house.press("linus", old, "Approve"));
    expect(no).toMatch(/^The plan changed since that card: look at run 1 again/);
    expect(house.cluster.keys).toEqual([]);
  });

  test("approved again, it goes through", async () => {
    await moved();
    await house.press("grace", house.card(), "Approve");
    expect(word()).toBe("Succeeded");
    expect(house.cluster.keys).toHaveLength(1);
  });
});

test("of fifty votes of two people in one instant one decides, and the others are told who", async () => {
  await house.say("ada", production);
  const digits = await digest();
  const votes = Array.from({ length: 50 }, (_, n) => {
    const who = n % 2 ? "grace" : "linus";
    const intent = {
      key: `v${n}`,
      who: { surface: "console", id: who },
      at: { surface: "console", channel: "general" },
      said: { text: `approve 1 ${digits}` },
    };
    return house.door.store(intent).then(() => house.door.enter(intent.key, "console"));
  });
  const answers = await Promise.all(votes);
  const titles = answers.map((answer) => refusal(answer));
  expect(titles.filter((title) => title.startsWith("You approved"))).toHaveLength(1);
  const others = titles.filter((title) => !title.startsWith("You approved"));
  for (const title of others) expect(title).toMatch(/^(Grace|Linus) already approved run 1\.$/);
  const counted = await house.query(
    z.object({ person: z.string() }),
    "SELECT person FROM shipmate.votes WHERE withdrawn_at IS NULL",
  );
  expect(counted).toHaveLength(1);
  await house.settle();
  expect(word()).toBe("Succeeded");
  expect(house.cluster.keys).toHaveLength(1);
});

test("a vote is judged by the rules of the moment: who left the team meanwhile does not count", async () => {
  await house.say("ada", production);
  house.platform(platformText.replace("[ada, grace, linus]", "[ada, linus]"));
  expect(refusal(await house.press("grace", house.card(), "Approve"))).toMatch(/^Only payments/);
});

test("who approved what and when stands in the votes and, linked, in the audit", async () => {
  await house.say("ada", production);
  const digits = await digest();
  await house.clock.advance(minute);
  await house.press("grace", house.card(), "Approve");
  const Row = z.object({
    person: z.string(),
    digest: z.string(),
    surface: z.string(),
    at: z.number(),
  });
  const [vote] = await house.query(Row, "SELECT person, digest, surface, at FROM shipmate.votes");
  expect(vote).toMatchObject({ person: "grace", surface: "console" });
  expect(vote?.at).toBe(await house.clock.now());
  expect(vote?.digest.slice(0, 8)).toBe(digits);
  const audit = await house.query(
    z.object({ did: z.string(), person: z.string(), digest: z.string().nullable() }),
    "SELECT did, person, digest FROM shipmate.audit WHERE run IS NOT NULL ORDER BY id",
  );
  expect(audit.map(({ did, person }) => `${person}: ${did}`)).toEqual([
    "ada: asked for",
    "ada: asked for approval",
    "grace: approved",
    "ada: began",
    "ada: carried out",
    "ada: ended: succeeded",
  ]);
  expect(audit.find(({ did }) => did === "approved")?.digest).toBe(vote?.digest);
  await sealAudit(database);
  expect(await checkAudit(database)).toMatchObject({ ok: true });
});

async function digest(): Promise<string> {
  const rows = await house.query(
    z.object({ digest: z.string() }),
    "SELECT digest FROM shipmate.plans ORDER BY id DESC LIMIT 1",
  );
  return rows[0]?.digest.slice(0, 8) ?? "";
}
