/** What a collector of OpenTelemetry receives. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { openTraces, type Span, traceOf } from "../../src/observe/trace.ts";

const Sent = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: z.array(z.looseObject({ key: z.string() })) }),
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.looseObject({
              traceId: z.string(),
              spanId: z.string(),
              parentSpanId: z.string().optional(),
              name: z.string(),
              startTimeUnixNano: z.string(),
              endTimeUnixNano: z.string(),
              status: z.looseObject({ code: z.number() }),
              links: z.array(z.looseObject({ traceId: z.string() })).optional(),
            }),
          ),
        }),
      ),
    }),
  ),
});

async function collector(status = 200) {
  const bodies: z.output<typeof Sent>[] = [];
  const texts: string[] = [];
  const paths: string[] = [];
  const server = createServer(async (request, response) => {
    const parts = await Array.fromAsync(request);
    const text = Buffer.concat(parts as Buffer[]).toString();
    paths.push(`${request.method} ${request.url}`);
    texts.push(text);
    bodies.push(Sent.parse(JSON.parse(text)));
    response.writeHead(status, { "content-type": "application/json" }).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const endpoint = `http://127.0.0.1:${port}`;
  const spans = () => bodies.flatMap((body) => body.resourceSpans[0]?.scopeSpans[0]?.spans ?? []);
  return { endpoint, paths, texts, spans };
}

const mask = <T>(value: T): T => JSON.parse(JSON.stringify(value).replaceAll("hunter2", "•••"));
const root: Span = {
  run: "r1",
  key: "",
  name: "deploy",
  from: 1_000.5,
  to: 61_000,
  facts: { a: 1 },
};
const step: Span = {
  ...{ run: "r1", key: "ship it", in: "", name: "ship it", from: 2_000, to: 3_000, facts: {} },
  ...{ wrong: "the token is hunter2", see: { run: "r2", key: "" } },
};

test("spans come as a trace whose ids follow from the run, with times, parents, links and what went wrong", async () => {
  const here = await collector();
  const traces = await openTraces({ endpoint: `${here.endpoint}/`, version: "0.1.0", mask });
  await traces.send([root, step]);
  await traces.close();
  expect(here.paths).toEqual(["POST /v1/traces"]);
  const [first, second] = here.spans();
  expect(first).toMatchObject({
    traceId: traceOf("r1"),
    name: "deploy",
    startTimeUnixNano: "1000500000",
    endTimeUnixNano: "61000000000",
    status: { code: 0 },
  });
  expect(second).toMatchObject({
    traceId: traceOf("r1"),
    parentSpanId: first?.spanId,
    links: [{ traceId: traceOf("r2") }],
    status: { code: 2, message: "the token is •••" },
  });
  expect(here.texts.join()).not.toContain("hunter2");
});

test("another process gives the same spans the same ids", async () => {
  const here = await collector();
  for (const _ of [1, 2]) {
    const traces = await openTraces({ endpoint: here.endpoint, version: "0.1.0", mask });
    await traces.send([root, step]);
    await traces.close();
  }
  const ids = here.spans().map(({ traceId, spanId }) => `${traceId} ${spanId}`);
  expect(ids.slice(0, 2)).toEqual(ids.slice(2));
  expect(traceOf("r1")).toMatch(/^[0-9a-f]{32}$/);
});

test("a collector that does not take them is an error that names it", async () => {
  const here = await collector(400);
  const traces = await openTraces({ endpoint: here.endpoint, version: "0.1.0", mask });
  await expect(traces.send([root])).rejects.toThrow(
    `sending traces to ${new URL(here.endpoint).host}`,
  );
  await traces.close();
});
