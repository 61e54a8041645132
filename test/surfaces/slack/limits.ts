/** What Slack would refuse about a message or a view, by its documented limits. Written apart from the renderer. */

/** One sentence for each fault; none means that Slack takes it. */
export function faultsOfMessage(message: {
  readonly text?: unknown;
  readonly blocks?: unknown;
}): readonly string[] {
  const blocks = Array.isArray(message.blocks) ? message.blocks : [];
  const text = typeof message.text === "string" ? message.text : "";
  const faults = [
    ...(blocks.length > 50 ? [`${blocks.length} blocks are more than 50`] : []),
    ...(text.length > 40_000 ? [`text of ${text.length} is longer than 40000`] : []),
    ...(blocks.length === 0 && text === "" ? ["neither text nor blocks"] : []),
    ...(JSON.stringify(blocks).length > 13_200 ? ["msg_blocks_too_long"] : []),
  ];
  return [...faults, ...faultsOfBlocks(blocks, messageBlocks)];
}

/** The same for a modal view. */
export function faultsOfView(view: unknown): readonly string[] {
  const it = record(view);
  const blocks = Array.isArray(it["blocks"]) ? it["blocks"] : [];
  return [
    ...(it["type"] === "modal" ? [] : [`view type ${String(it["type"])}`]),
    ...(JSON.stringify(view).length > 250_000 ? ["view_too_large"] : []),
    ...(blocks.length > 100 ? [`${blocks.length} blocks are more than 100`] : []),
    ...(blocks.length === 0 ? ["no blocks"] : []),
    ...plain(it["title"], 24, "title"),
    ...(it["submit"] === undefined ? [] : plain(it["submit"], 24, "submit")),
    ...(it["close"] === undefined ? [] : plain(it["close"], 24, "close")),
    ...(it["submit"] === undefined && blocks.some((one) => record(one)["type"] === "input")
      ? ["input without submit"]
      : []),
    ...within(it["private_metadata"], 3000, "private_metadata"),
    ...within(it["callback_id"], 255, "callback_id"),
    ...faultsOfBlocks(blocks, viewBlocks),
  ];
}

const messageBlocks = [
  "header",
  "section",
  "context",
  "divider",
  "actions",
  "rich_text",
  "input",
  "image",
];
const viewBlocks = messageBlocks;

type Record = { readonly [name: string]: unknown };

function faultsOfBlocks(blocks: readonly unknown[], allowed: readonly string[]): readonly string[] {
  const ids = blocks.map((one) => record(one)["block_id"]).filter((id) => id !== undefined);
  return [
    ...(new Set(ids).size === ids.length ? [] : ["block_id twice"]),
    ...blocks.flatMap((one, at) =>
      block(record(one), allowed).map((fault) => `block ${at}: ${fault}`),
    ),
    ...strings(blocks).flatMap(character),
  ];
}

function block(it: Record, allowed: readonly string[]): readonly string[] {
  const type = String(it["type"]);
  if (!allowed.includes(type)) return [`type ${type}`];
  const id = within(it["block_id"], 255, "block_id");
  return [...id, ...(kinds[type]?.(it) ?? [])];
}

const kinds: { readonly [type: string]: (it: Record) => readonly string[] } = {
  header: (it) => plain(it["text"], 150, "header"),
  section: (it) => [
    ...(it["text"] === undefined && it["fields"] === undefined ? ["section without text"] : []),
    ...(it["text"] === undefined ? [] : textObject(it["text"], 3000, "section")),
  ],
  context: (it) => [
    ...count(it["elements"], 1, 10, "context elements"),
    ...list(it["elements"]).flatMap((one) => textObject(one, 3000, "context")),
  ],
  actions: (it) => [
    ...count(it["elements"], 1, 25, "actions"),
    ...twice(list(it["elements"]).map((one) => record(one)["action_id"])),
    ...list(it["elements"]).flatMap((one) => button(record(one))),
  ],
  rich_text: (it) => [
    ...count(it["elements"], 1, 1000, "rich_text elements"),
    ...(strings(it["elements"]).join("").length > 4000 ? ["rich_text over 4000"] : []),
    ...list(it["elements"]).flatMap((one) => richPart(record(one))),
  ],
  input: (it) => [
    ...plain(it["label"], 2000, "label"),
    ...(it["hint"] === undefined ? [] : plain(it["hint"], 2000, "hint")),
    ...input(record(it["element"])),
  ],
};

