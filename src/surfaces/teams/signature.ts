/** Who sent a request: the token that the Bot Connector signs, checked by botbuilder and more narrowly than it does. */
import { ConfigurationBotFrameworkAuthentication } from "botbuilder";
import { z } from "zod";
import { isForTests, isService, type TeamsConfig } from "./config.ts";
import type { Log } from "./log.ts";

/** What decides about a request before anything else of it is read. */
export const Envelope = z.looseObject({
  /** Teams itself: botbuilder checks tokens of some other channels by laxer rules. */
  channelId: z.literal("msteams"),
  serviceUrl: z.string().min(1).max(500),
});

/** `unknown`: the keys could not be read, so nobody can tell now. */
export type Verdict = "good" | "forged" | "unknown";

/** Checks issuer, audience, expiry (5 minutes either way), the claim of the service URL, and the signature. */
export function signatures(
  config: TeamsConfig,
): (body: z.infer<typeof Envelope>, authorization: string | undefined) => Promise<Verdict> {
  const { app, log } = config;
  const now = config.now ?? Date.now;
  const issuer = config.issuer ?? microsoft;
  if (app === undefined)
    return async ({ serviceUrl }) => (isService(serviceUrl, true) ? "good" : "forged");
  const library = new ConfigurationBotFrameworkAuthentication(
    {
      MicrosoftAppId: app.id,
      MicrosoftAppTenantId: app.tenant,
      BotOpenIdMetadata: issuer.metadata,
      ToBotFromChannelTokenIssuer: issuer.name,
      ToChannelFromBotLoginUrl: "",
    },
    {
      isValidAppId: async (id) => id === app.id,
      isAuthenticationDisabled: async () => false,
      createCredentials: () => Promise.reject(new Error("no credentials are made here")),
    },
  );
  return async (body, authorization) => {
    const claims = claimsOf(authorization);
    // botbuilder also takes tokens of its emulator and of other bots, whose service URL it does not check.
    const plausible =
      claims?.iss === issuer.name &&
      claims.aud === app.id &&
      claims.serviceurl === body.serviceUrl &&
      claims.exp > now() / 1000 - skew &&
      isService(body.serviceUrl, isForTests(config));
    if (authorization === undefined || !plausible) return "forged";
    try {
      await library.authenticateRequest(body as never, authorization);
      return "good";
    } catch (error) {
      return meant(error, log);
    }
  };
}

const microsoft = {
  name: "https://api.botframework.com",
  metadata: "https://login.botframework.com/v1/.well-known/openidconfiguration",
};

/** In seconds, as the Bot Connector's authentication page asks. */
const skew = 300;

const Claims = z.object({
  iss: z.string(),
  aud: z.string(),
  exp: z.number(),
  serviceurl: z.string(),
});

function claimsOf(authorization: string | undefined): z.infer<typeof Claims> | undefined {
  const [scheme, token, more] = (authorization ?? "").split(" ");
  const payload = token?.split(".")[1];
  if (scheme !== "Bearer" || payload === undefined || more !== undefined) return undefined;
  try {
    return Claims.parse(JSON.parse(Buffer.from(payload, "base64url").toString()));
  } catch {
    return undefined;
  }
}

/** A forged signature is an error of the token; whatever else goes wrong is not the sender's doing. */
function meant(error: unknown, log: Log): Verdict {
  const { name, statusCode } = error as { readonly name?: string; readonly statusCode?: number };
  if (
    statusCode === 401 ||
    /^(JsonWebTokenError|TokenExpiredError|NotBeforeError)$/.test(name ?? "")
  )
    return "forged";
  log("error", "reading the keys of those who sign for Teams", error);
  return "unknown";
}
