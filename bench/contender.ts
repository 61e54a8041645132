/**
 * One of those that are measured in turns: a process that does so many runs when its parent says so, and says how long
 * they took. Only one of them works at a time.
 */

export interface Contender {
  /** So many runs, all begun at once; comes back when all have ended well. */
  runs(count: number): Promise<void>;
  /** One run alone: milliseconds from its approval to the first effect. Absent: there is no such thing. */
  idle?(): Promise<number>;
  close(): Promise<void>;
}

/** What the parent asks; answered with seconds, or with one sample each. */
export type Task = { readonly runs: number } | { readonly idle: number };

/** Between two runs alone, so that nothing of the one before is under way. Milliseconds. */
const pause = 40;

export function contend({ runs, idle, close }: Contender): void {
  process.on("message", (task: Task) => {
    void work(task).then(
      (answer) => process.send?.(answer),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
  process.on("SIGTERM", () => void close().finally(() => process.exit(0)));
  process.send?.("ready");

  async function work(task: Task): Promise<readonly number[]> {
    if ("runs" in task) {
      const began = performance.now();
      await runs(task.runs);
      return [(performance.now() - began) / 1_000];
    }
    const samples: number[] = [];
    for (let at = 0; idle && at < task.idle; at++) {
      samples.push(await idle());
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    return samples;
  }
}
