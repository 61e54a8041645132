/** What the API server refuses, as one plain sentence with what to do next. */
import { Refusal } from "../../../core/refusal.ts";
import type { KubeObject } from "../../../expand/object.ts";
import { line } from "../../../observe/text.ts";
import { refOf } from "../order.ts";
import { ApiError, type Ref, type Spot } from "../types.ts";
import { absentText } from "./operators.ts";

/**
 * A Refusal where the answer is a no that a person can do something about; else the error as it is, with what was
 * being done: `applying Deployment web`, or the object that is written.
 */
export function denied(
  error: unknown,
  what: string | { readonly spot: Pick<Spot, "environment">; readonly object: KubeObject | Ref },
): Error {
  const doing = typeof what === "string" ? what : changing(what.object, what.spot.environment);
  if (error instanceof Refusal) return error;
  if (!(error instanceof ApiError)) return new Error(doing, { cause: error });
  const isSecret = / Secret /.test(doing);
  const says = sentenceOf(careful(error, isSecret), line(doing, 200));
  const cause = { cause: isSecret ? careful(error, true) : error };
  return says === undefined ? new Error(doing, cause) : new Refusal(says, cause);
}

/** This cluster does not serve such objects. */
export function absent(cluster: string, ref: Pick<Ref, "apiVersion" | "kind">): Refusal {
  return new Refusal(absentText(cluster, ref));
}

/** Without Go's way to show a value; of a Secret without any value that the API server repeats. */
function careful(error: ApiError, isSecret: boolean): ApiError {
  const told = (text: string) => {
    const plainly = line(text, 1200).replace(/,? got &.*$/, "");
    return isSecret ? plainly.replace(/(Invalid|Unsupported) value:.*/, "$1 value") : plainly;
  };
  return new ApiError(told(error.message), {
    ...{ code: error.code, reason: error.reason },
    causes: error.causes.map((cause) => ({ ...cause, message: told(cause.message) })),
  });
}

function changing(object: KubeObject | Ref, environment: string): string {
  const { kind, name } = "metadata" in object ? refOf(object) : object;
  return `changing ${kind} ${name} in ${environment}`;
}

function sentenceOf(error: ApiError, doing: string): string | undefined {
  const { message } = error;
  for (const [shape, say] of [...admission, ...rights]) {
    const found = shape.exec(message);
    if (found)
      return say(
        found.slice(1).map((part) => line(part ?? "", 400)),
        doing,
      );
  }
  const rest = line(withoutSubject(message), 400);
  switch (error.code) {
    case 401:
      return `The cluster no longer accepts Shipmate's credentials (${doing}): whoever runs Shipmate renews them.`;
    case 403:
      return ended(`The cluster doesn't allow ${doing}: ${rest}`);
    case 404:
      return ended(`${capital(doing)} is not possible: ${rest}`);
    case 409:
      return error.reason === "AlreadyExists"
        ? ended(`${capital(doing)} is not possible, because it exists already: ${rest}`)
        : ended(`${capital(doing)} came at the same time as somebody else's change; try again`);
    case 413:
      return `${capital(doing)} is not possible, because it is too large for the cluster: make it smaller or split it.`;
    case 400:
    case 422:
      return invalid(error, doing, rest);
    default:
      return undefined;
  }
}

/** The first thing that is wrong, and how many more are. */
function invalid({ causes, message }: ApiError, doing: string, rest: string): string {
  const [first, ...more] = causes;
  if (/too long|too large|limit is \d+ bytes/i.test(message))
    return ended(
      `${capital(doing)} is not possible, because it is too large: ${line(first?.message ?? rest, 200)}`,
    );
  const fixed =
    causes.find((cause) => /immutable|forbidden.*updates to/i.test(cause.message)) ??
    (/field is immutable|updates to .* forbidden/i.test(message)
      ? { field: "", message: rest }
      : undefined);
  if (fixed !== undefined) {
    const what =
      fixed.field === "" || fixed.field === "spec"
        ? "what was changed in it"
        : line(fixed.field, 100);
    return `${capital(doing)} is not possible, because ${what} can't be changed once it is there: put it back as it was, or remove the object first.`;
  }
  if (first === undefined) return ended(`${capital(doing)} is not possible: ${rest}`);
  const others = more.length === 0 ? "" : ` (and ${more.length} more)`;
  const field = first.field === "" ? "" : `${line(first.field, 120)}: `;
  return ended(
    `${capital(doing)} is not possible, because of ${field}${line(first.message, 250)}${others}`,
  );
}

type Say = (parts: readonly string[], doing: string) => string;

