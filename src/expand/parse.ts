/** Reads a WebService, or says what is wrong with it: one sentence for each mistake, with its path. */
import { z } from "zod";
import { refuse } from "../core/refusal.ts";
import { type Found, mistakes } from "../platform/mistakes.ts";
import { WebSpec } from "../platform/web-spec.ts";
import { checks } from "./checks.ts";
import { names } from "./names.ts";

const name = z.string().min(1).max(63);

/** What a WebService's file says. */
export const WebService = z.strictObject({
  apiVersion: z.literal("platform.company.io/v1"),
  kind: z.literal("WebService"),
  metadata: z.looseObject({ name }),
  spec: WebSpec,
});
/** As people wrote it, known to be right: what an environment adds is laid under and over it before defaults fill the rest. */
export type WebService = z.input<typeof WebService>;

/** The manifest in `file` from its data. Throws a Refusal with a line for each mistake. */
export function parseWebService(data: unknown, file: string): WebService {
  const read = WebService.safeParse(data);
  const found = read.success
    ? checks(read.data.spec)
    : mistakes(read.error.issues, names(WebService));
  if (found.length > 0) refuse(lines(found, file));
  return data as WebService;
}

const lines = (found: readonly Found[], file: string): string =>
  found.map(({ says }) => `${file}: ${says}`).join("\n");
