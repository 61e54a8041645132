/** Who is behind an account. */
import type { Account, Person } from "../core/person.ts";
import { own } from "../platform/own.ts";
import type { Platform } from "../platform/schema.ts";

/** Surfaces of our own, whose accounts are the people themselves. */
const ours: readonly string[] = ["console", "cli"];

/** The person of the account, or undefined where platform.yaml names nobody with it. */
export function personOf(platform: Platform, account: Account): Person | undefined {
  if (ours.includes(account.surface)) return person(platform, account.id);
  const found = Object.entries(platform.people).find(
    ([, { accounts }]) => own(accounts, account.surface) === account.id,
  );
  return found && person(platform, found[0]);
}

function person(platform: Platform, id: string): Person | undefined {
  const entry = own(platform.people, id);
  return entry && { id, name: entry.name };
}
