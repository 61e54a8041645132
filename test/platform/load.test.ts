/** Reading platform.yaml: what is right is taken whole, what is wrong is named with its line. */
import { describe, expect, test } from "vitest";
import { loadPlatform, ManifestError, parsePlatform } from "../../src/platform/load.ts";

const good = `people:
  ada: { name: Ada, accounts: { slack: U1 } }
  grace: { name: Grace }
teams:
  payments: { members: [ada, grace] }
services:
  web: { owner: payments }
environments:
  production:
    cluster: local
    approval: { from: owners }
clusters:
  local: { provider: local }
`;

/** Every mistake as `line:column sentence`. */
function said(text: string): readonly string[] {
  try {
    parsePlatform("platform.yaml", text);
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    return error.mistakes.map((m) => `${m.line}:${m.column} ${m.says}`);
  }
  return [];
}
const swap = (from: string, to: string) => {
  expect(good).toContain(from);
  return good.replace(from, to);
};

test("the file of the repository is right", async () => {
  const platform = await loadPlatform("manifests/platform.yaml");
  expect(Object.keys(platform.environments)).toEqual(["staging", "production"]);
  expect(platform.services["web"]).toMatchObject({
    ...{ owner: "payments", says: "The shop's pages" },
  });
  expect(platform.environments["production"]?.approval).toEqual({
    from: "owners",
    count: 1,
    expires: "4h",
  });
});

test("the version follows the meaning of the file and not its looks", () => {
  const version = parsePlatform("a", good).version;
  expect(version).toMatch(/^[0-9a-f]{64}$/);
  expect(
    parsePlatform(
      "b",
      `# words\n${swap("{ members: [ada, grace] }", "\n    members:\n      - ada\n      - grace")}`,
    ).version,
  ).toBe(version);
  expect(parsePlatform("a", swap("from: owners", "count: 2")).version).not.toBe(version);
});

test("two environments on one cluster may not share a namespace, but may on two", () => {
  const on = (cluster: string, namespace: string) => `people: {}
teams: {}
services: {}
environments:
  staging: { cluster: one }
  production:
    cluster: ${cluster}
    namespace: ${namespace}
clusters:
  one: { provider: kubernetes }
  two: { provider: kubernetes, context: admin, impersonate: {} }
`;
  const both = "8:16 environments.production has the same namespace as staging, staging of one.";
  expect(said(on("one", "staging"))).toEqual([both]);
  expect(said(on("two", "staging"))).toEqual([]);
  expect(said(on("one", "production"))).toEqual([]);
  const platform = parsePlatform("a", on("two", "staging"));
  expect(platform.clusters["two"]).toEqual({
    ...{ provider: "kubernetes", context: "admin", inside: false },
    impersonate: { user: "{person}", group: "{team}" },
  });
});

test("nobody is made one of Kubernetes' own users or groups", () => {
  for (const identity of [
    'group: "system:masters"',
    'group: "system:{team}"',
    "user: system:admin",
  ])
    expect(
      said(`people: {}
teams: {}
services: {}
environments: {}
clusters:
  one: { provider: kubernetes, impersonate: { ${identity} } }
`),
    ).toEqual([expect.stringContaining("must not begin with system:")]);
});

test("the message names the file, the line and what is wrong", () => {
  expect(() =>
    parsePlatform("manifests/platform.yaml", swap("owner: payments", "owner: paymets")),
  ).toThrow(
    "manifests/platform.yaml line 7: services.web.owner names no team; did you mean payments?",
  );
});

