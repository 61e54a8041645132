/**
 * Lets only so many jobs in at once, so that what came last (an ack) never waits behind all that came before. Those who
 * wait come in by turns: who asks for a thousand jobs is no longer before others than who asks for one.
 */

export interface Gate {
  /** Waits for a place, behind what the same asker asked for before, and keeps it until the job is done. */
  inside<R>(job: () => Promise<R>, asker?: string): Promise<R>;
  /** Inside, for what takes long without working (a provider's answer): gives the place to others meanwhile. */
  outside<R>(job: () => Promise<R>): Promise<R>;
}

export function gate(places: number): Gate {
  /** By asker; whoever comes in next is the first of the first line, which then is the last one. */
  const lines = new Map<string, (() => void)[]>();
  let free = places;
  const enter = async (asker: string): Promise<void> => {
    if (free > 0) free--;
    else {
      await new Promise<void>((resolve) => {
        lines.set(asker, [...(lines.get(asker) ?? []), resolve]);
      });
    }
  };
  const leave = (): void => {
    const [first] = lines;
    if (!first) {
      free++;
      return;
    }
    const [asker, [next, ...others]] = first;
    lines.delete(asker);
    if (others.length > 0) lines.set(asker, others);
    next?.();
  };
  return {
    async inside(job, asker = "") {
      await enter(asker);
      try {
        return await job();
      } finally {
        leave();
      }
    },
    async outside(job) {
      leave();
      try {
        return await job();
      } finally {
        await enter("");
      }
    },
  };
}
