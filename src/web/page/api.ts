/** Calls of the API. What went wrong is thrown as the one sentence that the server gave. */
import type {
  Answer,
  Channel,
  Completion,
  Message,
  Person,
  RunDetails,
  RunRow,
  Services,
} from "./types.ts";

export const api = {
  people: () => get<{ people: Person[] }>("console/people"),
  channels: (as: string) => get<{ channels: Channel[] }>("console/channels", { as }),
  messages: (channel: string, as: string) =>
    get<{ messages: Message[] }>(`console/channels/${channel}/messages`, { as }),
  waiting: (as: string) => get<{ runs: RunRow[]; messages: Message[] }>("console/waiting", { as }),
  complete: (as: string, text: string, signal: AbortSignal) =>
    get<Completion>("console/complete", { as, text }, signal),
  say: (as: string, channel: string, text: string) =>
    post<{ answer: Answer }>("console/say", { as, channel, text }),
  click: (click: {
    as: string;
    messageId?: string;
    channel?: string;
    button: string;
    values?: object;
  }) => post<{ answer: Answer }>("console/click", click),
  runs: () => get<{ runs: RunRow[] }>("runs", { limit: "100" }),
  run: (id: string) => get<RunDetails>(`runs/${encodeURIComponent(id)}`),
  services: (as: string) => get<Services>("services", { as }),
};

async function get<T>(
  path: string,
  query: { readonly [name: string]: string } = {},
  signal: AbortSignal | null = null,
): Promise<T> {
  const search = new URLSearchParams(query);
  return answer(fetch(`/api/v1/${path}?${search}`, { signal }));
}

async function post<T>(path: string, body: object): Promise<T> {
  return answer(
    fetch(`/api/v1/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
  );
}

async function answer<T>(asked: Promise<Response>): Promise<T> {
  const response = await asked.catch((cause: unknown) => {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new Error("Shipmate does not answer. Is it still running?", { cause });
  });
  if (response.ok) return response.json();
  const body: unknown = await response.json().catch(() => ({}));
  const said = typeof body === "object" && body !== null ? Reflect.get(body, "error") : undefined;
  throw new Error(typeof said === "string" ? said : "Shipmate could not answer this.");
}

/** The sentence of anything thrown. */
export function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