function richPart(it: Record): readonly string[] {
  const type = String(it["type"]);
  if (type === "rich_text_list")
    return list(it["elements"]).flatMap((one) => richPart(record(one)));
  if (type !== "rich_text_section" && type !== "rich_text_preformatted")
    return [`rich part ${type}`];
  return list(it["elements"]).flatMap((one) => {
    const element = record(one);
    if (element["type"] === "text") {
      const text = element["text"];
      return typeof text === "string" && text.length > 0 ? [] : ["empty rich text"];
    }
    if (element["type"] === "link") return within(element["url"], 3000, "link");
    if (element["type"] === "user")
      return /^[UW][A-Z0-9]+$/.test(String(element["user_id"])) ? [] : ["a mention of nobody"];
    return [`rich element ${String(element["type"])}`];
  });
}

function button(it: Record): readonly string[] {
  if (it["type"] !== "button") return [`action of type ${String(it["type"])}`];
  const confirm = it["confirm"] === undefined ? undefined : record(it["confirm"]);
  return [
    ...plain(it["text"], 75, "button"),
    ...within(it["value"], 2000, "button value"),
    ...within(it["action_id"], 255, "action_id"),
    ...(it["style"] === undefined || it["style"] === "primary" || it["style"] === "danger"
      ? []
      : ["button style"]),
    ...(confirm === undefined
      ? []
      : [
          ...plain(confirm["title"], 100, "confirm title"),
          ...textObject(confirm["text"], 300, "confirm text"),
          ...plain(confirm["confirm"], 30, "confirm yes"),
          ...plain(confirm["deny"], 30, "confirm no"),
        ]),
  ];
}

function input(it: Record): readonly string[] {
  const type = String(it["type"]);
  const id = within(it["action_id"], 255, "action_id");
  if (type === "plain_text_input" || type === "number_input") {
    return [
      ...id,
      ...within(it["initial_value"], 3000, "initial_value"),
      ...(type === "number_input" && typeof it["is_decimal_allowed"] !== "boolean"
        ? ["number_input without is_decimal_allowed"]
        : []),
    ];
  }
  if (type !== "static_select" && type !== "checkboxes") return [`input of type ${type}`];
  const most = type === "checkboxes" ? 10 : 100;
  const groups = it["option_groups"];
  const options =
    groups === undefined
      ? list(it["options"])
      : list(groups).flatMap((one) => list(record(one)["options"]));
  const initial = it["initial_option"];
  return [
    ...id,
    ...(groups === undefined
      ? count(it["options"], 1, most, "options")
      : [
          ...count(groups, 1, 100, "option groups"),
          ...list(groups).flatMap((one) => [
            ...plain(record(one)["label"], 75, "group label"),
            ...count(record(one)["options"], 1, 100, "options"),
          ]),
        ]),
    ...options.flatMap((one) => [
      ...plain(record(one)["text"], 75, "option"),
      ...(record(one)["description"] === undefined
        ? []
        : plain(record(one)["description"], 75, "option description")),
      ...within(record(one)["value"], 150, "option value"),
    ]),
    ...(initial === undefined ||
    options.some((one) => JSON.stringify(one) === JSON.stringify(initial))
      ? []
      : ["initial_option is no option"]),
  ];
}

function plain(it: unknown, most: number, name: string): readonly string[] {
  return record(it)["type"] === "plain_text"
    ? textObject(it, most, name)
    : [`${name} is no plain_text`];
}

function textObject(it: unknown, most: number, name: string): readonly string[] {
  const { type, text } = record(it);
  if (type !== "plain_text" && type !== "mrkdwn") return [`${name} of type ${String(type)}`];
  if (typeof text !== "string" || text.length < 1) return [`${name} is empty`];
  return text.length > most ? [`${name} of ${text.length} is longer than ${most}`] : [];
}

function within(it: unknown, most: number, name: string): readonly string[] {
  if (it === undefined) return [];
  if (typeof it !== "string") return [`${name} is no text`];
  return it.length > most ? [`${name} of ${it.length} is longer than ${most}`] : [];
}

function count(it: unknown, least: number, most: number, name: string): readonly string[] {
  const many = list(it).length;
  return many < least || many > most ? [`${many} ${name}`] : [];
}

function twice(ids: readonly unknown[]): readonly string[] {
  return new Set(ids).size === ids.length ? [] : ["action_id twice"];
}

/** Characters that would make what is read differ from what is there. */
function character(text: string): readonly string[] {
  if (!text.isWellFormed()) return ["half a character"];
  const hidden = /[^\P{C}\n\t]/u;
  return hidden.test(text) ? ["a character that can't be seen"] : [];
}

function strings(it: unknown): readonly string[] {
  if (typeof it === "string") return [it];
  if (Array.isArray(it)) return it.flatMap(strings);
  if (typeof it === "object" && it !== null) return Object.values(it).flatMap(strings);
  return [];
}

function list(it: unknown): readonly unknown[] {
  return Array.isArray(it) ? it : [];
}

function record(it: unknown): Record {
  return typeof it === "object" && it !== null ? { ...it } : {};
}
