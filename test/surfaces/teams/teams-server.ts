/**
 * A server that behaves like the Bot Connector of Teams as its documentation describes it, with the login
 * that gives the app its token and an issuer that signs requests. It keeps messages and chats, refuses what
 * Teams would refuse, counts posts and edits, and can be told to fail: 412, 429, 502, 504, a lost answer.
 *
 *     const server = await teamsServer();
 *     const surface = teams({ ...server.settings, host: "127.0.0.1", log }, door);
 *     ... serve surface.requestListener at `url` ...
 *     const ada = teamsPerson(server, "ada", url);
 *     await ada.mentions("deploy web 1.4.2 to production", general);
 *     const card = await server.sees((message) => message.summary.includes("Waiting"));
 *     await grace.presses("Approve", card);
 *     expect(server.posts(general)).toBe(1);
 *     await server.close();
 */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { faultsOfActivity } from "../adaptive/limits.ts";
import { issuer } from "./issuer.ts";

export interface TeamsMessage {
  /** Without its thread. */
  readonly channel: string;
  /** The post that the thread hangs on; its own id for a post that begins one. */
  readonly root?: string;
  readonly id: string;
  text: string;
  summary: string;
  card: Card | undefined;
  /** What is attached and no card. */
  attached: readonly Attached[];
  /** How often it was changed. */
  edits: number;
}
export interface Card {
  readonly [property: string]: unknown;
  readonly refresh?: { readonly action: object; readonly userIds: readonly string[] };
}

export interface Attached {
  readonly contentType: string;
  readonly name?: string;
  readonly content: { readonly [name: string]: unknown };
}

export interface Member {
  /** In Entra. */
  readonly account: string;
  /** In Teams, for this app. */
  readonly mri: string;
  readonly name: string;
  readonly tenant: string;
  readonly role: "user" | "guest";
}

/** What the next call of a kind meets instead of a plain answer. */
export type Fault =
  | { readonly status: number; readonly retryAfter?: number; readonly code?: string }
  /** All is well, after something else happened. */
  | { readonly first: () => void }
  /** The work is done, the answer never comes. */
  | "lost"
  /** Nothing is done and nothing comes until the caller gives up. */
  | "hangs";
export type Kind = "post" | "edit" | "delete" | "open" | "member" | "members" | "token" | "keys";

export type TeamsServer = Awaited<ReturnType<typeof teamsServer>>;

/** A channel of a team. */
export const general = "19:general@thread.tacv2";
/** A group chat. */
export const group = "19:group@thread.v2";

