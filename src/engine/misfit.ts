/** The code asks for something else than the journal has, because it was changed while the run was under way. */

/** Authors can't catch it by mistake, because no step comes back after it. Its message ends "…: " as a sentence of its own. */
export class Misfit extends Error {
  override readonly name = "Misfit";
}

/** What does not fit, in a person's words. */
export const misfits = {
  gone: (workflow: string) => `There is no workflow "${workflow}" any more.`,
  input: (workflow: string) => `What was asked for no longer fits what "${workflow}" takes.`,
  kind: (step: string, was: string, is: string) => `"${step}" was a ${was} and is a ${is} now.`,
  order: (step: string, left: string) =>
    `It would go on with "${step}" now, but "${left}" came before and is asked for no more.`,
  end: (left: string) => `It would end now, but "${left}" was done and is asked for no more.`,
  acts: (step: string) => `"${step}" would do something else now than what it began.`,
  look: (step: string) => `"${step}" would look at something else now than what it saw.`,
  wait: (step: string, by: string) => `"${step}" ended by "${by}", which it knows no more.`,
  child: (step: string) => `"${step}" would start something else now than what it started.`,
  result: (step: string) => `What "${step}" gave no longer has the shape that is expected of it.`,
} as const;
