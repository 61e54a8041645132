/** Fixture roles of what goes on: rooms, changes, drift, and the world itself. */
import { z } from "zod";
import type { Target } from "../../../../src/core/operation.ts";
import { effect, look, role } from "../../../../src/core/role.ts";
import { Time } from "../../../../src/core/time.ts";
import { At, Name, text } from "./nouns.ts";

export const rooms = role("rooms", {
  open: effect({
    input: z.object({ name: Name, topic: text, invite: z.array(text) }),
    result: z.object({ id: text }),
    on: (i) => [`rooms/${i.name}`],
    says: (i) => `open #${i.name}`,
  }),
  archive: effect({
    input: z.object({ name: Name }),
    result: z.object({}),
    on: (i) => [`rooms/${i.name}`],
    says: (i) => `archive #${i.name}`,
  }),
});

export const changes = role("changes", {
  recent: look({
    input: At.extend({ since: Time }),
    result: z.array(
      z.object({ service: text, environment: text, version: text, before: text, by: text }),
    ),
  }),
});

const Drifted = z.object({ object: text });
export const drift = role("drift", {
  list: look({ input: z.object({}), result: z.array(Drifted.extend({ says: text })) }),
  back: effect({
    input: Drifted,
    result: z.object({}),
    on: (i) => [`drift/${i.object}`],
    says: (i) => `put ${i.object} back`,
  }),
  accept: effect({
    input: Drifted,
    result: z.object({}),
    on: (i) => [`drift/${i.object}`],
    says: (i) => `make ${i.object} the declared state`,
  }),
});

/** What undo is made of: puts an object back as it was, or away. */
export const world = role("world", {
  put: effect({
    /** `was`: the object's fields as JSON; null: there was none. */
    input: z.object({ id: text, was: text.nullable() }),
    result: z.object({}),
    on: (i) => [i.id as Target],
    says: (i) => (i.was ? `put ${i.id} back` : `remove ${i.id}`),
    again: (i) => (i.was ? `${i.id} is as it was` : `${i.id} is gone again`),
  }),
});
