/** The scenarios in Slack over Socket Mode. */
import { scenarios } from "./scenarios.ts";
import { slackChat } from "./slack.ts";

scenarios(async () => ({ chat: await slackChat({ socket: true }) }));
