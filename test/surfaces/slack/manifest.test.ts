import { expect, test } from "vitest";
import { manifest, scopes, twins } from "../../../src/surfaces/slack/manifest.ts";

/** Names that Slack keeps for itself: one of them makes it refuse the whole manifest. */
const taken = [
  "active",
  "apps",
  "archive",
  "away",
  "call",
  "collapse",
  "dm",
  "dnd",
  "expand",
  "feed",
  "feedback",
  "giphy",
  "huddle",
  "invite",
  "join",
  "kick",
  "leave",
  "me",
  "msg",
  "mute",
  "open",
  "part",
  "people",
  "prefs",
  "remind",
  "remove",
  "rename",
  "search",
  "shortcuts",
  "shrug",
  "star",
  "status",
  "todo",
  "topic",
  "unarchive",
  "who",
];

const commands = [...twins, ...taken].map((name) => ({
  name,
  summary: `What ${name} does, at length. `.repeat(10),
  examples: [`${name} web`],
}));

test("no slash command has a name of Slack's own", () => {
  const names = manifest(commands).features.slash_commands.map(({ command }) => command.slice(1));
  expect(names).toEqual(["shipmate", ...twins]);
  expect(names.filter((name) => taken.includes(name))).toEqual([]);
});

test("each slash command says what to type after it", () => {
  expect(manifest(commands).features.slash_commands[1]).toMatchObject({
    command: "/deploy",
    usage_hint: "web",
  });
});

test("a twin whose command is not there is left out", () => {
  expect(manifest([]).features.slash_commands.map(({ command }) => command)).toEqual(["/shipmate"]);
});

test("the app asks for what it has a reason for, and hears mentions and direct messages only", () => {
  const made = manifest(commands);
  expect(made.oauth_config.scopes.bot).toEqual(Object.keys(scopes));
  expect(Object.values(scopes).every((why) => why.length > 10)).toBe(true);
  expect(made.settings.event_subscriptions.bot_events).toEqual(["app_mention", "message.im"]);
  expect(made.settings.socket_mode_enabled).toBe(true);
});
