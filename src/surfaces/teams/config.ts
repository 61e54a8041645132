/** What the Teams surface is told at the start, and what it refuses to start with. */
import { refuse } from "../../core/refusal.ts";
import type { Log } from "./log.ts";

/** The app's registration in Microsoft Entra, by the names of its settings. */
export interface TeamsApp {
  /** `MicrosoftAppId` */
  readonly id: string;
  /** `MicrosoftAppPassword`; none with a managed identity. */
  readonly password?: string;
  /** `MicrosoftAppTenantId`: the organisation whose people may use it. */
  readonly tenant: string;
  /** `MicrosoftAppType`: whose token the app asks for. */
  readonly type: "SingleTenant" | "MultiTenant" | "UserAssignedMSI";
}

export interface TeamsConfig {
  /** Absent only with `allowUnauthenticated`. */
  readonly app?: TeamsApp;
  /** Takes requests that nobody signed, from this machine alone: for the Agents Playground. */
  readonly allowUnauthenticated?: boolean;
  /** The address that the web server listens at. */
  readonly host: string;
  /** Other organisations whose people may use it, too. */
  readonly moreTenants?: readonly string[];
  /** Where messages go before anybody has spoken in their conversation; the public cloud's where absent. */
  readonly serviceUrl?: string;
  /** Who signs requests, and where its keys stand; Microsoft's where absent. Others only on this machine. */
  readonly issuer?: { readonly name: string; readonly metadata: string };
  /** Where the app gets its own token; Microsoft's where absent. Others only on this machine. */
  readonly loginUrl?: string;
  readonly log: Log;
  /** The one masking sink, for what does not come through the outbox. */
  readonly mask?: <T>(value: T) => T;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** From 0 to 1: spreads tries that come again. */
  readonly random?: () => number;
  /** The most that one call to Teams may take, in milliseconds. */
  readonly timeout?: number;
  /** How long a request waits for what comes of it, in milliseconds; a time that people bear where absent. */
  readonly answerIn?: number;
}

/** Where the connector of the public cloud listens, whatever the region (learn.microsoft.com, "Send proactive messages"). */
export const publicCloud = "https://smba.trafficmanager.net/teams/";

/** Throws a Refusal of one sentence where this would leave the door open. */
export function check(config: TeamsConfig): void {
  const { app, issuer, loginUrl, serviceUrl } = config;
  if (app === undefined && config.allowUnauthenticated !== true)
    refuse(
      "MicrosoftAppId is not set: without it nobody could tell who speaks, so Teams stays off.",
    );
  if (app === undefined && !isLoopback(config.host))
    refuse(
      "TEAMS_ALLOW_UNAUTHENTICATED is set and HOST is not an address of this machine alone: set HOST to 127.0.0.1, or set MicrosoftAppId.",
    );
  if (app !== undefined && config.allowUnauthenticated === true)
    refuse("MicrosoftAppId and TEAMS_ALLOW_UNAUTHENTICATED are both set: set one of them.");
  if (app !== undefined && app.type !== "UserAssignedMSI" && !app.password)
    refuse("MicrosoftAppPassword is not set: the app cannot get its own token without it.");
  for (const url of [issuer?.metadata, loginUrl])
    if (url !== undefined && !isLoopback(URL.parse(url)?.hostname ?? ""))
      refuse("An issuer of tokens other than Microsoft may only be one on this machine.");
  if (serviceUrl !== undefined && !isService(serviceUrl, isForTests(config)))
    refuse("TEAMS_SERVICE_URL must be an address of Microsoft Teams.");
}

/** Whether service URLs on this machine are good, too. */
export function isForTests({ app, issuer }: TeamsConfig): boolean {
  return app === undefined || issuer !== undefined;
}

/**
 * Whether messages (and our token with them) may be sent there: the hosts that Microsoft documents for
 * the public cloud, GCC, GCC High and DoD. Anybody can get another name under trafficmanager.net.
 */
export function isService(url: string, loopbackToo: boolean): boolean {
  const at = URL.parse(url);
  if (at === null || at.username !== "" || at.password !== "" || /\s/.test(url)) return false;
  if (loopbackToo && isLoopback(at.hostname)) return ["http:", "https:"].includes(at.protocol);
  return at.protocol === "https:" && at.port === "" && hosts.has(at.hostname);
}

const hosts = new Set([
  "smba.trafficmanager.net",
  "smba.infra.gcc.teams.microsoft.com",
  "smba.infra.gov.teams.microsoft.us",
  "smba.infra.dod.teams.microsoft.us",
]);

/** Whether only this machine reaches the address (RFC 1122 3.2.1.3, RFC 4291 2.5.3). */
export function isLoopback(host: string): boolean {
  return /^(localhost|\[?::1\]?|(::ffff:)?127(\.\d{1,3}){3})$/.test(host);
}
