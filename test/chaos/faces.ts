/** The outside as a Shipmate sees it: a provider that finds effects by key, and a chat that finds messages by id. */
import type { Provider } from "../../src/core/provider.ts";
import type { Surface } from "../../src/core/surface.ts";
import { clusters } from "../../src/roles/clusters.ts";
import { noMore } from "../no-more.ts";
import type { Ask } from "./words.ts";

/** Asks the outside once. Throws where no answer comes. */
export type Outside = <T>(ask: Ask, signal?: AbortSignal) => Promise<T>;

export function outsideAt(url: string): Outside {
  return async <T>(ask: Ask, signal?: AbortSignal): Promise<T> => {
    const body = JSON.stringify(ask);
    const answer = await fetch(url, { method: "POST", body, ...(signal && { signal }) });
    return (await answer.json()) as T;
  };
}

interface At {
  readonly service: string;
  readonly environment: string;
}

export function remoteClusters(outside: Outside): Provider<typeof clusters> {
  const running = (at: At) => outside<string | null>({ is: "running", at: only(at) });
  const find = async (_: unknown, key: string) =>
    (await outside<boolean>({ is: "find", key })) ? { did: {} } : ("not done" as const);
  return {
    ...noMore,
    release: {
      async preview({ service, environment, version }) {
        const from = await running({ service, environment });
        const to = String(version);
        if (from === to) return { same: { url: null } };
        const of = `${environment}/${service}`;
        const undo =
          from === null
            ? clusters.remove({ service, environment })
            : clusters.release({ service, environment, version: from });
        return {
          changes: [{ of, field: "version", from, to }],
          seen: { [of]: from },
          will: { [of]: to },
          undo: [undo],
        };
      },
      async run(input, { key, signal }) {
        const { version } = input;
        await outside({ is: "do", key, op: "release", at: only(input), version }, signal);
        return { url: null };
      },
      find: async (input, key) =>
        (await find(input, key)) === "not done" ? "not done" : { did: { url: null } },
    },
    remove: {
      async preview(input) {
        const from = await running(input);
        if (from === null) return { same: {} };
        const of = `${input.environment}/${input.service}`;
        return {
          changes: [{ of, from, to: null }],
          seen: { [of]: from },
          will: { [of]: null },
          undo: { irreversible: "nothing brings it back" },
        };
      },
      async run(input, { key, signal }) {
        await outside({ is: "do", key, op: "remove", at: only(input), version: null }, signal);
        return {};
      },
      find,
    },
    takes: async ({ version }) => ({ migration: Number(version.split(/[.-]/)[2]) % 2 === 0 }),
    migrate: {
      preview: async ({ service, environment, version }) => ({
        changes: [{ of: `${environment}/${service}`, field: "schema", from: null, to: version }],
        seen: {},
        will: {},
        undo: { irreversible: "a migration stays" },
      }),
      async run(input, { key, signal }) {
        const { version } = input;
        await outside({ is: "do", key, op: "migrate", at: only(input), version }, signal);
        return {};
      },
      find,
    },
    rollout: (input, signal) => outside({ is: "rollout", at: only(input) }, signal),
    running: async (input) => ({
      ...{ ready: 1, of: 1, url: null, since: null, restarts: 0, version: await running(input) },
    }),
    history: async () => [],
    versions: async () => [],
    async *logs() {},
  };
}

const only = ({ service, environment }: At): At => ({ service, environment });

export function remoteChat(outside: Outside): Surface {
  return {
    name: "chat",
    pace: 50,
    post: ({ channel }, { id, card }, signal) =>
      outside<string>({ is: "post", id, channel, card: JSON.parse(JSON.stringify(card)) }, signal),
    edit: (_, ref, { card }, signal) =>
      outside<void>({ is: "edit", ref, card: JSON.parse(JSON.stringify(card)) }, signal),
    find: async (_, id, signal) =>
      (await outside<string | null>({ is: "seek", id }, signal)) ?? undefined,
    close: async () => {},
  };
}
