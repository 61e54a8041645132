/** Routes as data: what is served where, what it takes and what it answers. The OpenAPI document is made from them. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";

/** An answer other than 200: one sentence for whoever asked. */
export class Answered extends Error {
  override readonly name = "Answered";
  readonly status: number;
  constructor(status: number, sentence: string) {
    super(sentence);
    this.status = status;
  }
}

export interface Call<P, B> {
  /** From the path and the query, checked. */
  readonly params: P;
  readonly body: B;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export interface Route {
  readonly method: "GET" | "POST";
  /** `/api/v1/runs/:run` */
  readonly path: string;
  readonly summary: string;
  readonly params: z.ZodObject;
  readonly body: z.ZodType | undefined;
  readonly answer: z.ZodType | undefined;
  /** Gives the JSON to answer with, or `undefined` where it has answered by itself. */
  handle(call: Call<unknown, unknown>): Promise<unknown>;
}

/** One route; its handler gets what its schemas let through. */
export function route<P extends z.ZodObject, B extends z.ZodType = z.ZodUndefined>(given: {
  readonly method: Route["method"];
  readonly path: string;
  readonly summary: string;
  readonly params: P;
  readonly body?: B;
  readonly answer?: z.ZodType;
  handle(call: Call<z.output<P>, z.output<B>>): Promise<unknown>;
}): Route {
  return {
    ...given,
    body: given.body,
    answer: given.answer,
    handle: (call) =>
      given.handle({
        ...call,
        params: checked(given.params, call.params),
        body: checked<z.ZodType>(given.body ?? z.undefined(), call.body) as z.output<B>,
      }),
  };
}

/** The value as the schema gives it, or 400 with the first thing that is wrong in one sentence. */
function checked<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue?.path.join(".") || "the request";
  throw new Answered(400, `${where}: ${issue?.message ?? "not what was expected"}.`);
}

/** The route for a method and path with what the path names, or which methods the path has (none: no such path). */
export function find(
  routes: readonly Route[],
  method: string,
  path: string,
):
  | { readonly route: Route; readonly named: { readonly [name: string]: string } }
  | { readonly allow: readonly string[] } {
  const allow: string[] = [];
  for (const route of routes) {
    const named = match(route.path, path);
    if (named === undefined) continue;
    if (route.method === method) return { route, named };
    allow.push(route.method);
  }
  return { allow };
}

function match(pattern: string, path: string): { [name: string]: string } | undefined {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return undefined;
  const named: { [name: string]: string } = {};
  for (const [at, want] of wanted.entries()) {
    const got = given[at] ?? "";
    if (!want.startsWith(":")) {
      if (want !== got) return undefined;
      continue;
    }
    const value = decoded(got);
    if (value === undefined || value === "") return undefined;
    named[want.slice(1)] = value;
  }
  return named;
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
