/** Every decision that policy makes. All are pure: the platform as it stands goes in, a ruling comes out. */
export { limits, maySay } from "./limits.ts";
export { may, type Ruling } from "./may.ts";
export { type Draft, needs } from "./needs.ts";
export { rights } from "./rights.ts";
export { mayVote } from "./vote.ts";
