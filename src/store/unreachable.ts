/** What a PostgreSQL that can't be used says to a person, and whether waiting for it may help. */
import { line } from "../observe/text.ts";
import { LostConnection } from "./database.ts";

/** Why a connection could not be made, and what to do. Names no password. */
export function unreachable({ host, hostname, username, pathname }: URL, error: unknown): string {
  const user = decodeURIComponent(username);
  const name = decodeURIComponent(pathname.slice(1));
  switch (codeOf(error)) {
    case "ECONNREFUSED":
      return `Nothing listens at ${host}: start PostgreSQL there, or correct DATABASE_URL.`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `No machine is called ${hostname}: correct DATABASE_URL, or this machine's DNS.`;
    case "28P01":
    case "28000":
      return `PostgreSQL at ${host} does not let ${user || "us"} in: correct user and password in DATABASE_URL.`;
    case "3D000":
      return `PostgreSQL at ${host} has no database ${name}: create it, or correct DATABASE_URL.`;
    case "53300":
      return `PostgreSQL at ${host} has no connection left: raise its max_connections, or start fewer replicas.`;
    case "53100":
      return `The disk of PostgreSQL at ${host} is full: make room there.`;
    default:
      return `PostgreSQL at ${host} does not answer (${innermost(error)}): start it, let this machine reach it, or correct DATABASE_URL.`;
  }
}

/** Whether it is away rather than against us: the network's errors, PostgreSQL's classes 08, 53 and 57P, and silence. */
export function isAway(error: unknown): boolean {
  if (/^(E[A-Z]+|EAI_AGAIN|08.*|53.*|57P.*)$/.test(codeOf(error))) return true;
  return error instanceof LostConnection || /timeout|terminated/i.test(innermost(error));
}

/** The code of an error or of what caused it: `ECONNREFUSED`, or PostgreSQL's. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  if ("code" in error && typeof error.code === "string") return error.code;
  return codeOf(error.cause);
}

function innermost(error: unknown): string {
  let inner = error;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  return line(inner instanceof Error ? inner.message : String(inner), 200);
}
