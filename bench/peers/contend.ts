/** What both peers share: an approval that is given as soon as a run waits for it, or when the measurement says so. */
import { contend } from "../contender.ts";

export interface Peer {
  /** Begins a run and comes back at its end. */
  run(id: string): Promise<unknown>;
  approve(id: string): Promise<unknown>;
  close(): Promise<void>;
}

/** Told by the peer's own workflow: it comes to its approval next, and its first effect was entered. */
export interface Told {
  waits(id: string): void;
  effect(id: string): void;
}

export function contendAs(open: (told: Told) => Promise<Peer>): Promise<void> {
  const waiting = new Map<string, () => void>();
  const entered = new Map<string, number>();
  const told: Told = {
    waits: (id) => waiting.get(id)?.(),
    effect: (id) => void (entered.has(id) || entered.set(id, performance.now())),
  };
  let next = 0;
  const fresh = () => `run-${process.pid}-${next++}`;
  const waited = (id: string) => new Promise<void>((resolve) => waiting.set(id, resolve));
  return open(told).then((peer) =>
    contend({
      async runs(count) {
        const one = async () => {
          const id = fresh();
          const waits = waited(id);
          const end = peer.run(id);
          await waits;
          await peer.approve(id);
          await end;
          waiting.delete(id);
          entered.delete(id);
        };
        await Promise.all(Array.from({ length: count }, one));
      },
      async idle() {
        const id = fresh();
        const waits = waited(id);
        const end = peer.run(id);
        await waits;
        await new Promise((resolve) => setTimeout(resolve, 40)); // it really waits by now
        const arrived = performance.now();
        await peer.approve(id);
        await end;
        return (entered.get(id) ?? Number.NaN) - arrived;
      },
      close: () => peer.close(),
    }),
  );
}
