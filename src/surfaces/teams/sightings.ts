/**
 * Where messages stand, as people's clients tell.
 *
 * Teams has no way to look a message up: after a lost answer nobody but the clients that show it knows
 * whether it was posted. A card that names viewers makes their clients come back with its id as soon as
 * they show it, to whichever process; the door writes it down for all of them. So a lost post is found within a moment
 * wherever somebody looks; where nobody does, it is posted again, and the one too many is deleted when somebody looks.
 */

export type Sightings = ReturnType<typeof sightings>;

export function sightings({ patience = 3_000 }: { readonly patience?: number } = {}) {
  /** By message id: the reference that counts. */
  const known = new Map<string, string>();
  /** Messages whose post was certainly refused: there is nothing to be seen. */
  const refused = new Set<string>();
  const waiting = new Map<string, (ref: string) => void>();
  return {
    /** It was posted, or found: this is the one. */
    stands(id: string, ref: string): void {
      remember(known, id, ref);
      refused.delete(id);
    },
    /** It was certainly not posted. */
    refused(id: string): void {
      if (refused.size > most) refused.clear();
      refused.add(id);
    },
    /** Nobody knows whether it was posted. */
    lost(id: string): void {
      refused.delete(id);
    },
    /** Whether it is known to stand there. */
    knows(id: string, ref: string): boolean {
      const counts = known.get(id);
      return counts !== undefined && isSame(counts, ref);
    },
    /** A client showed it: this is the one that counts. */
    seen(id: string, ref: string): void {
      remember(known, id, ref);
      waiting.get(id)?.(ref);
    },
    /** The reference of a message whose post may have got lost; waits a moment for somebody to see it. */
    async find(id: string, signal: AbortSignal): Promise<string | undefined> {
      const counts = known.get(id);
      if (counts !== undefined || refused.has(id)) return counts;
      return await new Promise((resolve) => {
        const done = (ref?: string) => {
          clearTimeout(timer);
          signal.removeEventListener("abort", stop);
          waiting.delete(id);
          resolve(ref);
        };
        const stop = () => done();
        const timer = setTimeout(stop, patience);
        signal.addEventListener("abort", stop);
        waiting.set(id, done);
      });
    },
  };
}

const most = 10_000;

function remember(known: Map<string, string>, id: string, ref: string): void {
  known.delete(id);
  known.set(id, ref);
  if (known.size <= most) return;
  const [oldest] = known.keys();
  if (oldest !== undefined) known.delete(oldest);
}

/** The way there may change, and a thread's first post is named with its thread or without. */
export function isSame(one: string, other: string): boolean {
  const [channel, , activity] = one.split(" ");
  const [otherChannel, , otherActivity] = other.split(" ");
  return channel === otherChannel && activity === otherActivity;
}
