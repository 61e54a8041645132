/** Doorbells: "this run may have something to do". A ring may be lost: SQL is the truth and a sweep finds what is due. */

export interface Doorbell {
  /** Never waits for a broker. Timers need none: each process asks SQL what is due next. */
  ring(run: string): void;
  /** Called for each ring that comes from another process. */
  listen(hear: (run: string) => void): void;
  /** Whether it reaches others; absent: nothing has to be reached. */
  readonly isUp?: () => boolean;
  close(): Promise<void>;
}

/** One process: it goes on at once by itself, so nobody else has to hear anything. */
export function inProcess(): Doorbell {
  return { ring() {}, listen() {}, async close() {} };
}
