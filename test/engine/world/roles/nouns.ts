/** What the fixtures' people speak of. */
import { z } from "zod";
import { noun } from "../../../../src/core/command.ts";
import type { Target } from "../../../../src/core/operation.ts";

export const Service = noun("service");
export const Environment = noun("environment");
export const Version = noun("version");
export const Name = noun("name");
export const text = z.string();

/** A service in an environment. */
export const At = z.strictObject({ service: Service, environment: Environment });

/** Paths start at the environment: a lock on `pr-123` covers `pr-123/web`. */
export const onService = (at: { service: string; environment: string }): readonly Target[] => [
  `${at.environment}/${at.service}`,
];
export const onName = (at: { name: string; environment: string }): readonly Target[] => [
  `${at.environment}/${at.name}`,
];
/** An environment as a whole: all that lies below it. */
export const onEnvironment = (at: { name: string }): readonly Target[] => [at.name as Target];

/** A value for people, also where it is not known yet. */
export const shown = (value: unknown): string =>
  typeof value === "string" ? value : "(known after)";
