/** Release and wait for it: the part that deploy, rollback, bulk deploy and promote share. */
import { type Act, type Late, until } from "shipmate";
import { clusters } from "../../roles.ts";

export interface Ship {
  readonly service: string;
  readonly environment: string;
  readonly version: string | Late<string>;
}

export const ship = ({ service, environment, version }: Ship): readonly Act[] => [
  clusters.release({ service, environment, version }),
  until(clusters.rollout({ service, environment }), { every: "2s", timeout: "10m" }),
];
