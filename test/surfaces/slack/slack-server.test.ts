/** The server that stands for Slack refuses what Slack would: else no test with it could fail. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { faultsOfMessage, faultsOfView } from "./limits.ts";
import type { SlackServer } from "./slack-server.ts";
import { slackServer } from "./slack-server.ts";

let server: SlackServer;

beforeAll(async () => {
  server = await slackServer({ hidesBursts: true });
});
afterAll(() => server.close());

const plain = (text: string) => ({ type: "plain_text", text });
const button = { type: "button", action_id: "a", value: "v", text: plain("Approve") };

test.each([
  ["51 blocks", Array.from({ length: 51 }, () => ({ type: "divider" }))],
  ["a long header", [{ type: "header", text: plain("x".repeat(151)) }]],
  ["an empty text", [{ type: "section", text: plain("") }]],
  ["a header in markup", [{ type: "header", text: { type: "mrkdwn", text: "x" } }]],
  [
    "26 buttons",
    [
      {
        type: "actions",
        elements: Array.from({ length: 26 }, (_, at) => ({ ...button, action_id: `${at}` })),
      },
    ],
  ],
  ["an action twice", [{ type: "actions", elements: [button, button] }]],
  ["a long label", [{ type: "actions", elements: [{ ...button, text: plain("x".repeat(76)) }] }]],
  ["a long value", [{ type: "actions", elements: [{ ...button, value: "x".repeat(2001) }] }]],
  [
    "11 elements of context",
    [{ type: "context", elements: Array.from({ length: 11 }, () => plain("x")) }],
  ],
  ["an unknown block", [{ type: "banner" }]],
  ["half a character", [{ type: "header", text: plain("\uD83D") }]],
  ["a hidden character", [{ type: "header", text: plain("a\u202Eb") }]],
])("%s is refused", async (_, blocks) => {
  expect(faultsOfMessage({ text: "x", blocks })).not.toEqual([]);
  expect(await ask("chat.postMessage", { channel: "C1", text: "x", blocks })).toMatchObject({
    ok: false,
    error: "invalid_blocks",
  });
});

test("blocks that are too long together are refused by their own name", async () => {
  const blocks = Array.from({ length: 6 }, () => ({
    type: "section",
    text: plain("x".repeat(2500)),
  }));
  expect(await ask("chat.postMessage", { channel: "C1", text: "x", blocks })).toMatchObject({
    error: "msg_blocks_too_long",
  });
});

test("a view without a button to send its inputs is refused", () => {
  const input = { type: "input", label: plain("x"), element: { type: "plain_text_input" } };
  const view = { type: "modal", title: plain("x"), blocks: [input] };
  expect(faultsOfView(view)).toEqual(["input without submit"]);
  expect(faultsOfView({ ...view, submit: plain("x") })).toEqual([]);
});

test("a trigger is good once", async () => {
  const view = { type: "modal", title: plain("x"), blocks: [{ type: "divider" }] };
  const trigger_id = server.trigger("U1");
  expect(await ask("views.open", { trigger_id, view })).toMatchObject({ ok: true });
  expect(await ask("views.open", { trigger_id, view })).toMatchObject({
    error: "exchanged_trigger_id",
  });
  expect(await ask("views.open", { trigger_id: "1.2", view })).toMatchObject({
    error: "invalid_trigger_id",
  });
});

test("mentions that would call somebody are seen, in markup and in elements", async () => {
  const called = { type: "rich_text_section", elements: [{ type: "user", user_id: "U1" }] };
  const section = { type: "section", text: { type: "mrkdwn", text: "<!channel>" } };
  const blocks = [section, { type: "rich_text", elements: [called] }];
  await ask("chat.postMessage", { channel: "C2", text: "<@U1>", blocks });
  const element = JSON.stringify(called.elements[0]);
  expect(server.mentions()).toEqual(["!channel", element, "@U1"]);
});

test("what comes too fast is hidden without a word", async () => {
  const first = await ask("chat.postMessage", { channel: "C3", text: "one" });
  const second = await ask("chat.postMessage", { channel: "C3", text: "two" });
  expect([...server.hidden]).toEqual([`C3:${String(second["ts"])}`]);
  expect(first["ok"]).toBe(true);
});

test("another token is refused", async () => {
  expect(await ask("auth.test", {}, "xoxb-wrong")).toMatchObject({ error: "invalid_auth" });
});

async function ask(
  method: string,
  args: { readonly [name: string]: unknown },
  token = server.botToken,
): Promise<{ readonly [name: string]: unknown }> {
  const fields = Object.entries(args).map(([name, value]): [string, string] => [
    name,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  const response = await fetch(`${server.apiUrl}${method}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: new URLSearchParams(fields),
  });
  return (await response.json()) as { readonly [name: string]: unknown };
}
