/** Every scenario that the engine has to live through, with and without crashes. */
import type { Case } from "./rig.ts";
import { asking } from "./scenarios/asking.ts";
import { failures } from "./scenarios/failing.ts";
import { making } from "./scenarios/making.ts";
import { mending } from "./scenarios/mending.ts";
import { minding } from "./scenarios/minding.ts";
import { queueing } from "./scenarios/queueing.ts";
import { shipping } from "./scenarios/shipping.ts";
import { undoing } from "./scenarios/undoing.ts";

export const scenarios: readonly Case[] = [
  ...shipping,
  ...making,
  ...minding,
  ...asking,
  ...queueing,
  ...undoing,
  ...failures,
  ...mending,
];
