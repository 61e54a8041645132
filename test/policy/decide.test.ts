/** Policy's decisions: who may, whose approval is needed, who may give it. */
import { describe, expect, test } from "vitest";
import type { Json, Target } from "../../src/core/operation.ts";
import { Refusal } from "../../src/core/refusal.ts";
import { may, mayVote, needs, rights } from "../../src/policy/decide.ts";
import { platform } from "./fixture.ts";

const says = (id: string, act: "look" | "change", ...targets: Target[]) => {
  const ruling = may(platform, { id }, act, targets);
  return ruling.ok ? `yes: ${ruling.rule}` : ruling.says;
};
const plan = (requester: string, targets: Target[], workflow = "deploy", input: Json = {}) =>
  needs(platform, { requester, targets, nodes: [], workflow, input });
const refused = (requester: string, targets: Target[], workflow?: string) => {
  try {
    plan(requester, targets, workflow);
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
  return "nothing refused";
};

describe("may", () => {
  test.each([
    ["ada", "change", "production/web", "yes: payments may change production"],
    ["linus", "change", "production/web", "Only payments may change production: ask Ada or Grace."],
    ["linus", "change", "staging/web", "yes: everybody in a team may change staging"],
    ["linus", "look", "production/web", "yes: everybody in a team may look"],
    [
      "mallory",
      "look",
      "staging/web",
      "Only people in a team may do this: ask Ada, Grace, Linus or Edsger.",
    ],
    [
      "mallory",
      "change",
      "staging/web",
      "Only people in a team may do this: ask Ada, Grace, Linus or Edsger.",
    ],
    [
      "nobody",
      "look",
      "staging/web",
      "Only people in a team may do this: ask Ada, Grace, Linus or Edsger.",
    ],
    [
      "ada",
      "look",
      "moon/web",
      'There is no environment "moon" in platform.yaml, so nobody may touch it.',
    ],
    [
      "ada",
      "change",
      "constructor/web",
      'There is no environment "constructor" in platform.yaml, so nobody may touch it.',
    ],
    [
      "ada",
      "change",
      "production/ghost",
      'Nobody owns "ghost" in platform.yaml, so nobody may change it in production.',
    ],
  ] as const)("%s asks to %s %s", (person, act, target, wanted) => {
    expect(says(person, act, target)).toBe(wanted);
  });

  test("one target that is not allowed is enough for a no", () => {
    expect(says("ada", "change", "production/web", "production/shop")).toBe(
      "Only storefront may change production: ask Linus or Grace.",
    );
  });

  test("a change that names no target is refused, a look without one is not", () => {
    expect(says("ada", "change")).toBe("This does not say what it changes, so no rule allows it.");
    expect(says("ada", "look")).toMatch(/^yes/);
  });
});

describe("needs", () => {
  test("an environment without approval asks nobody, and the rule says so", () => {
    expect(plan("ada", ["staging/web"])).toMatchObject({
      needs: [],
      rule: "staging asks nobody",
      policy: platform.version,
    });
  });

  test("production asks one of the owning team, never the requester", () => {
    expect(plan("ada", ["production/web"])).toEqual({
      policy: platform.version,
      needs: [{ of: "payments", count: 1, people: ["grace"] }],
      rule: "production asks one of the owning team",
      expires: 14_400_000,
    });
  });

  test("each owning team is asked once, also for several services", () => {
    expect(plan("grace", ["production/web", "production/hello", "production/shop"]).needs).toEqual([
      { of: "payments", count: 1, people: ["ada"] },
      { of: "storefront", count: 1, people: ["linus"] },
    ]);
  });

  test("a named team is asked with its count, and the shortest span counts", () => {
    expect(plan("ada", ["production/web", "vault/web"])).toMatchObject({
      needs: [
        { of: "payments", count: 1, people: ["grace"] },
        { of: "security", count: 2, people: ["linus", "edsger"] },
      ],
      rule: "production asks one of the owning team; vault asks 2 of security",
      expires: 1_800_000,
    });
  });

  test("a rollback is pre-approved where the environment says so, and only there", () => {
    expect(plan("ada", ["production/web"], "rollback")).toMatchObject({
      needs: [],
      rule: "production approves every rollback beforehand",
    });
    expect(plan("ada", ["vault/web"], "rollback").needs).toHaveLength(1);
  });

  test("a rollback to a version that somebody chose is a change like any other", () => {
    expect(plan("ada", ["production/web"], "rollback", { to: "1.3.0" }).needs).toHaveLength(1);
  });

  test("a rollback still asks for the right to change", () => {
    expect(refused("linus", ["production/web"], "rollback")).toBe(
      "Only payments may change production: ask Ada or Grace.",
    );
  });

  test("what an operation touches counts even where the plan's targets leave it out", () => {
    const node = {
      place: "0",
      kind: "effect",
      op: "clusters.release",
      input: {},
      provider: "local",
      says: "",
      on: ["production/web"],
      preview: { same: {} },
    } as const;
    const draft = {
      requester: "ada",
      targets: ["staging/web"] as const,
      nodes: [node],
      workflow: "deploy",
    };
    expect(needs(platform, draft).needs).toHaveLength(1);
  });

  test.each([
    ["linus", ["production/web"], "Only payments may change production: ask Ada or Grace."],
    [
      "ada",
      ["moon/web"],
      'There is no environment "moon" in platform.yaml, so nobody may touch it.',
    ],
    ["ada", [], "This does not say what it changes, so no rule allows it."],
    [
      "edsger",
      ["production/lone"],
      "production asks one of solo besides you, and there is nobody: add somebody to solo in platform.yaml.",
    ],
    [
      "linus",
      ["vault/web"],
      "vault asks 2 of security besides you, and there is only Edsger: add somebody to security in platform.yaml.",
    ],
  ] as const)("%s is refused a change of %s", (person, targets, wanted) => {
    expect(refused(person, [...targets])).toBe(wanted);
  });
});

describe("mayVote", () => {
  const asked = { requester: "ada", needs: [{ of: "payments", count: 1, people: ["grace"] }] };
  const vote = (id: string, how?: "yes" | "no", of: Parameters<typeof mayVote>[2] = asked) => {
    const ruling = mayVote(platform, { id }, of, how);
    return ruling.ok ? `yes: ${ruling.rule}` : ruling.says;
  };

  test("one of the people whom the plan asks may approve and reject", () => {
    expect(vote("grace")).toBe("yes: payments may approve");
    expect(vote("grace", "no")).toBe("yes: payments may reject");
  });
  test("the requester may not approve, and is told who can", () => {
    expect(vote("ada")).toBe("You asked for this, so somebody else has to approve it: ask Grace.");
    expect(vote("ada", "no")).toBe(
      "You asked for this, so you can't reject it: cancel it instead.",
    );
  });
  test("nobody else may, and is told who can", () => {
    expect(vote("linus")).toBe("Only payments may approve this: ask Grace.");
    expect(vote("mallory", "no")).toBe("Only payments may reject this: ask Grace.");
  });
  test("somebody who has left the team since the plan was made may not", () => {
    const old = {
      requester: "ada",
      needs: [{ of: "payments", count: 1, people: ["grace", "edsger"] }],
    };
    expect(vote("edsger", "yes", old)).toBe("Only payments may approve this: ask Grace.");
  });
  test("a plan that needs nobody takes no votes", () => {
    expect(vote("grace", "yes", { requester: "ada", needs: [] })).toBe(
      "Nobody has to approve this.",
    );
  });
});

test.each([
  [
    "ada",
    "may change staging and vault of web, hello, shop and lone; may change production of web and hello; may approve for payments",
  ],
  [
    "linus",
    "may change staging and vault of web, hello, shop and lone; may change production of shop; may approve for storefront and security",
  ],
  ["mallory", "may do nothing"],
  ["nobody", "may do nothing"],
])("what %s may do is said in words", (id, wanted) => {
  expect(rights(platform, { id })).toBe(wanted);
});
