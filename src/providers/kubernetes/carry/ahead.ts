/**
 * One look at a cluster, in which each question is asked once. What is known to come up is asked at once, while it is
 * still found out whether it does: a preview asks what the one before it asked. All else is asked when it comes up.
 */
import { sideBySide } from "../tens.ts";
import type { Cluster, Ref } from "../types.ts";

/** What changes nothing: something that is read, or tried as a dry run. */
export interface Question {
  /** Equal questions have an equal one. */
  readonly key: string;
  readonly ask: (cluster: Cluster, signal: AbortSignal) => Promise<unknown>;
}

export interface Look {
  /** The cluster, which remembers its answers. What is written goes through, and is not remembered. */
  readonly cluster: Cluster;
  /** All that came up. */
  asked(): readonly Question[];
}

/** How many are asked at once before they come up: as many as a release of some ten objects has. */
const most = 30;

/** `soon`: what is asked at once. An answer that nobody comes for is left, and so is its error. */
export function looking(cluster: Cluster, soon: readonly Question[], signal: AbortSignal): Look {
  const asked = new Map<string, Question>();
  const answers = new Map<string, Promise<unknown>>();
  const waiting = soon.map((question) => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    promise.catch(() => undefined);
    answers.set(question.key, promise);
    return () => question.ask(cluster, signal).then(resolve, reject);
  });
  void sideBySide(most, waiting, (ask) => ask());

  function put<T>(
    key: string,
    ask: (of: Cluster, signal: AbortSignal) => Promise<T>,
    on: AbortSignal,
  ) {
    asked.set(key, { key, ask });
    const answer = (answers.get(key) as Promise<T> | undefined) ?? ask(cluster, on);
    answers.set(key, answer);
    return answer;
  }
  return {
    asked: () => [...asked.values()],
    cluster: {
      ...cluster,
      get(ref, on) {
        const { key, ask } = reading(ref);
        return put(key, ask, on);
      },
      list: (kind, where, on) =>
        put(keyOf("list", kind, where), (of, signal) => of.list(kind, where, signal), on),
      apply(object, how, on) {
        if (!how.dryRun) return cluster.apply(object, how, on);
        return put(keyOf("apply", object, how), (of, signal) => of.apply(object, how, signal), on);
      },
      create(object, how, on) {
        if (!how.dryRun) return cluster.create(object, how, on);
        return put(
          keyOf("create", object, how),
          (of, signal) => of.create(object, how, signal),
          on,
        );
      },
      remove(ref, how, on) {
        if (!how.dryRun) return cluster.remove(ref, how, on);
        return put(keyOf("remove", ref, how), (of, signal) => of.remove(ref, how, signal), on);
      },
    },
  };
}

/** What an object is. */
export function reading({ apiVersion, kind, namespace, name }: Ref) {
  const ref = { apiVersion, kind, name, ...(namespace !== undefined && { namespace }) };
  const ask = (of: Cluster, signal: AbortSignal) => of.get(ref, signal);
  return { key: keyOf("get", apiVersion, kind, namespace, name), ask };
}

const keyOf = (...question: readonly unknown[]): string => JSON.stringify(question);
