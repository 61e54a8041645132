/**
 * Acknowledgements while the log of 50 pods at 200 lines a second each is followed at the console, and without, in
 * turns: what a person says is answered when it was stored and understood.
 */
import { Agent, request } from "node:http";
import { percentile, spread } from "./figures.ts";
import { type Figure, type Ours, succeeded, until, type World } from "./kubernetes-world.ts";
import { steadily } from "./load.ts";

const pods = 50;
const turns = 3;
/** More than a company says; each is stored, understood and answered before the next figure is due. */
const perSecond = 20;
/** Of each turn. */
const seconds = 5;
/** Milliseconds; what an acknowledgement may take at most at that rate. */
const limit = 100;

export async function chatty({ shipmate }: World): Promise<readonly Figure[]> {
  const ours = await shipmate({ chatty: manifest });
  await ours.say("deploy chatty 1.0.0-chatty to staging");
  const { id } = await succeeded(ours, "Deploy chatty 1.0.0-chatty to staging");
  await acks(ours, 50);
  const took = { without: [] as number[], beside: [] as number[] };
  let lines = 0;
  for (let turn = 0; turn < turns; turn++) {
    took.without.push(...(await acks(ours, perSecond * seconds)));
    const log = await followed(ours, id);
    await until(
      () => "the first lines",
      async () => (log.lines() > 1_000 ? true : undefined),
    );
    const before = log.lines();
    const began = performance.now();
    took.beside.push(...(await acks(ours, perSecond * seconds)));
    lines += (log.lines() - before) / ((performance.now() - began) / 1_000) / turns;
    log.end();
  }
  await ours.close();
  console.log(`acks without a log   ${spread(took.without)}`);
  console.log(`acks beside it       ${spread(took.beside)}, ${lines.toFixed(0)} lines a second`);
  const [without, beside] = [percentile(took.without, 0.99), percentile(took.beside, 0.99)];
  return [
    {
      what: `Ack p99 beside the log of ${pods} pods`,
      wanted: `${limit} ms`,
      measured: `${beside.toFixed(0)} ms (${without.toFixed(0)} ms without; ${lines.toFixed(0)} lines a second arrive)`,
      reached: beside < limit && lines > 0.8 * pods * 200,
    },
  ];
}

/** Milliseconds from due to answered. */
async function acks({ url }: Ours, count: number): Promise<readonly number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const body = JSON.stringify({ as: "ada", channel: "acks", text: "help" });
  const headers = {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  };
  const post = (due: number) =>
    new Promise<number>((resolve, reject) => {
      const sent = request(`${url}/api/v1/console/say`, { method: "POST", agent, headers });
      sent.on("error", reject);
      sent.on("response", (response) => {
        response.resume();
        response.on("end", () => {
          if (response.statusCode === 200) resolve(performance.now() - due);
          else reject(new Error(`what was said was answered with ${response.statusCode}`));
        });
      });
      sent.end(body);
    });
  try {
    return await steadily({ perSecond, count }, post);
  } finally {
    agent.destroy();
  }
}

/** Follows the log of a run's services as the console's page does, and counts lines: those left out, too. */
async function followed({ url }: Ours, run: string) {
  const gone = new AbortController();
  const answer = await fetch(`${url}/api/v1/console/runs/${run}/log?as=ada`, {
    signal: gone.signal,
  });
  let lines = 0;
  const count = async () => {
    let rest = "";
    for await (const piece of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const events = `${rest}${piece}`.split("\n\n");
      rest = events.pop() ?? "";
      for (const event of events) {
        const left = Number(/\((\d+) lines left out\)/.exec(event)?.[1] ?? 0);
        lines += event.split('","').length + left;
      }
    }
  };
  void count().catch(() => undefined); // it ends when we go
  return { lines: () => lines, end: () => gone.abort() };
}

const manifest = JSON.stringify({
  ...{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "chatty" } },
  spec: {
    ...{ replicas: pods, selector: { matchLabels: { app: "chatty" } } },
    template: {
      metadata: { labels: { app: "chatty" } },
      spec: { containers: [{ name: "main", image: "chatty:latest" }] },
    },
  },
});