export async function teamsServer({
  now = Date.now,
  weather = () => undefined,
}: {
  readonly now?: () => number;
  /** What a call meets that no test has a fault of its own for. */
  readonly weather?: (kind: Kind, path: string, body: unknown) => Fault | undefined;
} = {}) {
  const tenant = "11111111-1111-4111-8111-111111111111";
  const appId = "99999999-9999-4999-8999-999999999999";
  const password = randomUUID();
  const own = randomUUID();
  const messages: TeamsMessage[] = [];
  const counts = { posts: new Map<string, number>(), edits: new Map<string, number>() };
  const members = new Map<string, Member>();
  const left = new Set<string>();
  const gone = new Set<string>();
  const unreachable = new Set<string>();
  const chats = new Map<string, string>();
  const faults = new Map<Kind, Fault[]>();
  const asked: { readonly kind: Kind; readonly path: string; readonly body: unknown }[] = [];
  const uploads = new Map<string, string>();
  const refused: { readonly path: string; readonly says: string }[] = [];
  let clock = 0;
  let served = "teams";
  let away: "refuses" | "hangs" | undefined;

  const http = createServer((request, response) => {
    void respond(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  const signs = issuer(`${origin}/issuer`);

  return {
    settings: {
      app: { id: appId, password, tenant, type: "SingleTenant" as const },
      serviceUrl: `${origin}/teams/`,
      issuer: { name: signs.name, metadata: `${origin}/.well-known/openidconfiguration` },
      loginUrl: `${origin}/login`,
    },
    tenant,
    appId,
    bot: `28:${appId}`,
    now,
    signs,
    get serviceUrl() {
      return `${origin}/${served}/`;
    },
    /** From now on requests name another address, and the old one takes nothing. */
    move(name: string) {
      served = name;
    },
    /** What was put where room was made for a file, by its address. */
    uploads: uploads as ReadonlyMap<string, string>,
    /** Room for a file. */
    room: (name: string) => `${origin}/upload/${name}`,
    /** All messages that stand, oldest first. */
    messages: messages as readonly TeamsMessage[],
    asked: asked as readonly {
      readonly kind: Kind;
      readonly path: string;
      readonly body: unknown;
    }[],
    /** Calls that were answered with a "no" that no test had asked for. */
    refused: refused as readonly { readonly path: string; readonly says: string }[],
    posts: (channel: string) => counts.posts.get(channel) ?? 0,
    edits: (channel: string) => counts.edits.get(channel) ?? 0,
    /** Everybody whom a message called by a live mention. */
    mentions: () => messages.flatMap(({ card }) => mentionsIn(card)),
    person(name: string, more: Partial<Member> = {}): Member {
      const known = [...members.values()].find((one) => one.name === name);
      if (known !== undefined) return known;
      const account = `${String(members.size + 1).padStart(8, "0")}-0000-4000-8000-000000000000`;
      const member = { account, mri: `29:${name}`, name, tenant, role: "user", ...more } as const;
      members.set(member.mri, member);
      return member;
    },
    /** Somebody is no member of anything any more. */
    leaves: (member: Member) => left.add(member.mri),
    /** Somebody whom the app has no right to open a chat with. */
    blocks: (member: Member) => unreachable.add(member.mri),
    /** The chat of one person with the app. */
    chat: (member: Member) => chatOf(member.mri),
    next(kind: Kind, fault: Fault) {
      faults.set(kind, [...(faults.get(kind) ?? []), fault]);
    },
    /** From now on no call is served: each is refused with 503, or never answered. Undefined: it is over. */
    outage(how: "refuses" | "hangs" | undefined) {
      away = how;
    },
    /** Somebody deletes a message. */
    remove(message: TeamsMessage) {
      messages.splice(messages.indexOf(message), 1);
    },
    /** The conversation is no more. */
    close: async () => {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
    archive: (channel: string) => gone.add(channel),
    /** A new id of a message, which is the time in milliseconds. */
    id: stamp,
    /** The first message that fits, as soon as there is one; throws after `limit` ms. */
    async sees(fits: (message: TeamsMessage) => boolean, limit = 25_000): Promise<TeamsMessage> {
      const end = performance.now() + limit;
      for (;;) {
        const found = messages.find(fits);
        if (found !== undefined) return found;
        if (performance.now() > end)
          throw new Error(`no such message within ${limit} ms: ${JSON.stringify(messages)}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  };

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", origin);
    const text = await textOf(request);
    if (request.method === "PUT" && url.pathname.startsWith("/upload/")) {
      uploads.set(url.href, text);
      response.writeHead(201).end("{}");
      return;
    }
    const { kind, act } = route(request, url, text);
    asked.push({ kind, path: decodeURIComponent(url.pathname), body: jsonOf(text) });
    const fault =
      faults.get(kind)?.shift() ?? weather(kind, decodeURIComponent(url.pathname), jsonOf(text));
    if (fault === "hangs" || away === "hangs") return;
    if (away === "refuses") {
      response.writeHead(503).end("{}");
      return;
    }
    if (typeof fault === "object" && "first" in fault) fault.first();
    if (typeof fault === "object" && "status" in fault) {
      const headers =
        fault.retryAfter === undefined ? {} : { "retry-after": `${fault.retryAfter}` };
      response.writeHead(fault.status, headers).end(JSON.stringify(no(0, fault.code ?? "").body));
      return;
    }
    const answer = act();
    if (fault === "lost") {
      request.socket.destroy();
      return;
    }
    if (answer.status >= 400)
      refused.push({ path: url.pathname, says: JSON.stringify(answer.body) });
    response
      .writeHead(answer.status, { "content-type": "application/json" })
      .end(JSON.stringify(answer.body));
  }

  function route(
    request: IncomingMessage,
    url: URL,
    text: string,
  ): { readonly kind: Kind; readonly act: () => Reply } {
    const path = url.pathname;
    if (path === "/.well-known/openidconfiguration")
      return { kind: "keys", act: () => yes({ issuer: signs.name, jwks_uri: `${origin}/keys` }) };
    if (path === "/keys") return { kind: "keys", act: () => yes({ keys: signs.keys }) };
    if (path === `/login/${tenant}/oauth2/v2.0/token`)
      return { kind: "token", act: () => login(new URLSearchParams(text)) };
    const [, name, ...parts] = path.split("/").map(decodeURIComponent);
    const allowed = () => {
      if (request.headers.authorization !== `Bearer ${own}`) return no(401, "Unauthorized");
      return name === served ? undefined : no(404, "ServiceNotFound");
    };
    const guarded = (kind: Kind, act: () => Reply) => ({ kind, act: () => allowed() ?? act() });
    const [, , conversation = "", what, id = ""] = parts;
    const key = `${request.method} ${parts.length} ${what ?? ""}`;
    if (parts[0] !== "v3" || parts[1] !== "conversations")
      return { kind: "post", act: () => no(404, "NotFound") };
    const body = jsonOf(text) as Record<string, unknown>;
    if (key === "POST 2 ") return guarded("open", () => open(body));
    if (key === "POST 4 activities") return guarded("post", () => post(conversation, body));
    if (key === "PUT 5 activities") return guarded("edit", () => edit(conversation, id, body));
    if (key === "DELETE 5 activities") return guarded("delete", () => remove(conversation, id));
    if (key === "GET 4 pagedmembers") return guarded("members", () => page(conversation));
    if (key === "GET 5 members") return guarded("member", () => member(conversation, id));
    return { kind: "post", act: () => no(405, "MethodNotAllowed") };
  }

  function login(asks: URLSearchParams): Reply {
    const good =
      asks.get("grant_type") === "client_credentials" &&
      asks.get("client_id") === appId &&
      asks.get("client_secret") === password &&
      asks.get("scope") === "https://api.botframework.com/.default";
    return good
      ? yes({ token_type: "Bearer", expires_in: 3600, access_token: own })
      : { status: 401, body: { error: "invalid_client" } };
  }

  function open(body: Record<string, unknown>): Reply {
    const channel = (body["channelData"] as { channel?: { id?: string } } | undefined)?.channel?.id;
    if (channel !== undefined) {
      if (gone.has(channel)) return no(404, "ConversationNotFound");
      const id = stamp();
      const made = put(channel, id, id, body["activity"] as Record<string, unknown>);
      return "status" in made
        ? made
        : yes({ id: `${channel};messageid=${id}`, activityId: id }, 201);
    }
    const [first] = body["members"] as { id: string }[];
    const found = [...members.values()].find(({ mri, account }) =>
      [mri, account].includes(first?.id ?? ""),
    );
    if (found === undefined) return no(400, "BadSyntax");
    if (unreachable.has(found.mri)) return no(403, "BotNotInConversationRoster");
    return yes({ id: chatOf(found.mri) }, 201);
  }

  function post(conversation: string, body: Record<string, unknown>): Reply {
    const [channel = "", root] = conversation.split(";messageid=");
    if (gone.has(channel)) return no(403, "BotNotInConversationRoster");
    const made = put(channel, stamp(), root, body);
    return "status" in made ? made : yes({ id: made.id }, 201);
  }

  function edit(conversation: string, id: string, body: Record<string, unknown>): Reply {
    const [channel = ""] = conversation.split(";messageid=");
    if (gone.has(channel)) return no(403, "BotNotInConversationRoster");
    const message = messages.find((one) => one.channel === channel && one.id === id);
    if (message === undefined) return no(404, "ActivityNotFoundInConversation");
    const faults = faultsOfActivity(body);
    if (faults.length > 0) return wrong(faults);
    Object.assign(message, shown(body));
    message.edits += 1;
    count(counts.edits, channel);
    return yes({ id });
  }

  function remove(conversation: string, id: string): Reply {
    const [channel = ""] = conversation.split(";messageid=");
    const at = messages.findIndex((one) => one.channel === channel && one.id === id);
    if (at < 0) return no(404, "ActivityNotFoundInConversation");
    messages.splice(at, 1);
    return yes({});
  }

  function member(_conversation: string, id: string): Reply {
    const found = members.get(id);
    if (found === undefined || left.has(id)) return no(404, "MemberNotFoundInConversation");
    return yes(face(found));
  }

  function page(conversation: string): Reply {
    if (gone.has(conversation)) return no(403, "BotNotInConversationRoster");
    return yes({ members: [...members.values()].filter(({ mri }) => !left.has(mri)).map(face) });
  }

  function put(
    channel: string,
    id: string,
    root: string | undefined,
    body: Record<string, unknown>,
  ): TeamsMessage | Reply {
    const faults = faultsOfActivity(body);
    if (faults.length > 0) return wrong(faults);
    const message = {
      channel,
      id,
      ...(root === undefined ? {} : { root }),
      ...shown(body),
      edits: 0,
    };
    messages.push(message);
    count(counts.posts, channel);
    return message;
  }

  function chatOf(mri: string): string {
    const known = chats.get(mri) ?? `a:1${Buffer.from(mri).toString("base64url")}`;
    chats.set(mri, known);
    return known;
  }

  function stamp(): string {
    clock = Math.max(clock + 1, now());
    return String(clock);
  }
}

interface Reply {
  readonly status: number;
  readonly body: object;
}

function yes(body: object, status = 200): Reply {
  return { status, body };
}

function no(status: number, code: string): Reply {
  return { status, body: { error: { code, message: code } } };
}

function wrong(faults: readonly string[]): Reply {
  const big = faults.some((fault) => fault.startsWith("an activity of"));
  const body = {
    error: { code: big ? "MessageSizeTooBig" : "BadSyntax", message: faults.join("; ") },
  };
  return { status: big ? 413 : 400, body };
}

function shown(body: Record<string, unknown>) {
  const all = (body["attachments"] ?? []) as Attached[];
  const isCard = ({ contentType }: Attached) => contentType.endsWith("card.adaptive");
  return {
    text: String(body["text"] ?? ""),
    summary: String(body["summary"] ?? ""),
    card: all.find(isCard)?.content as Card | undefined,
    attached: all.filter((one) => !isCard(one)),
  };
}

function face({ mri, name, account, tenant, role }: Member) {
  const userPrincipalName =
    role === "guest" ? `${name}_x#EXT#@home.example` : `${name}@home.example`;
  return {
    id: mri,
    name,
    aadObjectId: account,
    tenantId: tenant,
    userRole: role,
    userPrincipalName,
  };
}

function mentionsIn(card: Card | undefined): readonly string[] {
  const { entities = [] } = (card?.["msteams"] ?? {}) as {
    readonly entities?: readonly { readonly mentioned: { readonly id: string } }[];
  };
  return entities.map(({ mentioned }) => mentioned.id);
}

function count(counts: Map<string, number>, channel: string): void {
  counts.set(channel, (counts.get(channel) ?? 0) + 1);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
