/** Fills a console with cards, and one run that has a plan, votes and a past. */
import type { DrawnCard } from "../../src/core/card.ts";
import type { Plan } from "../../src/core/plan.ts";
import { insertPlan, insertVote } from "../../src/store/plans.ts";
import { insertRun } from "../../src/store/runs.ts";
import { insertSaid } from "../../src/store/views.ts";
import type { World } from "./world.ts";

export const plan: Plan = {
  digest: "9f2c41ab5d0e44c1b7a2f3c98d11e0aa4b6c7d8e9f00112233445566778899aa",
  requester: "ada",
  nodes: [
    {
      place: "0",
      kind: "effect",
      op: "clusters.release",
      input: { service: "web", version: "1.4.2", environment: "production" },
      provider: "local",
      says: "release web 1.4.2 to production",
      on: ["production/web"],
      preview: {
        changes: [
          { of: "web", field: "image", from: "1.4.1", to: "1.4.2" },
          {
            of: "web",
            field: "settings",
            from: { cart: false, region: "eu" },
            to: { cart: true, region: "eu" },
          },
        ],
        seen: {},
        will: {},
        undo: [],
      },
    },
    {
      place: "1",
      kind: "until",
      op: "clusters.rollout",
      input: {},
      provider: "local",
      says: "wait until web is ready in production",
      on: ["production/web"],
      preview: { same: {} },
      timeout: "10m",
    },
  ],
  groups: [],
  targets: ["production/web"],
  policy: "1",
  needs: [{ of: "payments", count: 1, people: ["grace", "linus"] }],
  rule: "production asks one of the owners",
  expires: 14_400_000,
};

/** A run `r1` that waits for grace or linus, with its card as message `m-waiting`. */
export async function fill(
  world: World,
  cards: { readonly [name: string]: DrawnCard },
): Promise<void> {
  const { database } = world;
  const input = { service: "web", version: "1.4.2", environment: "production" };
  const title = "Deploy web 1.4.2 to production";
  await insertRun(database, { id: "r1", workflow: "deploy", hash: "h", input, title, by: "ada" });
  await database.run(
    "UPDATE shipmate.runs SET state = 'waiting', says = 'Waiting for one of payments: grace or linus.' WHERE id = 'r1'",
  );
  await insertPlan(database, {
    run: "r1",
    step: "ship it",
    body: { ...plan, digest: `0${plan.digest.slice(1)}` },
    state: "open",
    again: false,
  });
  const vote = { run: "r1", step: "ship it", digest: `0${plan.digest.slice(1)}`, person: "linus" };
  const how = { vote: "yes", surface: "console" } as const;
  await insertVote(database, { ...vote, ...how }, { did: "approved" });
  await insertPlan(database, {
    ...{ run: "r1", step: "ship it", body: plan, state: "open" },
    again: true,
  });
  const say = (id: string, text: string) =>
    insertSaid(database, { id, surface: "console", channel: "general", author: "ada", text });
  await say("said-1", "deploy web 1.4.2 to production");
  for (const [name, card] of Object.entries(cards)) {
    await world.put({
      id: `m-${name}`,
      card,
      ...(name === "waiting" ? { run: "r1" } : {}),
      ...(name === "not-understood" ? { kind: "reply" as const, to: "ada" } : {}),
    });
  }
}
