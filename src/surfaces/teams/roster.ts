/** Who belongs to a conversation, asked of Teams: guests and people of other organisations are told apart there. */
import { z } from "zod";
import { Gone } from "../../core/surface.ts";
import type { TeamsConfig } from "./config.ts";
import type { Ask } from "./connector.ts";
import type { Known } from "./known.ts";
import type { Activity } from "./payloads.ts";
import { channelOf } from "./ref.ts";

/** `unknown`: Teams did not say, so nothing is taken from them now. */
export type Standing = "ours" | "foreign" | "unknown";

export interface Roster {
  /** Whether whoever sent a verified activity is a member of our organisation. */
  standing(activity: Activity, signal: AbortSignal): Promise<Standing>;
  /** The Teams' ids of those of these accounts who are members there. Throws where Teams does not say. */
  mris(
    at: { readonly channel: string; readonly serviceUrl: string },
    accounts: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, string>>;
  /** The Teams' ids of some people there, at most so many. Throws where Teams does not say. */
  some(
    at: { readonly channel: string; readonly serviceUrl: string },
    count: number,
    signal: AbortSignal,
  ): Promise<readonly string[]>;
}

export function roster(config: TeamsConfig, ask: Ask, known: Known): Roster {
  const now = config.now ?? Date.now;
  const ours = [config.app?.tenant, ...(config.moreTenants ?? [])].flatMap((one) =>
    one === undefined ? [] : [one.toLowerCase()],
  );
  const good = new Map<string, number>();
  const lists = new Map<string, { readonly at: number; readonly all: readonly Member[] }>();
  return {
    standing,
    mris,
    some: async (at, count, signal) =>
      (await membersOf(at, signal)).slice(0, count).map(({ id }) => id),
  };

  async function standing(activity: Activity, signal: AbortSignal): Promise<Standing> {
    if (config.app === undefined) return "ours";
    const { from, conversation, channelData } = activity;
    const tenant = channelData?.tenant?.id ?? conversation.tenantId;
    const account = from.aadObjectId?.toLowerCase();
    if (!account || !isOurs(tenant)) return "foreign";
    const { channel } = channelOf(conversation.id);
    const seen = good.get(`${account} ${channel}`);
    if (seen !== undefined && seen > now() - hour) return "ours";
    try {
      const member = Member.parse(
        await ask(
          {
            doing: "asking Teams who somebody is",
            method: "GET",
            serviceUrl: activity.serviceUrl,
            path: `v3/conversations/${encodeURIComponent(channel)}/members/${encodeURIComponent(from.id)}`,
          },
          AbortSignal.any([signal, AbortSignal.timeout(patience)]),
        ),
      );
      if (isGuest(member) || accountOf(member) !== account) return "foreign";
      if (member.tenantId && !isOurs(member.tenantId)) return "foreign";
    } catch (error) {
      if (error instanceof Gone) return "foreign";
      config.log("warn", "asking Teams who somebody is", error);
      return "unknown";
    }
    if (good.size > 10_000) good.clear();
    good.set(`${account} ${channel}`, now());
    return "ours";
  }

  async function mris(
    at: { readonly channel: string; readonly serviceUrl: string },
    accounts: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, string>> {
    const all = await membersOf(at, signal);
    for (const member of all) {
      const account = accountOf(member);
      if (account) known.meet(account, { mri: member.id, name: member.name ?? "" });
    }
    const byAccount = new Map(all.map((member) => [accountOf(member), member.id]));
    return new Map(
      accounts.flatMap((account): [string, string][] => {
        const mri = byAccount.get(account.toLowerCase());
        return mri === undefined ? [] : [[account, mri]];
      }),
    );
  }

  async function membersOf(
    { channel, serviceUrl }: { readonly channel: string; readonly serviceUrl: string },
    signal: AbortSignal,
  ): Promise<readonly Member[]> {
    const kept = lists.get(channel);
    if (kept !== undefined && kept.at > now() - minute) return kept.all;
    // Who belonged there a while ago is better than nobody.
    const all = await everybody(channel, serviceUrl, signal).catch((error: unknown) => {
      if (kept === undefined || error instanceof Gone) throw error;
      return kept.all;
    });
    if (lists.size > 1000) lists.clear();
    lists.set(channel, { at: now(), all });
    return all;
  }

  async function everybody(
    channel: string,
    serviceUrl: string,
    signal: AbortSignal,
  ): Promise<readonly Member[]> {
    const all: Member[] = [];
    let more = "";
    for (let page = 0; page < 20; page += 1) {
      const answer = Page.parse(
        await ask(
          {
            doing: `asking who belongs to ${channel}`,
            method: "GET",
            serviceUrl,
            path: `v3/conversations/${encodeURIComponent(channel)}/pagedmembers?pageSize=500${more}`,
          },
          signal,
        ),
      );
      all.push(...answer.members);
      if (!answer.continuationToken) break;
      more = `&continuationToken=${encodeURIComponent(answer.continuationToken)}`;
    }
    return all;
  }

  function isOurs(tenant: string | null | undefined): boolean {
    return tenant !== null && tenant !== undefined && ours.includes(tenant.toLowerCase());
  }
}

const Member = z.object({
  id: z.string(),
  name: z.string().nullish(),
  aadObjectId: z.string().nullish(),
  objectId: z.string().nullish(),
  tenantId: z.string().nullish(),
  userRole: z.string().nullish(),
  userPrincipalName: z.string().nullish(),
});
type Member = z.infer<typeof Member>;

const Page = z.object({ members: z.array(Member), continuationToken: z.string().nullish() });

function accountOf({ aadObjectId, objectId }: Member): string | undefined {
  return (aadObjectId ?? objectId ?? undefined)?.toLowerCase();
}

/** Teams says `guest` or `anonymous`; a guest's principal name in Entra holds `#EXT#`. */
function isGuest({ userRole, userPrincipalName }: Member): boolean {
  const role = (userRole ?? "user").toLowerCase();
  return !["user", "member", "owner"].includes(role) || /#ext#/i.test(userPrincipalName ?? "");
}

const minute = 60_000;
const hour = 60 * minute;
/** In milliseconds: whoever clicked waits for it, and an invoke must be answered in 3 s. */
const patience = 1_500;
