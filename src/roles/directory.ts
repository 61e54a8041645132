/** The role of whoever knows what there is: services with their owners, environments, people. */
import { z } from "zod";
import type { Choice } from "../core/card.ts";
import { noun } from "../core/command.ts";
import type { Look } from "../core/operation.ts";
import { look, role } from "../core/role.ts";

export const Service: z.ZodString = noun(
  "service",
  (): Look<readonly Choice[]> => directory.services({}),
);
export const Environment: z.ZodString = noun(
  "environment",
  (): Look<readonly Choice[]> => directory.environments({}),
);

const text = z.string();

export const directory = role("directory", {
  /** Every service; `hint` says whose it is. */
  services: look({
    input: z.object({}),
    result: z.array(z.object({ value: text, hint: text, owner: text, says: text })),
  }),
  /** Every environment in the order in which versions travel; `hint` says who must approve. */
  environments: look({
    input: z.object({}),
    result: z.array(z.object({ value: text, hint: text })),
  }),
  /** Everybody, by id; `hint` is the name. */
  people: look({
    input: z.object({}),
    result: z.array(z.object({ value: text, hint: text })),
  }),
});
