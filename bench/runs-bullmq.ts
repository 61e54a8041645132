/** A queue alone, to compare with (`contender.ts`): two jobs a run, before and after its approval. No step is recorded. */
import { randomUUID } from "node:crypto";
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { z } from "zod";
import { contend } from "./contender.ts";

const Job = z.object({ run: z.string(), part: z.enum(["until approval", "after it"]) });
const connect = () => new Redis(process.env["REDIS_URL"] ?? "", { maxRetriesPerRequest: null });
const prefix = `bench-${randomUUID()}`;
const [asking, working] = [connect(), connect()];
const queue = new Queue("runs", { connection: asking, prefix });
const add = (run: string, part: z.output<typeof Job>["part"]) =>
  queue.add("part", { run, part }, { removeOnComplete: true });
const open = new Map<string, () => void>();
const worker = new Worker(
  "runs",
  async ({ data }) => {
    const { run, part } = Job.parse(data);
    if (part === "until approval") await add(run, "after it");
    else open.get(run)?.();
  },
  { connection: working, prefix, concurrency: 50 },
);

contend({
  async runs(count) {
    await Promise.all(
      Array.from({ length: count }, async () => {
        const run = randomUUID();
        const done = new Promise<void>((resolve) => open.set(run, resolve));
        await add(run, "until approval");
        await done;
        open.delete(run);
      }),
    );
  },
  async close() {
    await worker.close();
    await queue.obliterate({ force: true });
    await queue.close();
    asking.disconnect();
    working.disconnect();
  },
});
