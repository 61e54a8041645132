/** A whole Shipmate seen from outside: its metrics, its log and its traces, before and after a restart. */

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { chat, type Message } from "../src/surfaces/cli/chat.ts";
import { home, start, until } from "./shipmate.ts";

const Span = z.looseObject({
  traceId: z.string(),
  name: z.string(),
  parentSpanId: z.string().optional(),
});
const Sent = z.object({
  resourceSpans: z.array(z.object({ scopeSpans: z.array(z.object({ spans: z.array(Span) })) })),
});

async function collector() {
  const spans: z.output<typeof Span>[] = [];
  const server = createServer(async (request, response) => {
    const parts = await Array.fromAsync(request);
    const sent = Sent.parse(JSON.parse(Buffer.concat(parts as Buffer[]).toString()));
    for (const one of sent.resourceSpans)
      for (const two of one.scopeSpans) spans.push(...two.spans);
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { spans, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test("a run that a restart cut in two is one trace; each metric that is documented is there; lines have run and step", async () => {
  const place = await home();
  onTestFinished(() => place.clear());
  const { spans, url } = await collector();
  const settings = {
    ...{ SHIPMATE_HOME: place.folder, LOG_LEVEL: "info", OTEL_EXPORTER_OTLP_ENDPOINT: url },
  };
  const first = await start(settings);
  const isIn = (word: RegExp) => (message: Message) => word.test(message.card?.state?.word ?? "");
  const ada = chat("ada", { url: first.url, channel: "general" });
  await ada.say("deploy web 1.4.2 to production");
  await ada.until("the question", isIn(/Waiting/));
  first.kill("SIGKILL");
  await first.ended;
  expect(spans).toEqual([]);

  const second = await start(settings);
  const grace = chat("grace", { url: second.url, channel: "general" });
  await grace.press(await grace.until("the question", isIn(/Waiting/)), "Approve");
  await grace.until("the end", isIn(/Succeeded/));
  const root = await until("the trace", () => spans.find(({ name }) => name === "deploy"));
  const names = ["approval", "clusters.release", "until clusters.rollout", "ship it"];
  await expect.poll(() => spans.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
  expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([root.traceId]));

  const counted = /^shipmate_runs_ended_total\{state="succeeded"\} 1$/m;
  const text = await until("the end to be counted", async () => {
    const told = await (await fetch(new URL("/metrics", second.url))).text();
    return counted.test(told) && told;
  });
  const documented = await readFile(join(import.meta.dirname, "../docs/operating.md"), "utf8");
  const listed = [...documented.matchAll(/^\| `((?:shipmate|process|nodejs)_\w+)/gm)].map(
    ([, name]) => name,
  );
  const told = [...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name);
  expect(told.toSorted()).toEqual(listed.toSorted());
  expect(text).toMatch(/^shipmate_database_up 1$/m);
  expect(text).not.toMatch(/\b(ada|grace|web|production|general)\b/);

  const Line = z.looseObject({
    msg: z.string(),
    run: z.string().optional(),
    step: z.string().optional(),
  });
  // What comes after the last line's end is half of one.
  const whole = () => second.stderr().split("\n").slice(0, -1);
  await until("the line of its end", () => whole().some((line) => line.includes("a run ended")));
  const lines = whole().map((line) => Line.parse(JSON.parse(line)));
  const effect = lines.find(({ msg }) => msg === "carried out");
  expect(effect).toMatchObject({ step: "ship it", op: "clusters.release", trace: root.traceId });
  const ended = lines.find(({ msg }) => msg === "a run ended");
  expect(ended).toMatchObject({ run: effect?.run, state: "succeeded" });
  second.kill("SIGTERM");
  await second.ended;
});
