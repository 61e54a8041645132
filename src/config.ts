/** The settings: the only file that reads the environment, and what they make of this process. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { refuse } from "./core/refusal.ts";
import { type Level, levels } from "./observe/log.ts";

/** What is the same in every mode. */
interface Common {
  /** One sentence for the line at the start: which mode this is, and which settings made it so. */
  readonly why: string;
  /** The address to listen at; in local mode always one of this machine alone. */
  readonly host: string;
  /** The port to listen at; 0 for any free one. */
  readonly port: number;
  /** The absolute path of the folder for everything that is kept in files. */
  readonly home: string;
  /** The absolute path of the folder of platform.yaml and of what it names; the project's own unless set. */
  readonly manifests?: string;
  /** The kubeconfig for clusters of platform.yaml that name none. */
  readonly kubeconfig?: string;
  readonly log: Level;
  /** For how many days finished runs and all that belongs to them are kept; for ever unless set. */
  readonly historyDays?: number;
  /** The address of an OpenTelemetry collector, to which each run's trace is sent (OTLP over HTTP). */
  readonly traces?: string;
}

/** No settings: the database lies in the home folder, the console may act as anybody. */
export interface Local extends Common {
  readonly mode: "local";
}

/** One process. Without a database's URL the database lies in the home folder. */
export interface OneMachine extends Common {
  readonly mode: "one machine";
  readonly database?: string;
  readonly slack?: SlackSettings;
  readonly teams?: TeamsSettings;
}

/** Any number of processes on one PostgreSQL and one Redis. */
export interface Fleet extends Common {
  readonly mode: "fleet";
  readonly database: string;
  readonly redis: string;
  readonly slack?: SlackSettings;
  readonly teams?: TeamsSettings;
}

export type Config = Local | OneMachine | Fleet;

/** With an app token Slack is reached by Socket Mode, else it calls us over HTTP and signs with the secret. */
export interface SlackSettings {
  readonly botToken: string;
  readonly signingSecret?: string;
  readonly appToken?: string;
  readonly apiUrl?: string;
}

/** Teams calls us over HTTP; without an app it does so unauthenticated, on this machine alone. */
export interface TeamsSettings {
  readonly app?: {
    readonly id: string;
    readonly password?: string;
    /** The organisation whose people may use it. */
    readonly tenant: string;
    readonly type: "SingleTenant" | "MultiTenant" | "UserAssignedMSI";
  };
  readonly allowUnauthenticated?: boolean;
}

const url = (schemes: readonly string[], example: string) =>
  z.string().refine((text) => schemes.includes(schemeOf(text)), `must be a URL like ${example}`);
const starting = (start: string, what: string) =>
  z.string().startsWith(start, `must be ${what}, which starts with ${start}`);

/** Every setting by its name. `.env.example` explains them to people. */
export const Settings = z.object({
  PORT: z
    .string()
    .regex(/^\d{1,5}$/, "must be a number from 0 to 65535")
    .transform(Number)
    .refine((port) => port <= 65_535, "must be a number from 0 to 65535")
    .default(3000),
  HOST: z.string().default("127.0.0.1"),
  SHIPMATE_HOME: z.string().default(".shipmate"),
  SHIPMATE_MANIFESTS: z.string().optional(),
  KUBECONFIG: z.string().optional(),
  DATABASE_URL: url(["postgres", "postgresql"], "postgres://user@host:5432/shipmate").optional(),
  REDIS_URL: url(["redis", "rediss"], "redis://host:6379").optional(),
  SLACK_BOT_TOKEN: starting("xoxb-", "a bot token").optional(),
  SLACK_SIGNING_SECRET: z.string().optional(),
  SLACK_APP_TOKEN: starting("xapp-", "an app-level token").optional(),
  SLACK_API_URL: url(["https", "http"], "https://slack.com/api/").optional(),
  MicrosoftAppId: z.guid("must be the app's id, 8-4-4-4-12 hex digits").optional(),
  MicrosoftAppPassword: z.string().optional(),
  MicrosoftAppTenantId: z.guid("must be the tenant's id, 8-4-4-4-12 hex digits").optional(),
  MicrosoftAppType: z
    .enum(
      ["SingleTenant", "MultiTenant", "UserAssignedMSI"],
      "must be SingleTenant, MultiTenant or UserAssignedMSI",
    )
    .optional(),
  TEAMS_ALLOW_UNAUTHENTICATED: z.stringbool("must be true or false").optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: url(["http", "https"], "http://localhost:4318").optional(),
  HISTORY_DAYS: z
    .string()
    .regex(/^[1-9]\d{0,4}$/, "must be a number of days from 1 to 99999")
    .transform(Number)
    .optional(),
  LOG_LEVEL: z.enum(levels, `must be one of ${levels.join(", ")}`).optional(),
});
type Settings = z.output<typeof Settings>;
type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Takes up `.env` of the folder, where there is one. What the environment says already stays.
 * Throws where the file cannot be read.
 */
