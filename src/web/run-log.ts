/** What the services that a run changes write, as it is written. */
import { z } from "zod";
import type { Stream } from "../core/operation.ts";
import { refuse } from "../core/refusal.ts";
import { clusters } from "../roles/clusters.ts";
import type { Sql } from "../store/database.ts";
import { runTargets } from "../store/views.ts";

export interface RunLogParts {
  readonly database: Sql;
  /** The services that there are: a target may be something else. */
  readonly services: () => readonly string[];
  /** A stream with a person's rights. Throws a Refusal where they may not read it. */
  stream(person: string, stream: Stream, signal: AbortSignal): AsyncIterable<unknown>;
}

const Line = z.object({ text: z.string() });

/** Follows all of a run's services; with more than one, each line says whose it is. */
export function runLog(parts: RunLogParts) {
  return async function* follow(
    person: string,
    run: string,
    signal: AbortSignal,
  ): AsyncGenerator<{ readonly text: string }> {
    const known = parts.services();
    const places = (await runTargets(parts.database, run))
      .map((target) => target.split("/"))
      .flatMap(([environment = "", service = "", ...below]) =>
        below.length === 0 && known.includes(service) ? [{ environment, service }] : [],
      );
    if (places.length === 0) refuse("Nothing that writes a log is part of this run yet.");
    const streams = places.map((place) => {
      const op = clusters.logs({ ...place, tail: 200, follow: true });
      const name = places.length === 1 ? "" : `${place.service} `;
      return { name, lines: parts.stream(person, op, signal)[Symbol.asyncIterator]() };
    });
    yield* merged(streams);
  };
}

interface Named {
  readonly name: string;
  readonly lines: AsyncIterator<unknown>;
}

/** Lines of all streams in the order in which they come. */
async function* merged(streams: readonly Named[]): AsyncGenerator<{ readonly text: string }> {
  const next = async (stream: Named) => ({ stream, got: await stream.lines.next() });
  const open = new Map(streams.map((stream) => [stream, next(stream)]));
  try {
    while (open.size > 0) {
      const { stream, got } = await Promise.race(open.values());
      if (got.done) {
        open.delete(stream);
        continue;
      }
      yield { text: `${stream.name}${Line.parse(got.value).text}` };
      open.set(stream, next(stream));
    }
  } finally {
    for (const { lines } of streams) void lines.return?.();
  }
}
