/** The scenarios in Teams. */
import { scenarios } from "./scenarios.ts";
import { teamsChat } from "./teams.ts";

scenarios(async () => {
  const chat = await teamsChat();
  return { chat, more: { microsoft: chat.microsoft } };
});