export function loadEnvironment(folder = "."): void {
  const file = join(folder, ".env");
  if (existsSync(file)) process.loadEnvFile(file);
}

/**
 * The mode and its settings. An empty one counts as not set. Throws a Refusal of one sentence that
 * names the setting and never shows its value, since it may be a secret.
 */
export function readConfig(environment: Environment = process.env): Config {
  const settings = parse(environment);
  const { DATABASE_URL: database, REDIS_URL: redis } = settings;
  const slack = slackOf(settings);
  const teams = teamsOf(settings);
  const common = {
    host: settings.HOST,
    port: settings.PORT,
    home: resolve(settings.SHIPMATE_HOME),
    ...(settings.SHIPMATE_MANIFESTS && { manifests: resolve(settings.SHIPMATE_MANIFESTS) }),
    ...(settings.KUBECONFIG && { kubeconfig: settings.KUBECONFIG }),
    ...(settings.OTEL_EXPORTER_OTLP_ENDPOINT && { traces: settings.OTEL_EXPORTER_OTLP_ENDPOINT }),
    ...(settings.HISTORY_DAYS !== undefined && { historyDays: settings.HISTORY_DAYS }),
    log: settings.LOG_LEVEL ?? "info",
  };
  const chat = { ...(slack && { slack }), ...(teams && { teams }) };
  if (redis !== undefined) {
    if (database === undefined)
      refuse(
        "REDIS_URL is set without DATABASE_URL: a fleet shares a PostgreSQL, so set both or neither.",
      );
    const why = "Fleet, because DATABASE_URL and REDIS_URL are set.";
    return { mode: "fleet", why, ...common, database, redis, ...chat };
  }
  if (database !== undefined) {
    const why = "One machine, because DATABASE_URL is set and REDIS_URL is not.";
    return { mode: "one machine", why, ...common, database, ...chat };
  }
  if (slack ?? teams) {
    const name = slack ? "SLACK_BOT_TOKEN" : teams?.app ? "MicrosoftAppId" : unauthenticated;
    const why = `One machine, because ${name} is set; its data is in ${common.home}, because DATABASE_URL is not.`;
    return { mode: "one machine", why, ...common, ...chat };
  }
  if (!loopback(common.host))
    refuse(
      "HOST is not an address of this machine alone: without DATABASE_URL anybody who reaches the console may act as anybody, so set HOST to 127.0.0.1 or set DATABASE_URL.",
    );
  const why = `Local, because neither DATABASE_URL nor a chat's token is set; its data is in ${common.home}.`;
  // Here a person looks at the terminal: what goes as it should is the console's to say.
  return { mode: "local", why, ...common, log: settings.LOG_LEVEL ?? "warn" };
}

