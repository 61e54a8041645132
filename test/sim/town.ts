/** What people do in a simulation: ask, vote, vote twice, on what is old or without right, press, cancel, try again; and what moves outside. */
import { z } from "zod";
import type { Json } from "../../src/core/operation.ts";
import type { Intent } from "../../src/core/surface.ts";
import type { Database } from "../../src/store/database.ts";
import { Waits } from "../../src/store/runs.ts";
import type { World } from "../engine/world/world.ts";
import type { Chance } from "./chance.ts";
import type { Chat } from "./chat.ts";
import { people } from "./mix.ts";
import type { Witness } from "./witness.ts";

export interface TownParts {
  readonly database: Database;
  readonly chance: Chance;
  readonly world: World;
  readonly chat: Chat;
  readonly witness: Witness;
  /** How many asks there may be. */
  readonly asks: number;
  /** Remembers something to ask for; gives its number. */
  readonly wish: () => number;
  readonly say: (person: string, said: Intent["said"]) => void;
}

export interface Town {
  /** Anybody does anything. */
  doAnything(): Promise<void>;
  /** Everybody does what a run waits for, and no more. */
  tidyUp(): Promise<void>;
  /** Somebody else changes an object outside. */
  move(): void;
}

const RunRow = z.object({
  number: z.number(),
  id: z.string(),
  ended: z.boolean(),
  waits: z.array(Waits).nullable(),
  tries: z.number(),
  intents: z.record(z.string(), z.string()),
});
const PlanRow = z.object({
  number: z.number(),
  digest: z.string(),
  state: z.string(),
  needs: z.array(z.object({ people: z.array(z.string()) })),
});

export function townOf(parts: TownParts): Town {
  const { database, chance, world, chat, say, witness } = parts;
  let asked = 0;
  const anybody = (): string => chance.pick(people).id;
  const tell = (text: string, who = anybody()) => say(who, { text });
  const runs = () =>
    database.query(
      RunRow,
      `SELECT r.number, r.id, r.ended_at IS NOT NULL AS ended, r.waits,
         (SELECT count(*)::int FROM shipmate.presses p WHERE p.run = r.id AND p.button = 'try-again') AS tries,
         (SELECT COALESCE(jsonb_object_agg(j.key, j.value->>'key'), '{}') FROM shipmate.journal j
          WHERE j.run = r.id AND j.key LIKE '%/intent') AS intents
       FROM shipmate.runs r ORDER BY r.number`,
    );
  const plans = () =>
    database.query(
      PlanRow,
      `SELECT r.number, p.digest, p.state, p.body->'needs' AS needs
       FROM shipmate.plans p JOIN shipmate.runs r ON r.id = p.run ORDER BY p.id`,
    );
  const ask = () => {
    if (asked++ < parts.asks) tell(`begin ${parts.wish()}`, chance.pick(["ada", "ada", "grace"]));
  };
  const vote = async (): Promise<void> => {
    const all = await plans();
    const open = all.filter((plan) => plan.state === "open");
    const plan = chance.any(chance.happens(0.9) ? open : all);
    if (!plan) return ask();
    const voters = plan.needs.flatMap((need) => need.people);
    const who = (chance.happens(0.8) ? chance.any(voters) : undefined) ?? anybody();
    const what = chance.below(20);
    if (what === 0) return tell(`withdraw ${plan.number}`, who);
    if (what === 1) return tell(`reject ${plan.number}`, who);
    tell(`approve ${plan.number} ${plan.digest.slice(0, 8)}`, who);
    if (what < 5) tell(`approve ${plan.number} ${plan.digest.slice(0, 8)}`, who);
  };
  /** A button as it stands in the chat, also an old one. */
  const click = () => {
    const [ref, message] = chance.any([...chat.there]) ?? [];
    const button = chance.any(message?.card.buttons ?? []);
    if (!button || ref === undefined || /It is/.test(button.label)) return;
    if (/Reject|Cancel|Abandon|Tear|Take/.test(button.label) && chance.happens(0.7)) return;
    const forms: readonly { readonly [field: string]: Json }[] = [
      { by: "1d" },
      { by: "nonsense" },
      { service: "web" },
    ];
    const values = chance.happens(0.5) ? chance.any(forms) : undefined;
    say(anybody(), { button: button.id, message: ref, ...(values && { values }) });
  };
  const move = () => {
    const id = chance.any([...world.objects.keys()].sort());
    const now = id === undefined ? undefined : world.objects.get(id);
    if (id === undefined || !now) return;
    const version = chance.pick(["1.3.9", "1.4.0", "1.4.2"]);
    if ("version" in now) world.set(id, { ...now, version });
    else if (chance.happens(0.3)) world.set(id, { ...now, touched: chance.below(1_000) });
  };
  /** What is true, since whoever presses went and looked. */
  const truth = (intents: { readonly [entry: string]: string }, wait: string): string => {
    const entry = `${wait.split("/unknown/")[0]}/intent`;
    return witness.find(intents[entry] ?? "") === "not done" ? "it-is-not-there" : "it-is-there";
  };
  return {
    move,
    async doAnything() {
      const dice = chance.below(100);
      if (dice < 25) return ask();
      if (dice < 60) return vote();
      if (dice < 75) return click();
      if (dice < 83) return move();
      if (dice < 86) return void chat.remove(chance.any([...chat.there.keys()]) ?? "");
      if (dice < 89) return void world.signs.add(chance.pick(["closed", "resolved"]));
      const all = await runs();
      const run = chance.any(dice < 96 ? all.filter((one) => !one.ended) : all);
      if (!run) return ask();
      if (dice < 94) return tell(`cancel ${run.number}`);
      if (asked < parts.asks) tell(`retry ${run.number}`);
    },
    async tidyUp() {
      world.signs.add("resolved");
      for (const plan of await plans()) {
        const who = chance.any(plan.needs.flatMap((need) => need.people));
        if (plan.state === "open" && who !== undefined && chance.happens(0.8))
          tell(`approve ${plan.number} ${plan.digest.slice(0, 8)}`, who);
      }
      for (const run of await runs()) {
        for (const { wait, buttons = [] } of run.ended ? [] : (run.waits ?? [])) {
          const names = buttons.filter((one) => !one.form).map((one) => one.name);
          if (wait === undefined || names.length === 0) continue;
          const other = names.filter((name) => name !== "try-again");
          const button = names.includes("it-is-there")
            ? truth(run.intents, wait)
            : names.includes("try-again") && run.tries < 3
              ? "try-again"
              : chance.any(other);
          if (button !== undefined) tell(`press ${run.number} ${button}`);
        }
      }
    },
  };
}
