/** Each sentence of the doctor that needs no server of its own: settings, manifests, chats, tools. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readConfig } from "../../src/config.ts";
import { lookAtSlack, lookAtTeams } from "../../src/doctor/chats.ts";
import { lookAtKinds } from "../../src/doctor/clusters.ts";
import { fullFolder, lookAtDatabase, judged as ofPostgres } from "../../src/doctor/database.ts";
import { examine } from "../../src/doctor/examine.ts";
import { type Finding, looked } from "../../src/doctor/finding.ts";
import { lookAtManifests, lookAtTools } from "../../src/doctor/manifests.ts";
import { lookAtRedis, judged as ofRedis } from "../../src/doctor/redis.ts";
import { isBasic, neededRights, rightsText } from "../../src/doctor/rights.ts";
import { report } from "../../src/doctor.ts";
import { unreachable as noRedis } from "../../src/engine/doorbell-away.ts";
import { parsePlatform } from "../../src/platform/load.ts";
import { unreachable as noPostgres } from "../../src/store/unreachable.ts";
import { slackServer } from "../surfaces/slack/slack-server.ts";
import { teamsServer } from "../surfaces/teams/teams-server.ts";

const root = join(import.meta.dirname, "../..");

async function folder(): Promise<string> {
  const place = await mkdtemp(join(tmpdir(), "shipmate-doctor-"));
  onTestFinished(() => rm(place, { recursive: true, force: true }));
  return place;
}
const says = (findings: readonly Finding[]) => findings.map((one) => `${one.is}: ${one.says}`);

test("nothing is wrong where nothing is set, and the folder is left alone", async () => {
  const home = join(await folder(), "home");
  const findings = await examine({ root, environment: { SHIPMATE_HOME: home } });
  expect(says(findings)).toEqual([
    `good: Local, because neither DATABASE_URL nor a chat's token is set; its data is in ${home}.`,
    "good: platform.yaml is right: 2 services, 2 environments and 1 cluster.",
    `note: There is none in ${home} yet: the first start makes it.`,
    "good: None is set, and one process alone needs none.",
    "note: It is not connected: docs/slack.md tells how.",
    "note: It is not connected: docs/teams.md tells how.",
    "good: platform.yaml names none of Kubernetes, so none is needed.",
    ...says(findings.filter(({ of }) => of === "Tools")),
  ]);
  const { existsSync } = await import("node:fs");
  expect(existsSync(home)).toBe(false);
  expect(report(findings)).toMatch(
    /^good {3}Settings {3}Local.*\n[\s\S]*\n\nNothing is wrong\.\n$/,
  );
});

test("a setting that is wrong is named without its value, and the rest is not guessed at", async () => {
  const findings = await examine({ root, environment: { DATABASE_URL: "mysql://u:geheim@x/y" } });
  expect(says(findings)).toEqual([
    "wrong: DATABASE_URL must be a URL like postgres://user@host:5432/shipmate.",
    "good: platform.yaml is right: 2 services, 2 environments and 1 cluster.",
    "note: The rest was not looked at: start the doctor again when this is right.",
  ]);
  expect(report(findings)).toContain("1 thing is wrong.");
  expect(report(findings)).not.toContain("geheim");
});

test("with a platform.yaml that is wrong, clusters are not guessed at", async () => {
  const place = await folder();
  await writeFile(join(place, "platform.yaml"), "teems: {}\n");
  const environment = { SHIPMATE_HOME: join(place, "home"), SHIPMATE_MANIFESTS: place };
  expect(says(await examine({ root, environment })).at(-1)).toBe(
    "note: They were not looked at: platform.yaml has to be right first.",
  );
});

test("when everything is away each thing says so, and no secret is shown", async () => {
  const environment = {
    SHIPMATE_HOME: await folder(),
    DATABASE_URL: "postgres://shipmate:geheim-1@127.0.0.1:1/shipmate",
    REDIS_URL: "redis://:geheim-2@127.0.0.1:1",
    SLACK_BOT_TOKEN: "xoxb-geheim-3",
    SLACK_SIGNING_SECRET: "geheim-4",
    SLACK_API_URL: "http://127.0.0.1:1/api/",
  };
  const text = report(await examine({ root, environment }));
  expect(text).toContain(
    "Nothing listens at 127.0.0.1:1: start PostgreSQL there, or correct DATABASE_URL.",
  );
  expect(text).toContain(
    "Nothing listens at 127.0.0.1:1: start Redis there, or correct REDIS_URL. Until then runs go on, some seconds slower.",
  );
  expect(text).toMatch(/Slack does not answer \(.+\): let this machine reach it over HTTPS\./);
  expect(text).toContain("3 things are wrong.");
  expect(text).not.toContain("geheim");
});

test("a secret that another's answer repeats is masked", async () => {
  const server = await slackServer();
  onTestFinished(() => server.close());
  server.next("auth.test", { error: `no such token: ${server.botToken}` });
  const environment = {
    SHIPMATE_HOME: await folder(),
    SLACK_BOT_TOKEN: server.botToken,
    SLACK_SIGNING_SECRET: "s",
    SLACK_API_URL: server.apiUrl,
  };
  const text = report(await examine({ root, environment }));
  expect(text).toContain("Slack does not take SLACK_BOT_TOKEN (no such token: ");
  expect(text).not.toContain(server.botToken);
});

test("what nobody thought of is a finding too", async () => {
  const [finding] = await looked("Redis", async () => {
    throw new Error("out of memory");
  });
  expect(finding).toEqual({
    ...{ of: "Redis", is: "wrong" },
    says: "This could not be looked at (out of memory): start the doctor again, and look there by hand where it stays so.",
  });
});

test("machines that nobody knows are named", async () => {
  const set = {
    DATABASE_URL: "postgres://u@nobody.invalid/x",
    REDIS_URL: "redis://nobody.invalid",
  };
  const config = readConfig(set);
  expect(says(await lookAtDatabase(config))).toEqual([
    "wrong: No machine is called nobody.invalid: correct DATABASE_URL, or this machine's DNS.",
  ]);
  expect(says(await lookAtRedis(config))).toEqual([
    "wrong: No machine is called nobody.invalid: correct REDIS_URL, or this machine's DNS.",
  ]);
});

test("a manifest's mistakes come with their lines; one that is not there is said", async () => {
  const place = await folder();
  expect(says((await lookAtManifests(place)).findings)).toEqual([
    expect.stringMatching(
      /^wrong: .*platform\.yaml can't be read \(.+\): put it there, or set SHIPMATE_MANIFESTS\.$/,
    ),
  ]);
  await writeFile(join(place, "platform.yaml"), "people: {}\nteems: {}\n");
  expect(says((await lookAtManifests(place)).findings)[0]).toMatch(
    /^wrong: platform\.yaml line \d+: /,
  );
});

const onKubernetes = `
people: { ada: { name: Ada } }
teams: { payments: { members: [ada] } }
services:
  web: { owner: payments, manifests: services/web }
environments: { production: { cluster: prod } }
clusters: { prod: { provider: kubernetes } }
`;

test("a service's manifests that are not there are said, and so are the tools that they need", async () => {
  const place = await folder();
  const manifests = join(place, "manifests");
  await mkdir(manifests);
  await writeFile(join(manifests, "platform.yaml"), onKubernetes);
  const before = await lookAtManifests(manifests);
  expect(says(before.findings)[1]).toBe(
    "wrong: There is no services/web: put the manifests of web there, or correct platform.yaml.",
  );
  await mkdir(join(place, "services/web"), { recursive: true });
  const { findings, platform } = await lookAtManifests(manifests);
  expect(says(findings)).toEqual([
    "good: platform.yaml is right: 1 service, 1 environment and 1 cluster.",
  ]);
  if (!platform) throw new Error("it is right");
  const none = async () => undefined;
  expect(says(await lookAtTools(platform, manifests, none))).toEqual([
    "note: helm is not here, and no service needs it.",
    "note: kustomize is not here, and no service needs it.",
    "note: kubectl is not here; only people need it, to look for themselves.",
  ]);
  for (const file of ["Chart.yaml", "kustomization.yaml"])
    await writeFile(join(place, "services/web", file), "");
  expect(says(await lookAtTools(platform, manifests, none)).slice(0, 2)).toEqual([
    "wrong: helm is not here and web can't be rendered: install it, see https://helm.sh.",
    "wrong: kustomize is not here and web can't be rendered: install it, see https://kustomize.io.",
  ]);
  const all = async (...names: readonly string[]) => `/usr/bin/${names[0]}`;
  expect(says(await lookAtTools(platform, manifests, all))).toEqual([
    "good: helm is /usr/bin/helm.",
    "good: kustomize is /usr/bin/kustomize.",
    "good: kubectl is /usr/bin/kubectl.",
  ]);
});

test("PostgreSQL: what it says about itself", () => {
  const fine = {
    ...{ version: 17, standby: false, fsync: "on", creates: true, off: 0 },
    ...{ migrates: false, full: false },
  };
  expect(says(ofPostgres(fine))).toEqual([
    "good: PostgreSQL 17 answers.",
    "good: Its clock agrees with this machine's.",
  ]);
  const bad = { version: 12, standby: true, fsync: "off", creates: false, migrates: true };
  expect(says(ofPostgres({ ...bad, off: -61_000, full: true }))).toEqual([
    "wrong: PostgreSQL 12 is too old: use 15 or a later one.",
    "wrong: It is a standby, where nothing can be written: put the primary into DATABASE_URL.",
    "wrong: It runs with fsync off, so a power cut loses what was done: switch fsync on.",
    "wrong: Shipmate may not make its tables: GRANT CREATE ON DATABASE to its user, or have somebody who may start it once.",
    "wrong: Its clock is 61 s behind this machine's: let both set theirs by NTP.",
    "wrong: Its disk is full, so nothing can be written: make room there.",
  ]);
  expect(says(ofPostgres({ ...fine, off: 3_000 }))[1]).toBe(
    "wrong: Its clock is 3 s ahead of this machine's: let both set theirs by NTP.",
  );
  const full = Object.assign(new Error("too many clients"), { code: "53300" });
  expect(noPostgres(new URL("postgres://u@db:5432/x"), full)).toBe(
    "PostgreSQL at db:5432 has no connection left: raise its max_connections, or start fewer replicas.",
  );
  const disk = Object.assign(new Error("no space left"), { code: "53100" });
  expect(noPostgres(new URL("postgres://u@db:5432/x"), disk)).toBe(
    "The disk of PostgreSQL at db:5432 is full: make room there.",
  );
  expect(fullFolder("/data/shipmate", 5_500_000)).toBe(
    "The disk of /data/shipmate has 5 MB left, and below 32 MB nothing is written: make room there.",
  );
});

test("Redis: what it says about itself", () => {
  expect(says(ofRedis({ version: "7.2.4", policy: "noeviction" }))).toEqual([
    "good: Redis 7.2.4 answers.",
  ]);
  expect(says(ofRedis({ version: "5.0.9", policy: "noeviction" }))).toEqual([
    "wrong: Redis 5.0.9 is too old: use 6.2 or a later one.",
  ]);
  expect(says(ofRedis({ version: "7.2.4", policy: "allkeys-lru" }))[1]).toBe(
    "wrong: When it is full it throws away what others wait for (allkeys-lru): set maxmemory-policy to noeviction.",
  );
  expect(noRedis(new URL("redis://r:6379"), new Error("timed out"))).toBe(
    "Redis at r:6379 does not answer (timed out): start it, let this machine reach it, or correct REDIS_URL.",
  );
});

test("Slack: what it says to the tokens, and which scopes the app lacks", async () => {
  const server = await slackServer();
  onTestFinished(() => server.close());
  const set = {
    SLACK_BOT_TOKEN: server.botToken,
    SLACK_APP_TOKEN: server.appToken,
    SLACK_API_URL: server.apiUrl,
  };
  const look = async (more: { readonly [name: string]: string } = {}) =>
    says(await lookAtSlack(readConfig({ ...set, ...more })));
  expect(await look()).toEqual([
    "good: Slack knows the app in the workspace T0HOME.",
    "good: Socket Mode works with the app-level token.",
  ]);
  expect(await look({ SLACK_APP_TOKEN: "xapp-wrong" })).toContain(
    "wrong: Slack does not take SLACK_APP_TOKEN (invalid_auth): make one with connections:write under Basic Information.",
  );
  expect(await look({ SLACK_BOT_TOKEN: "xoxb-wrong" })).toEqual([
    "wrong: Slack does not take SLACK_BOT_TOKEN (invalid_auth): copy it anew from the app's OAuth & Permissions.",
  ]);
  server.next("apps.connections.open", { status: 500 });
  expect((await look())[1]).toMatch(
    /^wrong: Slack gives no connection \(.+\): start the doctor again later\.$/,
  );
  server.scopes.delete("files:write");
  expect(await look({ SLACK_APP_TOKEN: "", SLACK_SIGNING_SECRET: "s" })).toEqual([
    "good: Slack knows the app in the workspace T0HOME.",
    "wrong: The app lacks the scope files:write (long logs, as a file in the run's thread): add it under OAuth & Permissions, and install the app again.",
    "note: Slack sends requests here: whether it reaches this machine, and SLACK_SIGNING_SECRET is right, shows only with the first one.",
  ]);
});

test("Teams: whether Microsoft gives the app its token", async () => {
  const server = await teamsServer();
  onTestFinished(() => server.close());
  const { app, loginUrl } = server.settings;
  const set = {
    MicrosoftAppId: app.id,
    MicrosoftAppPassword: app.password,
    MicrosoftAppTenantId: app.tenant,
  };
  const look = async (more = {}, login = loginUrl) =>
    says(await lookAtTeams(readConfig({ ...set, ...more }), { loginUrl: login }));
  expect(await look()).toEqual(["good: Microsoft gives the app its token."]);
  expect(await look({ MicrosoftAppPassword: "wrong" })).toEqual([
    "wrong: Microsoft does not take MicrosoftAppPassword: make a new client secret in the app's registration.",
  ]);
  const another = "22222222-2222-4222-8222-222222222222";
  expect(await look({ MicrosoftAppTenantId: another })).toEqual([
    "wrong: Microsoft does not know the app there (404): compare MicrosoftAppId, MicrosoftAppTenantId and MicrosoftAppType with its registration.",
  ]);
  expect((await look({}, "http://127.0.0.1:1"))[0]).toMatch(
    /^wrong: Microsoft gives the app no token \(.+\): let this machine reach login\.microsoftonline\.com\.$/,
  );
  const open = readConfig({ TEAMS_ALLOW_UNAUTHENTICATED: "true" });
  expect(says(await lookAtTeams(open))).toEqual([
    "note: It takes messages that nobody signed, from this machine alone.",
  ]);
});

test("kinds that nobody installed on a cluster are wrong where an environment needs them", async () => {
  const asked = {
    ...{ name: "prod", signal: AbortSignal.timeout(1_000) },
    cluster: { serves: async () => undefined },
  };
  const text = onKubernetes.replace(
    "{ cluster: prod }",
    "{ cluster: prod, web: { route: { kind: gateway, gateway: { name: main } } } }",
  );
  const { environments } = parsePlatform("platform.yaml", text);
  expect(says(await lookAtKinds(asked, Object.entries(environments)))).toEqual([
    "wrong: The cluster prod has no Gateway API (gateway.networking.k8s.io/v1 HTTPRoute): ask the platform team to install it, see https://gateway-api.sigs.k8s.io/guides.",
    "note: The cluster prod has no CloudNativePG (postgresql.cnpg.io/v1 Cluster): ask the platform team to install it, see https://cloudnative-pg.io/docs. Only a service with a database needs it.",
  ]);
  const there = { ...asked, cluster: { serves: async () => ({ namespaced: true }) } };
  expect(await lookAtKinds(there, Object.entries(environments))).toEqual([]);
});

test("the rights that are asked for are those of the file that people apply", async () => {
  const rights = await neededRights();
  expect(rights).toContainEqual({
    ...{ verb: "patch", group: "apps", resource: "deployments", subresource: undefined },
  });
  expect(rights).toContainEqual({ verb: "get", group: "", resource: "pods", subresource: "log" });
  expect(rights.some(({ resource }) => ["namespaces", "users"].includes(resource))).toBe(false);
  expect(rights.filter(isBasic).length).toBeLessThan(rights.length);
  expect(rightsText(rights.filter(({ resource }) => resource === "pods"))).toBe(
    "get/list/watch/create pods, get pods/log",
  );
  expect(rightsText(rights)).toMatch(/ and more$/);
});
