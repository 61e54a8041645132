/** What an environment says about the objects that a short manifest becomes there: routes, sizes, defaults. */
import { z } from "zod";

export const Expansion = z.strictObject({});
export type Expansion = z.output<typeof Expansion>;
