/** Fixture roles of what services need: databases, environments, secrets, stacks. */
import { z } from "zod";
import { late, progress } from "../../../../src/core/operation.ts";
import { effect, look, role } from "../../../../src/core/role.ts";
import { Environment, Name, onEnvironment, onName, text } from "./nouns.ts";

const Named = z.object({ name: Name, environment: Environment });

export const databases = role("databases", {
  create: effect({
    input: Named.extend({ size: z.enum(["small", "medium", "large"]) }),
    result: z.object({ secret: text, host: text }),
    on: onName,
    says: (i) => `create the ${i.size} database ${i.name}`,
  }),
  seed: effect({
    input: Named.extend({ from: Environment }),
    result: z.object({ rows: z.int() }),
    on: onName,
    says: (i) => `fill ${i.name} from ${i.from}, masked`,
  }),
  ready: look({ input: Named, result: progress({}) }),
});

export const environments = role("environments", {
  create: effect({
    input: z.object({ name: Name, expires: text }),
    result: z.object({ url: text }),
    on: onEnvironment,
    says: (i) => `create the environment ${i.name}`,
  }),
  destroy: effect({
    input: z.object({ name: Name }),
    result: z.object({}),
    on: onEnvironment,
    says: (i) => `tear down ${i.name}`,
  }),
});

export const secrets = role("secrets", {
  rotate: effect({
    input: Named,
    result: z.object({ version: text }),
    on: onName,
    says: (i) => `make a new value for ${i.name}`,
  }),
  retire: effect({
    input: Named.extend({ keep: late(text) }),
    result: z.object({}),
    on: onName,
    says: (i) => `retire the old values of ${i.name}`,
  }),
  users: look({ input: Named, result: z.array(text) }),
});

export const stacks = role("stacks", {
  apply: effect({
    input: z.object({ stack: Name, environment: Environment, ref: text }),
    result: z.object({ outputs: z.record(text, text) }),
    on: (i) => [`${i.environment}/${i.stack}`],
    says: (i) => `apply ${i.stack} in ${i.environment}`,
  }),
});
