/** The settings decide the mode, and a wrong one is refused in one sentence that names it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { loadEnvironment, readConfig, Settings, secretsOf } from "../src/config.ts";
import { Refusal } from "../src/core/refusal.ts";

const database = "postgres://ship:hunter2@db:5432/shipmate";
const redis = "redis://:hunter2@cache:6379";
const slack = { SLACK_BOT_TOKEN: "xoxb-hunter2", SLACK_SIGNING_SECRET: "hunter2" };

describe("the mode", () => {
  test("is local without any setting, on loopback, in .shipmate", () => {
    expect(readConfig({})).toEqual({
      mode: "local",
      why: expect.stringContaining("Local, because neither DATABASE_URL nor a chat's token is set"),
      host: "127.0.0.1",
      port: 3000,
      home: resolve(".shipmate"),
      log: "warn",
    });
  });

  test("is one machine with a database", () => {
    const config = readConfig({ DATABASE_URL: database, HOST: "0.0.0.0" });
    expect(config).toMatchObject({ mode: "one machine", database, host: "0.0.0.0" });
    expect(config.why).toContain("because DATABASE_URL is set");
  });

  test("is a fleet with a database and a Redis", () => {
    const config = readConfig({ DATABASE_URL: database, REDIS_URL: redis });
    expect(config).toMatchObject({ mode: "fleet", database, redis });
    expect(config.why).toContain("DATABASE_URL and REDIS_URL");
  });

  test("is one machine without a database's URL where a chat's token is set", () => {
    const config = readConfig({ ...slack, SHIPMATE_HOME: "/var/lib/shipmate" });
    expect(config).toMatchObject({ mode: "one machine", home: "/var/lib/shipmate" });
    expect(config).not.toHaveProperty("database");
    expect(config.why).toContain("SLACK_BOT_TOKEN is set; its data is in /var/lib/shipmate");
  });

  test("empty settings and blank ones count as not set", () => {
    const empty = Object.fromEntries(Object.keys(Settings.shape).map((name) => [name, " "]));
    expect(readConfig(empty)).toEqual(readConfig({}));
  });

  test("the sentence about it shows no secret", () => {
    const all = { ...slack, DATABASE_URL: database, REDIS_URL: redis };
    expect(readConfig(all).why).not.toContain("hunter2");
  });
});

test("the manifests' folder and the kubeconfig are taken where they are named", () => {
  expect(readConfig({})).not.toHaveProperty("manifests");
  expect(readConfig({ SHIPMATE_MANIFESTS: "/etc/shipmate", KUBECONFIG: "/k" })).toMatchObject({
    ...{ mode: "local", manifests: "/etc/shipmate", kubeconfig: "/k" },
  });
});

test("a collector of traces is taken by its address", () => {
  const set = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://localhost:4318" };
  expect(readConfig(set).traces).toBe("http://localhost:4318");
  expect(readConfig({}).traces).toBeUndefined();
  expect(() => readConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: "localhost:4318" })).toThrow(
    "OTEL_EXPORTER_OTLP_ENDPOINT must be a URL like http://localhost:4318.",
  );
});

test("what nobody may see of the settings is known in every mode", () => {
  const url = "postgres://u:p%40ss-1@db/x";
  const fleet = readConfig({
    DATABASE_URL: url,
    REDIS_URL: "redis://:secret-2@r",
    SLACK_BOT_TOKEN: "xoxb-3",
    SLACK_SIGNING_SECRET: "secret-4",
    OTEL_EXPORTER_OTLP_ENDPOINT: "https://u:secret-5@collector",
  });
  const all = ["p@ss-1", "secret-2", "xoxb-3", "secret-4", "secret-5"];
  expect(secretsOf(fleet).toSorted()).toEqual(all.toSorted());
  expect(secretsOf(readConfig({}))).toEqual([]);
});

describe("Teams", () => {
  const id = "12345678-1234-4234-8234-123456789abc";
  const app = { MicrosoftAppId: id, MicrosoftAppTenantId: id, MicrosoftAppPassword: "hunter2" };
  test("comes with an app's id, its secret and its organisation, as one machine", () => {
    expect(readConfig(app)).toMatchObject({
      mode: "one machine",
      teams: { app: { id, tenant: id, password: "hunter2", type: "SingleTenant" } },
    });
    expect(readConfig(app).why).toContain("because MicrosoftAppId is set");
    expect(readConfig(app).why).not.toContain("hunter2");
    const managed = { MicrosoftAppType: "UserAssignedMSI", MicrosoftAppPassword: "" };
    expect(readConfig({ ...app, ...managed })).toHaveProperty("teams.app.type", "UserAssignedMSI");
  });

  test("is taken unauthenticated from this machine alone, and only where that is said", () => {
    expect(readConfig({ TEAMS_ALLOW_UNAUTHENTICATED: "true" })).toMatchObject({
      teams: { allowUnauthenticated: true },
    });
    expect(readConfig({ TEAMS_ALLOW_UNAUTHENTICATED: "false" })).not.toHaveProperty("teams");
    expect(
      refused({ TEAMS_ALLOW_UNAUTHENTICATED: "true", HOST: "0.0.0.0", DATABASE_URL: database }),
    ).toMatch(/^TEAMS_ALLOW_UNAUTHENTICATED is set and HOST is not/);
    expect(refused({ ...app, TEAMS_ALLOW_UNAUTHENTICATED: "true" })).toMatch(/are both set/);
  });

  test("half of an app is refused, by the name of what is missing", () => {
    expect(refused({ MicrosoftAppPassword: "x" })).toMatch(/without MicrosoftAppId/);
    expect(refused({ ...app, MicrosoftAppTenantId: "" })).toMatch(/without MicrosoftAppTenantId/);
    expect(refused({ ...app, MicrosoftAppPassword: "" })).toMatch(/without MicrosoftAppPassword/);
    expect(refused({ ...app, MicrosoftAppId: "shipmate" })).toMatch(
      /^MicrosoftAppId must be the app's id/,
    );
  });
});

describe("Slack", () => {
  test("comes by HTTP with a signing secret", () => {
    expect(readConfig(slack)).toMatchObject({
      slack: { botToken: "xoxb-hunter2", signingSecret: "hunter2" },
    });
  });

  test("comes by Socket Mode with an app token alone", () => {
    const config = readConfig({ SLACK_BOT_TOKEN: "xoxb-1", SLACK_APP_TOKEN: "xapp-1" });
    expect(config).toMatchObject({ slack: { botToken: "xoxb-1", appToken: "xapp-1" } });
  });

  test("is not there without a token, wherever its API would be", () => {
    expect(readConfig({ SLACK_API_URL: "http://127.0.0.1:9/api/" })).not.toHaveProperty("slack");
  });
});

describe("refused in one sentence that names the setting and shows no value", () => {
  for (const [what, environment, name] of [
    ["a Redis alone", { REDIS_URL: redis }, "REDIS_URL"],
    ["a bot token alone", { SLACK_BOT_TOKEN: "xoxb-hunter2" }, "SLACK_BOT_TOKEN"],
    ["a signing secret alone", { SLACK_SIGNING_SECRET: "hunter2" }, "SLACK_SIGNING_SECRET"],
    ["an app token alone", { SLACK_APP_TOKEN: "xapp-hunter2" }, "SLACK_APP_TOKEN"],
    [
      "an app token for a bot token",
      { ...slack, SLACK_BOT_TOKEN: "xapp-hunter2" },
      "SLACK_BOT_TOKEN",
    ],
    [
      "a bot token for an app token",
      { ...slack, SLACK_APP_TOKEN: "xoxb-hunter2" },
      "SLACK_APP_TOKEN",
    ],
    ["a console open to everybody", { HOST: "0.0.0.0" }, "HOST"],
    ["a host that only looks like loopback", { HOST: "127.0.0.1.hunter2.com" }, "HOST"],
    ["a port that is no number", { PORT: "hunter2" }, "PORT"],
    ["a port that is too high", { PORT: "65536" }, "PORT"],
    ["a negative port", { PORT: "-1" }, "PORT"],
    ["a database that is no PostgreSQL", { DATABASE_URL: "mysql://hunter2@db/x" }, "DATABASE_URL"],
    ["a database that is no URL", { DATABASE_URL: "hunter2" }, "DATABASE_URL"],
    ["a Redis that is no Redis", { REDIS_URL: "http://hunter2" }, "REDIS_URL"],
    ["an API that is no URL", { ...slack, SLACK_API_URL: "hunter2" }, "SLACK_API_URL"],
    ["a level of the log that is none", { LOG_LEVEL: "hunter2" }, "LOG_LEVEL"],
  ] as const) {
    test(what, () => {
      const refusal = refused(environment);
      expect(refusal).toMatch(new RegExp(`^${name} .*[^.]\\.$`));
      expect(refusal).not.toContain("hunter2");
      expect(refusal.split("\n")).toHaveLength(1);
    });
  }

  test("every host of this machine alone is good", () => {
    for (const HOST of ["127.0.0.1", "127.8.0.1", "localhost", "::1"])
      expect(readConfig({ HOST })).toMatchObject({ mode: "local", host: HOST });
  });
});

describe(".env", () => {
  test("of the folder is taken up, and what the environment says already stays", () => {
    const folder = mkdtempSync(join(tmpdir(), "shipmate-env-"));
    process.env["SHIPMATE_TRIED_SET"] = "before";
    try {
      loadEnvironment(folder);
      expect(process.env["SHIPMATE_TRIED_NEW"]).toBeUndefined();
      writeFileSync(join(folder, ".env"), "SHIPMATE_TRIED_NEW=file\nSHIPMATE_TRIED_SET=file\n");
      loadEnvironment(folder);
      expect(process.env["SHIPMATE_TRIED_NEW"]).toBe("file");
      expect(process.env["SHIPMATE_TRIED_SET"]).toBe("before");
    } finally {
      delete process.env["SHIPMATE_TRIED_NEW"];
      delete process.env["SHIPMATE_TRIED_SET"];
      rmSync(folder, { recursive: true });
    }
  });

  test(".env.example names every setting, with a comment, and no other", () => {
    const text = readFileSync(join(import.meta.dirname, "..", ".env.example"), "utf8");
    const blocks = text.split("\n\n").slice(1);
    const named = blocks.map((block) => {
      const [comment, ...rest] = block.trim().split("\n");
      expect(comment).toMatch(/^# \w/);
      return rest.at(-1)?.match(/^#([A-Za-z_]+)=/)?.[1];
    });
    expect(named.toSorted()).toEqual(Object.keys(Settings.shape).toSorted());
  });
});

function refused(environment: Readonly<Record<string, string>>): string {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
  throw new Error("it was accepted");
}
