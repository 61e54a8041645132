/** Who acts: a person of the organisation, and the account on a surface through which we hear them. */

/** Somebody (or a robot) whom `manifests/platform.yaml` names. Decisions are made for people, never for accounts. */
export interface Person {
  readonly id: string;
  readonly name: string;
}

/** An account on one surface: `slack` and `U024BE7LH`. The door finds its person or turns it away. */
export interface Account {
  readonly surface: string;
  readonly id: string;
}
