/** The OpenAPI document, made from the routes and their schemas. */
import { z } from "zod";
import type { Route } from "./route.ts";

/** OpenAPI 3.1: its schemas are plain JSON Schema. */
export function openapi(routes: readonly Route[]): unknown {
  const paths: { [path: string]: { [method: string]: unknown } } = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Shipmate",
      version: "1",
      description:
        "In local mode there is no login and `as` says who acts. Errors are `{error}`, one sentence.",
    },
    paths,
  };
}

function operation(route: Route): unknown {
  return {
    summary: route.summary,
    parameters: Object.entries(route.params.shape).map(([name, schema]) => ({
      name,
      in: route.path.includes(`:${name}`) ? "path" : "query",
      required: route.path.includes(`:${name}`) || !z.safeParse(schema, undefined).success,
      schema: json(schema, "input"),
    })),
    ...(route.body === undefined
      ? {}
      : { requestBody: { required: true, content: content(json(route.body, "input")) } }),
    responses: {
      200: {
        description: "As asked.",
        ...(route.answer === undefined ? {} : { content: content(json(route.answer, "output")) }),
      },
      default: {
        description: "What is wrong, in one sentence.",
        content: content(json(z.object({ error: z.string() }), "output")),
      },
    },
  };
}

function json(schema: z.core.$ZodType, io: "input" | "output"): unknown {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
}

function content(schema: unknown): unknown {
  return { "application/json": { schema } };
}
