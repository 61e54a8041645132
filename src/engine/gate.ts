/** Lets only so many jobs in at once, so that what came last (an ack) never waits behind all that came before. */

export interface Gate {
  /** Waits for a place, in the order of asking, and keeps it until the job is done. */
  inside<R>(job: () => Promise<R>): Promise<R>;
  /** Inside, for what takes long without working (a provider's answer): gives the place to others meanwhile. */
  outside<R>(job: () => Promise<R>): Promise<R>;
}

export function gate(places: number): Gate {
  const waiting: (() => void)[] = [];
  let free = places;
  const enter = async (): Promise<void> => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const leave = (): void => {
    const next = waiting.shift();
    if (next) next();
    else free++;
  };
  return {
    async inside(job) {
      await enter();
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
        await enter();
      }
    },
  };
}