describe("what is wrong is said in one sentence at its place", () => {
  test.each([
    [
      "a member who is nobody",
      swap("[ada, grace]", "[ada, grase]"),
      "5:30 teams.payments has a member grase, who is no person; did you mean grace?",
    ],
    [
      "a member named twice",
      swap("[ada, grace]", "[ada, ada]"),
      "5:30 teams.payments names ada twice.",
    ],
    [
      "a cluster that is not there",
      swap("cluster: local", "cluster: moon"),
      "10:14 environments.production.cluster names no cluster.",
    ],
    [
      "an approver that is no team",
      swap("from: owners", "from: payment"),
      "11:23 environments.production.approval.from names no team; did you mean payments?",
    ],
    [
      "one account of two people",
      swap("name: Grace", "name: Grace, accounts: { slack: U1 }"),
      "3:44 people.grace has the same slack account as ada.",
    ],
    [
      "an unknown setting",
      swap("owner: payments", "ownr: payments, owner: payments"),
      "7:10 services.web.ownr is no setting; did you mean owner?",
    ],
    [
      "a missing setting",
      swap("owner: payments", "says: Pages"),
      "7:8 services.web.owner is missing.",
    ],
    [
      "a missing part",
      swap("clusters:\n  local: { provider: local }\n", ""),
      "1:1 clusters is missing.",
    ],
    [
      "a name in capitals",
      swap("  web:", "  Web:"),
      '7:3 "Web" can\'t be a name: use lower-case letters, digits and hyphens.',
    ],
    [
      "a count that is too small",
      swap("from: owners", "count: 0"),
      "11:24 environments.production.approval.count must be at least 1.",
    ],
    [
      "a span without a unit",
      swap("from: owners", "expires: soon"),
      "11:26 environments.production.approval.expires must be a number and a unit: 90s, 10m, 4h or 7d.",
    ],
    [
      "a span before now",
      swap("from: owners", "expires: -4h"),
      "11:26 environments.production.approval.expires must be a number and a unit: 90s, 10m, 4h or 7d.",
    ],
    [
      "a room of no chat",
      swap("owner: payments", "owner: payments, rooms: [general]"),
      "7:35 services.web.rooms.0 must be a chat and its channel, like slack:C024BE91L.",
    ],
    [
      "an unknown provider",
      swap("provider: local", "provider: cloud"),
      "13:22 clusters.local.provider must be local or kubernetes.",
    ],
    [
      "a text where a list belongs",
      swap("[ada, grace]", "ada"),
      "5:24 teams.payments.members must be a list: [a, b].",
    ],
    [
      "a number where a text belongs",
      swap("name: Ada", "name: 7"),
      "2:16 people.ada.name must be a text (put it in quotation marks).",
    ],
    ["an empty file", "", "1:1 the file must be a set of settings."],
    ["a list as the file", "- a\n- b\n", "1:1 the file must be a set of settings."],
    ["a tab as indentation", "people:\n\tada: {}\n", "2:1 Tabs are not allowed as indentation."],
    ["a bracket left open", swap("[ada, grace]", "[ada, grace"), "5:36 "],
    ["one key twice", swap("services:", "people: {}\nservices:"), "6:1 Map keys must be unique."],
    ["two documents", `${good}---\n${good}`, "14:1 "],
    ["an alias of nothing", swap("owner: payments", "owner: *who"), "7:17 *who stands for nothing"],
  ])("%s", (_, text, wanted) => {
    const all = said(text);
    expect(
      all.some((one) => one.startsWith(wanted)),
      all.join("\n"),
    ).toBe(true);
  });

  test("a file that expands without end is refused", () => {
    const bomb = ["a: &a [x, x, x, x, x, x, x, x, x]"];
    for (const [one, next] of ["ab", "bc", "cd", "de", "ef"]) {
      bomb.push(`${next}: &${next} [${Array.from({ length: 9 }, () => `*${one}`).join(", ")}]`);
    }
    expect(said(bomb.join("\n"))[0]).toMatch(/alias/i);
  });

  test("all mistakes are said at once, in the order of the file", () => {
    const text = swap("[ada, grace]", "[nobody]").replace("owner: payments", "owner: nobody");
    expect(said(text).map((one) => one.split(":")[0])).toEqual(["5", "7"]);
  });
});

test("a file that is not there says which", async () => {
  await expect(loadPlatform("manifests/nothing.yaml")).rejects.toThrow(
    "reading manifests/nothing.yaml",
  );
});