/** Messages of admission, as Kubernetes 1.36's own plugins write them. */
const admission: readonly (readonly [RegExp, Say])[] = [
  [
    /(?:\.(\S+): field not declared in schema|unknown field "([^"]+)")/,
    ([one = "", other = ""], doing) =>
      `${capital(doing)} is not possible, because ${one}${other} is no field that this cluster knows: correct or remove it.`,
  ],
  [
    /failed to convert new object .*: (?:json: )?(.+)$/,
    ([why = ""], doing) =>
      ended(`${capital(doing)} is not possible, because a value is not what it should be: ${why}`),
  ],
  [
    /failed to create typed patch object .*?: (?:errors:\s*)?\.(\S+): (.+)$/,
    ([field = "", why = ""], doing) =>
      ended(`${capital(doing)} is not possible, because of ${field}: ${why}`),
  ],
  [
    /exceeded quota: (\S+), requested: (.+?), used: (.+?), limited: (.+)$/,
    ([quota = "", asked = "", used = "", limited = ""], doing) =>
      `The quota ${quota} doesn't leave room for ${doing}: it asks for ${shares(asked, used, limited)}; free some, or have the quota raised.`,
  ],
  [
    /failed quota: (\S+?): must specify (.+?)(?: for: .*)?$/,
    ([quota = "", what = ""], doing) =>
      `The quota ${quota} wants ${what.replaceAll(",", ", ")} set before ${doing} is allowed: set it in the manifest.`,
  ],
  [
    /is forbidden: \[?((?:maximum|minimum) \S+ usage per \S+ is [^,\]]+|\S+ max limit to request ratio per \S+ is [^,\]]+|(?:maximum|minimum) storage usage per [^,\]]+)[^\]]*?(?:, but (?:limit|request) is (\S+?))?[.,\]]*$/,
    ([rule = "", is = ""], doing) =>
      `A limit of the namespace forbids ${doing}: ${rule}${is === "" ? "" : `, and it has ${is}`}; change its resources.`,
  ],
  [
    /violates PodSecurity "([\w-]+):[^"]*": (.+)$/,
    ([level = "", why = ""], doing) =>
      ended(`The namespace allows only pods that are ${level}, which forbids ${doing}: ${why}`),
  ],
  [
    /ValidatingAdmissionPolicy '([^']+)'(?: with binding '[^']+')? denied request: (.+)$/,
    ([policy = "", why = ""], doing) =>
      ended(`The cluster's policy ${policy} forbids ${doing}: ${why}`),
  ],
  [
    /admission webhook "([^"]+)" denied the request(?: without explanation|: (.+))$/,
    ([hook = "", why = ""], doing) =>
      why === ""
        ? `The cluster's check ${hook} forbids ${doing} and does not say why: ask who runs the cluster.`
        : ended(`The cluster's check ${hook} forbids ${doing}: ${why}`),
  ],
  [
    /failed calling webhook "([^"]+)"/,
    ([hook = ""], doing) =>
      `The cluster's check ${hook} doesn't answer, so it refuses ${doing}: try again, or ask who runs the cluster.`,
  ],
  [
    /error looking up service account \S+: serviceaccount "([^"]+)" not found/,
    ([account = ""], doing) =>
      `There is no service account ${account} for ${doing}: create it first, or name another one.`,
  ],
  [
    /no PriorityClass with name (\S+) was found/,
    ([name = ""], doing) =>
      `The cluster has no priority class ${name} for ${doing}: name another one.`,
  ],
  [
    /(?:in|namespace) (\S+) because it is being terminated/,
    ([namespace = ""], doing) =>
      `The namespace ${namespace} is being deleted, so ${doing} is not possible: wait until it is gone.`,
  ],
  [
    /namespaces? "([^"]+)" not found/,
    ([namespace = ""], doing) =>
      `There is no namespace ${namespace} for ${doing}: create it, or name another one in platform.yaml.`,
  ],
  [
    /(?:request is too large|trying to send message larger than max|Request entity too large)/i,
    (_, doing) =>
      `${capital(doing)} is not possible, because it is too large for the cluster: make it smaller or split it.`,
  ],
];

/** Messages of RBAC. */
const rights: readonly (readonly [RegExp, Say])[] = [
  [
    /User "([^"]+)" cannot impersonate resource "(\S+?)".*?(?:"([^"]+)")?$/,
    ([user = ""], doing) =>
      `The cluster doesn't let Shipmate (${user}) act in somebody's name, which ${doing} needs: whoever runs it grants ${user} impersonate on users and groups.`,
  ],
  [
    /User "([^"]+)" cannot (\w+) resource "([^"]+)"(?: in API group "([^"]*)")?(?: in the namespace "([^"]+)")?/,
    ([user = "", verb = "", resource = "", group = "", namespace = ""], doing) => {
      const what = group === "" ? resource : `${resource}.${group}`;
      const where = namespace === "" ? "in the whole cluster" : `in the namespace ${namespace}`;
      return `The cluster doesn't let ${user} ${verbs[verb] ?? verb} ${what} ${where}, which ${doing} needs: whoever runs it grants ${user} ${verb} on ${what} there.`;
    },
  ],
  [
    /attempting to grant RBAC permissions not currently held/,
    (_, doing) =>
      `The cluster doesn't allow ${doing}, because it would give more rights than the one who asks has: somebody with those rights does it.`,
  ],
];
const verbs: Readonly<Record<string, string>> = {
  ...{ get: "read", list: "list", patch: "change", update: "change", create: "create" },
  ...{ delete: "delete", watch: "watch", bind: "bind", escalate: "give more rights with" },
};

/** From `requests.memory=3Gi` and the like: `3Gi of memory, where 7Gi of 8Gi is in use`. */
function shares(asked: string, used: string, limited: string): string {
  const [is, most] = [used, limited].map((text) => new Map(text.split(",").map(pair)));
  return asked
    .split(",")
    .map(pair)
    .map(([name, value]) => {
      const what = name.replace(/^(?:requests\.|count\/)/, "").replace(/\..*$/, "");
      return `${value} of ${what}, where ${is?.get(name) ?? 0} of ${most?.get(name) ?? 0} is in use`;
    })
    .join(" and ");
}

function pair(text: string): readonly [string, string] {
  const [name = "", value = ""] = text.split("=");
  return [name, value];
}

/** `deployments.apps "web" is forbidden: because` as `because`. */
function withoutSubject(message: string): string {
  return message.replace(
    /^(?:\S+ "[^"]*" is (?:forbidden|invalid): |\S+ is (?:forbidden|invalid): )/,
    "",
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function ended(text: string): string {
  return /[.?…]$/.test(text) ? text : `${text}.`;
}
