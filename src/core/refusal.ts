/** An expected "no": one sentence for a person, with what to do next. Anything else that is thrown is a fault. */

/** Takes the change under way back and ends the run with this sentence. */
export class Refusal extends Error {
  override readonly name: string = "Refusal";
}

/** A provider's "it is no longer as it was planned": before the first effect the plan is made again, after it this is a refusal. */
export class Moved extends Refusal {
  override readonly name = "Moved";
}

/** Says no in one sentence. Never returns. */
export function refuse(says: string): never {
  throw new Refusal(says);
}
