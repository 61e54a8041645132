/** How much may be said at a time in one conversation, by the numbers that Teams documents for a bot and thread. */

/**
 * `take` spends one and gives 0, or spends nothing and gives how long to wait, in milliseconds. Each process
 * counts for itself; where several say too much together Teams asks for patience, which all of them keep.
 */
export function budget(now: () => number): { take(conversation: string): number } {
  const spent = new Map<string, readonly number[]>();
  return {
    take(conversation) {
      const time = now();
      const recent = (spent.get(conversation) ?? []).filter((at) => at > time - longest);
      const wait = Math.max(0, ...windows.map((one) => waitFor(one, recent, time)));
      if (spent.size > 1000)
        for (const [key, times] of spent)
          if ((times.at(-1) ?? 0) <= time - longest) spent.delete(key);
      spent.set(conversation, wait > 0 ? recent : [...recent, time]);
      return wait;
    },
  };
}

/** Messages sent, in so many seconds (MicrosoftDocs/msteams-docs, bots/how-to/rate-limit.md). */
const windows = [
  { most: 7, seconds: 1 },
  { most: 8, seconds: 2 },
  { most: 60, seconds: 30 },
  { most: 1800, seconds: 3600 },
] as const;

const longest = 3_600_000;

function waitFor(
  { most, seconds }: (typeof windows)[number],
  recent: readonly number[],
  time: number,
): number {
  const oldest = recent.at(-most);
  return oldest === undefined ? 0 : oldest + seconds * 1000 - time;
}
