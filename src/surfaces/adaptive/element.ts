/** What every part of an Adaptive Card is: JSON that names its type. */

/** One element, action or card, as its JSON. */
export interface Element {
  readonly type: string;
  readonly [property: string]: unknown;
}
