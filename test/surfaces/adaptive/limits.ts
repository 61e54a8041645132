/** What Teams would refuse or not show of a card, by its documented limits. Written apart from the renderer. */

/** One sentence for each fault; none means that Teams takes it. `most` is in bytes of UTF-16. */
export function faultsOfCard(card: unknown, most = 80_000): readonly string[] {
  const it = record(card);
  const all = nodes(card);
  const size = JSON.stringify(card).length * 2;
  return [
    ...(it["type"] === "AdaptiveCard" ? [] : [`type ${String(it["type"])}`]),
    ...(it["version"] === "1.5"
      ? []
      : [`version ${String(it["version"])}: universal actions need 1.5`]),
    ...(size > most ? [`${size} bytes are more than ${most}`] : []),
    ...(Array.isArray(it["body"]) && it["body"].length > 0 ? [] : ["an empty body"]),
    ...refresh(it["refresh"]),
    ...mentions(it),
    ...twice(all.filter(isInput).map((one) => one["id"])).map((id) => `two inputs ${id}`),
    ...all.flatMap(element),
    ...texts(card).flatMap(characters),
  ];
}

/** The same for a whole activity, as a bot posts it. */
export function faultsOfActivity(activity: unknown): readonly string[] {
  const it = record(activity);
  const attachments = list(it["attachments"]).map(record);
  const size = JSON.stringify(activity).length * 2;
  return [
    ...(size > 100_000 ? [`an activity of ${size} bytes`] : []),
    ...(attachments.length > 0 && it["text"]
      ? ["text beside a card becomes a second message"]
      : []),
    ...(attachments.length > 1 ? ["more than one card"] : []),
    ...(attachments.length === 0 && !it["text"] ? ["neither text nor a card"] : []),
    ...(attachments.some(isCard) && !it["summary"] ? ["no summary for notifications"] : []),
    ...attachments.flatMap((one) =>
      isCard(one)
        ? faultsOfCard(one["content"])
        : /^application\/vnd\.microsoft\.teams\.card\.file\.(consent|info)$/.test(
              String(one["contentType"]),
            )
          ? []
          : [`attachment ${String(one["contentType"])}`],
    ),
  ];
}

/** The same for what an invoke is answered with. */
export function faultsOfDialog(answer: unknown): readonly string[] {
  const task = record(record(answer)["task"]);
  const value = record(task["value"]);
  if (task["type"] === "message") return typeof task["value"] === "string" ? [] : ["no words"];
  if (task["type"] !== "continue") return [`task ${String(task["type"])}`];
  const card = record(value["card"]);
  return [
    ...(typeof value["title"] === "string" && value["title"] !== "" ? [] : ["no title"]),
    ...(nodes(card["content"]).some((one) => one["type"] === "Action.Execute")
      ? ["dialogs know Action.Submit alone"]
      : []),
    ...faultsOfCard(card["content"]),
  ];
}

type Node = { readonly [name: string]: unknown };

/** Elements and actions of Adaptive Cards 1.5 with what each must have. */
const known: { readonly [type: string]: readonly string[] } = {
  AdaptiveCard: [],
  TextBlock: ["text"],
  RichTextBlock: ["inlines"],
  TextRun: ["text"],
  Container: ["items"],
  ColumnSet: ["columns"],
  Column: [],
  FactSet: ["facts"],
  Table: ["columns", "rows"],
  TableRow: ["cells"],
  TableCell: ["items"],
  ActionSet: ["actions"],
  "Input.Text": ["id"],
  "Input.Number": ["id"],
  "Input.Toggle": ["id", "title"],
  "Input.ChoiceSet": ["id", "choices"],
  "Action.Execute": ["title", "verb"],
  "Action.Submit": ["title", "data"],
  "Action.ShowCard": ["title", "card"],
  "Action.OpenUrl": ["url"],
  "Action.ToggleVisibility": ["title", "targetElements"],
  mention: ["text", "mentioned"],
};
/** Teams' own elements, which other clients do not know. */
const own = ["Badge", "CodeBlock", "ProgressBar", "Chart.Line"];

