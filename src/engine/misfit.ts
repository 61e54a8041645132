/** The code asks for something else than the journal has: the run parks with its card, and a person decides. */
import type { Changing } from "./changing.ts";
import { Abandoned, misfit } from "./choices.ts";
import { settleBegun } from "./undo.ts";

/**
 * Comes back when the change is to be taken back, which needs no old code: plan and journal are data. A cancel says so.
 * "Start again" takes it back too and lets the end start a new run of the same input.
 */
export async function parkMisfit(c: Changing): Promise<void> {
  const { progress } = c;
  const wait = c.key("misfit");
  const pressed = progress.presses.get(wait);
  const says = `The steps of this workflow were changed while it was under way ("${c.step}"). Nothing was lost; choose how to go on.`;
  const { cancel } = progress.run;
  if (!pressed && cancel) {
    const undoing = { says: `${cancel.name} cancelled this.`, end: "cancelled" };
    const entries = [{ key: c.key("undoing"), value: undoing }];
    return progress.put([...entries, { key: "cancelled", value: c.step }], { shows: true });
  }
  if (!pressed) return progress.park({ kind: "press", step: c.step, wait, says, buttons: misfit });
  if (pressed.button === "abandon") {
    await settleBegun(c, "");
    throw new Abandoned(`${pressed.person.name} gave this up.`);
  }
  const again = pressed.button === "start-again";
  const undoing = {
    says: `${pressed.person.name} stopped this, because its steps were changed while it was under way.`,
    end: "refused",
  };
  await progress.put(
    [
      { key: c.key("undoing"), value: undoing },
      ...(again ? [{ key: "start again", value: pressed.person.id }] : []),
    ],
    { shows: true },
  );
}
