/**
 * Ends this process where its event loop stands still: a loop in somebody's code that never comes back. Whoever
 * supervises it starts it again, and the runs that it drove are driven again; one that stops it each time is parked.
 */
import { url } from "node:inspector";
import { Worker } from "node:worker_threads";

/** How long it may stand still, in milliseconds: nothing of ours computes for a hundredth of that. */
const patience = 30_000;
/** How often each thread looks at the other within that time. */
export const beatsIn = 20;

/** What the thread that watches is told. */
export interface Watched {
  /** Goes up for as long as the event loop turns. */
  readonly beats: Int32Array<SharedArrayBuffer>;
  /** Milliseconds. */
  readonly patience: number;
}

/** Watches until it is called off. A process that was paused as a whole (SIGSTOP) counts as one that turns; one with a debugger is let be. */
export function watchThisProcess(options: { readonly patience?: number } = {}): () => void {
  if (url() !== undefined) return () => {};
  const watched: Watched = {
    beats: new Int32Array(new SharedArrayBuffer(4)),
    patience: options.patience ?? patience,
  };
  const beat = () => Atomics.add(watched.beats, 0, 1);
  const timer = setInterval(beat, watched.patience / beatsIn);
  timer.unref();
  const worker = new Worker(new URL("./watchdog-thread.ts", import.meta.url), {
    workerData: watched,
  });
  worker.unref();
  return () => {
    clearInterval(timer);
    void worker.terminate();
  };
}
