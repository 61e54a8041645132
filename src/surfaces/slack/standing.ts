/** Asks Slack once what it makes of our tokens. */

import { calls, refusal } from "./calls.ts";
import { scopes } from "./manifest.ts";
import type { SlackConfig } from "./slack.ts";

/** What Slack said: yes, its own "no" by its code, or nothing. */
export type Said =
  | { readonly is: "yes" }
  | { readonly is: "no"; readonly code: string }
  | { readonly is: "away"; readonly why: string };

export interface SlackStanding {
  readonly bot: Said;
  /** The workspace that the bot's token is of. */
  readonly workspace: string;
  /** Of the scopes that we need, those that it lacks, each with what it is for. */
  readonly lacks: readonly (readonly [scope: string, use: string])[];
  /** Absent without an app-level token. */
  readonly app?: Said;
}

type Tokens = Pick<SlackConfig, "botToken" | "appToken" | "apiUrl">;

/** Posts nothing. Asking for a connection opens none. */
export async function askSlack(tokens: Tokens): Promise<SlackStanding> {
  const { botToken, appToken, apiUrl } = tokens;
  const askWith = (token: string) =>
    calls({ token, log: () => undefined, ...(apiUrl !== undefined && { apiUrl }) });
  const app =
    appToken === undefined
      ? undefined
      : await said(askWith(appToken)("opening", undefined, (to) => to.apps.connections.open({})));
  try {
    const told = await askWith(botToken)("asking", undefined, (to) => to.auth.test());
    const has = told.response_metadata?.scopes ?? [];
    const lacks = Object.entries(scopes).filter(([scope]) => !has.includes(scope));
    const workspace = told.team ?? told.team_id ?? "";
    return { bot: { is: "yes" }, workspace, lacks, ...(app && { app }) };
  } catch (error) {
    return { bot: noOrAway(error), workspace: "", lacks: [], ...(app && { app }) };
  }
}

async function said(asking: Promise<unknown>): Promise<Said> {
  try {
    await asking;
    return { is: "yes" };
  } catch (error) {
    return noOrAway(error);
  }
}

function noOrAway(error: unknown): Said {
  const code = refusal(error);
  if (code !== undefined) return { is: "no", code };
  let inner = error;
  while (inner instanceof Error && inner.cause !== undefined) inner = inner.cause;
  return { is: "away", why: inner instanceof Error ? inner.message : String(inner) };
}
