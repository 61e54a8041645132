/** The app's own token, for its calls to the Bot Connector. */
import { ConfigurationServiceClientCredentialFactory } from "botbuilder";
import { z } from "zod";
import type { TeamsApp, TeamsConfig } from "./config.ts";

/** A token that is good for at least another five minutes; undefined where nobody asks for one. */
export type Token = (signal: AbortSignal) => Promise<string | undefined>;

export function tokens(config: TeamsConfig): Token {
  const { app } = config;
  const now = config.now ?? Date.now;
  let kept: { readonly token: string; readonly until: number } | undefined;
  let asking: Promise<string> | undefined;
  if (app === undefined) return async () => undefined;
  if (app.type === "UserAssignedMSI") return managed(app);
  return async (signal) => {
    if (kept !== undefined && kept.until > now() + margin) return kept.token;
    asking ??= ask(app, config.loginUrl ?? "https://login.microsoftonline.com").finally(() => {
      asking = undefined;
    });
    return await Promise.race([asking, aborted(signal)]);
  };

  async function ask(app: TeamsApp, login: string): Promise<string> {
    const tenant = app.type === "SingleTenant" ? app.tenant : "botframework.com";
    const doing = "asking Microsoft for the app's own token";
    const answer = await fetch(`${login.replace(/\/$/, "")}/${tenant}/oauth2/v2.0/token`, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "client_credentials",
        client_id: app.id,
        client_secret: app.password ?? "",
        scope,
      }),
      redirect: "error",
      signal: AbortSignal.timeout(config.timeout ?? 10_000),
    });
    if (!answer.ok) throw new Error(`${doing}: ${answer.status}`);
    const { access_token, expires_in } = Answer.parse(await answer.json());
    kept = { token: access_token, until: now() + expires_in * 1000 };
    return access_token;
  }
}

const scope = "https://api.botframework.com/.default";
const margin = 5 * 60_000;
const Answer = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number() });

/** A managed identity of Azure, which only botbuilder's own credentials know to ask. */
function managed(app: TeamsApp): Token {
  const factory = new ConfigurationServiceClientCredentialFactory({
    MicrosoftAppId: app.id,
    MicrosoftAppTenantId: app.tenant,
    MicrosoftAppType: app.type,
  });
  return async () => {
    const credentials = await factory.createCredentials(
      app.id,
      "https://api.botframework.com",
      "https://login.microsoftonline.com/botframework.com",
      true,
    );
    const headers = new Map<string, string>();
    await credentials.signRequest({
      headers: { set: (name: string, value: string) => headers.set(name.toLowerCase(), value) },
    } as never);
    return headers.get("authorization")?.replace(/^Bearer /, "");
  };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
