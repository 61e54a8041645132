/** Looks at the chats: do they take the tokens that are set, and may the app do there what it has to? */
import type { Config } from "../config.ts";
import { faultText } from "../engine/faults.ts";
import type { TeamsConfig } from "../surfaces/teams/config.ts";
import { about, type Finding } from "./finding.ts";

const slack = about("Slack");
const teams = about("Teams");

export async function lookAtSlack(config: Config): Promise<readonly Finding[]> {
  const { good, note, wrong } = slack;
  if (config.mode === "local" || config.slack === undefined)
    return [note("It is not connected: docs/slack.md tells how.")];
  const { askSlack } = await import("../surfaces/slack/standing.ts");
  const { bot, workspace, lacks, app } = await askSlack(config.slack);
  if (bot.is === "away")
    return [wrong(`Slack does not answer (${bot.why}): let this machine reach it over HTTPS.`)];
  if (bot.is === "no")
    return [
      wrong(
        `Slack does not take SLACK_BOT_TOKEN (${bot.code}): copy it anew from the app's OAuth & Permissions.`,
      ),
    ];
  const findings = [good(`Slack knows the app in the workspace ${workspace}.`)];
  for (const [scope, use] of lacks)
    findings.push(
      wrong(
        `The app lacks the scope ${scope} (${use}): add it under OAuth & Permissions, and install the app again.`,
      ),
    );
  if (app?.is === "no")
    findings.push(
      wrong(
        `Slack does not take SLACK_APP_TOKEN (${app.code}): make one with connections:write under Basic Information.`,
      ),
    );
  if (app?.is === "away")
    findings.push(wrong(`Slack gives no connection (${app.why}): start the doctor again later.`));
  if (app?.is === "yes") findings.push(good("Socket Mode works with the app-level token."));
  if (app === undefined)
    findings.push(
      note(
        "Slack sends requests here: whether it reaches this machine, and SLACK_SIGNING_SECRET is right, shows only with the first one.",
      ),
    );
  return findings;
}

export async function lookAtTeams(
  config: Config,
  microsoft: Partial<TeamsConfig> = {},
): Promise<readonly Finding[]> {
  const { good, note, wrong } = teams;
  if (config.mode === "local" || config.teams === undefined)
    return [note("It is not connected: docs/teams.md tells how.")];
  if (config.teams.app === undefined)
    return [note("It takes messages that nobody signed, from this machine alone.")];
  const { tokens } = await import("../surfaces/teams/token.ts");
  const log = () => undefined;
  try {
    await tokens({ ...config.teams, ...microsoft, host: config.host, log })(
      AbortSignal.timeout(15_000),
    );
    return [good("Microsoft gives the app its token.")];
  } catch (error) {
    const says = faultText(error);
    const status = /: (\d{3})$/.exec(says)?.[1];
    if (status === "401")
      return [
        wrong(
          "Microsoft does not take MicrosoftAppPassword: make a new client secret in the app's registration.",
        ),
      ];
    if (status === "400" || status === "404")
      return [
        wrong(
          `Microsoft does not know the app there (${status}): compare MicrosoftAppId, MicrosoftAppTenantId and MicrosoftAppType with its registration.`,
        ),
      ];
    return [
      wrong(
        `Microsoft gives the app no token (${says}): let this machine reach login.microsoftonline.com.`,
      ),
    ];
  }
}
