import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Database } from "../../src/store/database.ts";
import { cards, otherCards } from "../cards.ts";
import { empty, memoryDatabase } from "../databases.ts";
import { type World, world } from "./world.ts";

let database: Database;
let here: World;
let open: AbortController;
beforeAll(async () => {
  database = await memoryDatabase();
});
beforeEach(async () => {
  await empty(database);
  here = await world(database);
  open = new AbortController();
});
afterEach(async () => {
  open.abort();
  await here.close();
});
afterAll(() => database.close());

/** Listens as somebody; `until` gives everything received once it holds the text. */
async function listen(as: string, headers: { readonly [name: string]: string } = {}) {
  const response = await fetch(`${here.url}/api/v1/console/events?as=${as}`, {
    headers,
    signal: open.signal,
  });
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  const until = async (wanted: string): Promise<string> => {
    while (!text.includes(wanted)) {
      const read = await reader?.read();
      if (read === undefined || read.done)
        throw new Error(`the stream ended before "${wanted}": ${text}`);
      text += decoder.decode(read.value, { stream: true });
    }
    return text;
  };
  await until("\n\n");
  return { until };
}
const lastId = (text: string) => [...text.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? "";

test("a message is told as it looks now, first when it is posted and then when it changes", async () => {
  const ada = await listen("ada");
  await here.put({ id: "m1", card: cards.waiting });
  expect(await ada.until('"word":"Waiting"')).toContain('"isNew":true');
  await here.put({ id: "m1", card: cards.succeeded });
  expect(await ada.until('"word":"Succeeded"')).toContain('"isNew":false');
});

test("a private message is told to that person alone", async () => {
  const [ada, grace] = [await listen("ada"), await listen("grace")];
  await here.put({ id: "m2", card: otherCards["not-understood"], kind: "reply", to: "ada" });
  await here.put({ id: "m3", card: cards.running });
  expect(await ada.until('"id":"m3"')).toContain('"id":"m2"');
  expect(await grace.until('"id":"m3"')).not.toContain('"id":"m2"');
});

test("who comes back with the last id hears what was missed, once", async () => {
  const before = await listen("ada");
  await here.put({ id: "m4", card: cards.planning });
  const id = lastId(await before.until('"id":"m4"'));
  await here.put({ id: "m5", card: cards.running });
  const after = await listen("ada", { "last-event-id": id });
  await here.put({ id: "m6", card: cards.running });
  const text = await after.until('"id":"m6"');
  expect(text).not.toContain('"id":"m4"');
  expect(text.match(/"id":"m5"/g)).toHaveLength(1);
});

test("who was away while Shipmate started again is told to read everything again", async () => {
  const ada = await listen("ada", { "last-event-id": "another-start.7" });
  expect(await ada.until("event: again")).toBeTruthy();
});

test("what is told goes through the one masking sink", async () => {
  const ada = await listen("ada");
  await here.put({ id: "m7", card: { ...cards.stuck, says: "hunter2-secret" } });
  expect(await ada.until('"id":"m7"')).not.toContain("hunter2");
});