/** What of the settings nobody may see. */
export function secretsOf(config: Config): readonly string[] {
  const traces = config.traces === undefined ? [] : passwordIn(config.traces);
  if (config.mode === "local") return traces;
  const urls = [config.database, config.mode === "fleet" ? config.redis : undefined];
  const passwords = urls.flatMap((url) => (url ? passwordIn(url) : []));
  const { botToken, signingSecret, appToken } = config.slack ?? {};
  const tokens = [botToken, signingSecret, appToken, config.teams?.app?.password];
  return [...traces, ...passwords, ...tokens.filter((one) => one !== undefined)];
}

function passwordIn(url: string): readonly string[] {
  const { password } = new URL(url);
  return password === "" ? [] : [decodeURIComponent(password)];
}

function parse(environment: Environment): Settings {
  const names = Object.keys(Settings.shape);
  const given = names.flatMap((name) => {
    const value = environment[name]?.trim();
    return value ? [[name, value] as const] : [];
  });
  const read = Settings.safeParse(Object.fromEntries(given));
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  return refuse(`${issue?.path.join(".")} ${issue?.message}.`);
}

function slackOf(settings: Settings): SlackSettings | undefined {
  const { SLACK_BOT_TOKEN: botToken, SLACK_APP_TOKEN: appToken } = settings;
  const { SLACK_SIGNING_SECRET: signingSecret, SLACK_API_URL: apiUrl } = settings;
  if (botToken === undefined) {
    const alone = appToken ? "SLACK_APP_TOKEN" : signingSecret ? "SLACK_SIGNING_SECRET" : undefined;
    if (alone === undefined) return undefined;
    return refuse(`${alone} is set without SLACK_BOT_TOKEN: set the bot token too, or neither.`);
  }
  if (signingSecret === undefined && appToken === undefined)
    refuse(
      "SLACK_BOT_TOKEN is set without SLACK_SIGNING_SECRET or SLACK_APP_TOKEN: set the signing secret for HTTP, or the app token for Socket Mode.",
    );
  return {
    botToken,
    ...(signingSecret && { signingSecret }),
    ...(appToken && { appToken }),
    ...(apiUrl && { apiUrl }),
  };
}

const unauthenticated = "TEAMS_ALLOW_UNAUTHENTICATED";

function teamsOf(settings: Settings): TeamsSettings | undefined {
  const { MicrosoftAppId: id, MicrosoftAppPassword: password } = settings;
  const { MicrosoftAppTenantId: tenant, MicrosoftAppType: type = "SingleTenant" } = settings;
  if (id === undefined) {
    const alone = password ? "MicrosoftAppPassword" : tenant ? "MicrosoftAppTenantId" : undefined;
    if (alone !== undefined)
      refuse(`${alone} is set without MicrosoftAppId: set the app's id too, or neither.`);
    if (settings[unauthenticated] !== true) return undefined;
    if (!loopback(settings.HOST))
      refuse(
        `${unauthenticated} is set and HOST is not an address of this machine alone: set HOST to 127.0.0.1, or set MicrosoftAppId.`,
      );
    return { allowUnauthenticated: true };
  }
  if (settings[unauthenticated] === true)
    refuse(`MicrosoftAppId and ${unauthenticated} are both set: set one of them.`);
  if (tenant === undefined)
    refuse(
      "MicrosoftAppId is set without MicrosoftAppTenantId: set your organisation's id, so that nobody else's people get in.",
    );
  if (type !== "UserAssignedMSI" && password === undefined)
    refuse(
      "MicrosoftAppId is set without MicrosoftAppPassword: set it, or MicrosoftAppType to UserAssignedMSI.",
    );
  return { app: { id, tenant, type, ...(password !== undefined && { password }) } };
}

/** Whether only this machine reaches the address (RFC 1122 3.2.1.3, RFC 4291 2.5.3). */
function loopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

function schemeOf(text: string): string {
  return URL.parse(text)?.protocol.replace(":", "") ?? "";
}
