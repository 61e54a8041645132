/** The buttons of a parked run, and what pressing them means. */
import { Refusal } from "../core/refusal.ts";
import type { Press } from "../store/presses.ts";
import type { Waits } from "../store/runs.ts";

/** Somebody gave the run up: it ends as it stands. Authors can't catch it by mistake, because it is no refusal. */
export class Abandoned extends Error {
  override readonly name = "Abandoned";
}

export interface Choices {
  readonly buttons: NonNullable<Waits["buttons"]>;
  /** Throws what the pressed button means; comes back where it means "go on". */
  decide(press: Press, why: string): Promise<void>;
}

const tryAgain = { name: "try-again", label: "Try again" };

/** A change can be taken back. */
export const tryOrTakeBack: Choices = {
  buttons: [tryAgain, { name: "take-back", label: "Take back", danger: true }],
  async decide(press, why) {
    if (press.button === "take-back") throw new Refusal(why);
  },
};

/** There is nothing to take back, or taking back is what fails. */
export const tryOrAbandon: Choices = {
  buttons: [tryAgain, { name: "abandon", label: "Abandon", danger: true }],
  async decide(press) {
    if (press.button === "abandon") throw new Abandoned(`${press.person.name} gave this up.`);
  },
};

/** Nothing was changed yet: giving up is a refusal. */
export const tryOrStop: Choices = {
  buttons: [tryAgain, { name: "stop", label: "Cancel" }],
  async decide(press, why) {
    if (press.button === "stop") throw new Refusal(why);
  },
};

/** Nobody could find out whether it happened. */
export const thereOrNot: NonNullable<Waits["buttons"]> = [
  { name: "it-is-there", label: "It is there" },
  { name: "it-is-not-there", label: "It is not there" },
];

/** The code asks for other steps than the journal has. */
export const misfit: NonNullable<Waits["buttons"]> = [
  { name: "take-back", label: "Take back" },
  { name: "abandon", label: "Abandon", danger: true },
  { name: "start-again", label: "Start again" },
];