function element(it: Node): readonly string[] {
  const type = it["type"];
  if (typeof type !== "string") return [];
  if (own.includes(type))
    return record(it["fallback"])["type"] === undefined ? [`${type} without a fallback`] : [];
  const needs = known[type];
  if (needs === undefined) return [`element ${type}`];
  return [
    ...needs.filter((name) => it[name] === undefined).map((name) => `${type} without ${name}`),
    ...(type === "Action.Execute" && record(it["fallback"])["type"] !== "Action.Submit"
      ? isRefresh(it)
        ? []
        : ["Action.Execute without Action.Submit for older clients"]
      : []),
    ...(type.startsWith("Action.") && it["title"] === "" ? [`${type} without words`] : []),
    ...(type === "Action.OpenUrl" && !/^https?:\/\//.test(String(it["url"]))
      ? ["a strange link"]
      : []),
    ...(type === "ActionSet" ? actions(it) : []),
    ...(type === "Table" ? cells(it) : []),
    ...(isInput(it) && !/\S/.test(String(it["id"])) ? ["an input without a name"] : []),
  ];
}

function isRefresh(it: Node): boolean {
  return it["verb"] === "refresh";
}

/** Teams shows six actions in a row; others go behind three dots where they are marked so. */
function actions(it: Node): readonly string[] {
  const shown = list(it["actions"]).filter((one) => record(one)["mode"] !== "secondary");
  if (shown.length === 0) return ["an ActionSet without actions"];
  return shown.length > 6 ? [`${shown.length} actions in a row are more than 6`] : [];
}

function cells(it: Node): readonly string[] {
  const width = list(it["columns"]).length;
  return list(it["rows"]).flatMap((row) =>
    list(record(row)["cells"]).length === width ? [] : ["a row of another width"],
  );
}

function refresh(it: unknown): readonly string[] {
  if (it === undefined) return [];
  const { action, userIds } = record(it);
  const users = list(userIds);
  return [
    ...(record(action)["type"] === "Action.Execute" ? [] : ["refresh without Action.Execute"]),
    ...(users.length > 60 ? [`${users.length} users to refresh are more than 60`] : []),
    ...(users.every((one) => /^(29|8):/.test(String(one))) ? [] : ["refresh of no Teams' id"]),
  ];
}

/** Each mention needs its text where markup is read, letter by letter, and each such text its mention. */
function isCard(attachment: Node): boolean {
  return attachment["contentType"] === "application/vnd.microsoft.card.adaptive";
}

function mentions(it: Node): readonly string[] {
  const entities = list(record(it["msteams"])["entities"]).map(record);
  const said = entities.map((one) => String(one["text"]));
  const shown = nodes(it["body"])
    .filter(({ type }) => type === "TextBlock" || type === "FactSet")
    .flatMap((one) => texts(one))
    .flatMap((text) => text.match(/<at>[^<]*<\/at>/g) ?? []);
  return [
    ...said.filter((text) => !shown.includes(text)).map((text) => `${text} is not in the card`),
    ...shown.filter((text) => !said.includes(text)).map((text) => `${text} calls nobody`),
  ];
}

function characters(text: string): readonly string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for
  const found = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u200B-\u200F\u202A-\u202E\u2066-\u2069]/;
  return [
    ...(found.test(text) ? [`an unseen character in ${JSON.stringify(text.slice(0, 40))}`] : []),
    ...(text.isWellFormed() ? [] : ["half a character"]),
  ];
}

function isInput(it: Node): boolean {
  return typeof it["type"] === "string" && it["type"].startsWith("Input.");
}

/** Everything in it, without what its buttons carry. */
function nodes(it: unknown): readonly Node[] {
  if (Array.isArray(it)) return it.flatMap(nodes);
  if (typeof it !== "object" || it === null) return [];
  const here = record(it);
  return [
    here,
    ...Object.entries(here).flatMap(([name, one]) => (name === "data" ? [] : nodes(one))),
  ];
}

function texts(it: unknown): readonly string[] {
  if (typeof it === "string") return [it];
  if (typeof it !== "object" || it === null) return [];
  return Object.entries(it).flatMap(([name, one]) => (name === "data" ? [] : texts(one)));
}

function twice(ids: readonly unknown[]): readonly string[] {
  return ids.filter((id, at) => ids.indexOf(id) !== at).map(String);
}

function record(it: unknown): Node {
  return typeof it === "object" && it !== null ? (it as Node) : {};
}

function list(it: unknown): readonly unknown[] {
  return Array.isArray(it) ? it : [];
}
