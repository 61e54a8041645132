/** The scenarios in Slack over signed HTTP. */
import { scenarios } from "./scenarios.ts";
import { slackChat } from "./slack.ts";

scenarios(async () => ({ chat: await slackChat() }));
