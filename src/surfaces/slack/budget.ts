/** How much may be said at a time: Slack hides, without a word, what comes faster than it likes. */

/**
 * A budget for each channel: `most` at once, then one every `every` milliseconds. `take` spends one and
 * gives 0, or spends nothing and gives how long to wait, in milliseconds.
 */
export function budget({
  most,
  every,
  now,
}: {
  readonly most: number;
  readonly every: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}): { take(channel: string): number } {
  /** When each channel's budget is full again; one that is full by now is forgotten. */
  const full = new Map<string, number>();
  return {
    take(channel) {
      const time = now();
      const at = Math.max(time, full.get(channel) ?? 0);
      const wait = at + every - time - most * every;
      if (wait > 0) return wait;
      if (full.size > 1000) for (const [key, when] of full) if (when <= time) full.delete(key);
      full.set(channel, at + every);
      return 0;
    },
  };
}
