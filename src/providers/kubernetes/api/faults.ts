/** What went wrong between us and an API server, in plain words: its refusals, and no answer at all. */
import { z } from "zod";
import { plain } from "../../../observe/text.ts";
import { ApiError } from "../types.ts";

const Status = z.looseObject({
  kind: z.literal("Status"),
  message: z.string().default(""),
  reason: z.string().default("Unknown"),
  details: z
    .looseObject({
      causes: z
        .array(
          z.looseObject({
            field: z.string().default(""),
            message: z.string().default(""),
            reason: z.string().default(""),
          }),
        )
        .nullish(),
    })
    .nullish(),
});

/** The most of the API server's own words that is kept, in characters. */
const most = 4_000;

/** The API server has no such path: it does not serve that group and version. Only its own words count as that. */
export class NoSuchPath extends Error {}

/** What an answer that is not a success says. */
export function refused(cluster: string, code: number, body: string): Error {
  if (code === 401)
    return new ApiError(
      `the credentials for the cluster ${cluster} are no longer accepted: renew what its kubeconfig uses`,
      { code, reason: "Unauthorized" },
    );
  if (code === 404 && body.trim() === "404 page not found")
    return new NoSuchPath(`the cluster ${cluster} does not serve what was asked for`);
  const { success, data } = Status.safeParse(parsed(body));
  if (!success) return new Error(`the cluster ${cluster} answered ${code} and did not say why`);
  const { message, reason, details } = data;
  return new ApiError(plain(message.slice(0, most)) || `the API server answered ${reason}`, {
    code,
    reason,
    causes: (details?.causes ?? []).map(({ field, message, reason }) => ({
      field,
      message: plain(message.slice(0, most)),
      reason,
    })),
  });
}

/** A call that got no answer. Without its cause, whose words would be what a card says. */
export function silent(cluster: string, cause: unknown): Error {
  return new Error(`the cluster ${cluster} did not answer (${why(cause)})`);
}

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "the connection broke",
  EPIPE: "the connection broke",
  ENOTFOUND: "its host is not known",
  EAI_AGAIN: "its host could not be looked up",
  ETIMEDOUT: "the connection timed out",
  EHOSTUNREACH: "no way to its host",
  ENETUNREACH: "no way to its network",
  CERT_HAS_EXPIRED: "its certificate has expired",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another host",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is not trusted",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is not trusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is not trusted",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate is not trusted",
  EPROTO: "it does not speak TLS as expected",
};

function why(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return words[code] ?? `the connection failed${code === "" ? "" : `: ${code}`}`;
}

/** JSON as data; undefined where it is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
