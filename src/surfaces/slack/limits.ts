/** Slack's limits, in characters unless said otherwise. Sources: the Block Kit reference and `@slack/types`. */
export const limits = {
  /** Blocks in one message. */
  blocks: 50,
  header: 150,
  /** One rich text or section block; the rich text reference names no limit of its own. */
  section: 3000,
  /** Elements in a context block. */
  context: 10,
  /** Elements in an actions block. */
  actions: 25,
  buttonText: 75,
  buttonValue: 2000,
  actionId: 255,
  blockId: 255,
  url: 3000,
  confirm: { title: 100, text: 300, button: 30 },
  /** `text` may have 40,000 and is cut silently beyond; the documentation advises 4,000. */
  text: 4000,
  /**
   * All blocks of a message as JSON. Undocumented: messages with more than about 13,200 are refused
   * as `msg_blocks_too_long` (slackapi/bolt-js, thread 2509), so ours stay well below.
   */
  message: 11_000,
  view: { title: 24, button: 24, metadata: 3000, blocks: 100 },
  input: { label: 2000, hint: 2000, placeholder: 150, value: 3000 },
  /** Options in a list, and lists (groups) in a menu. */
  options: 100,
  option: { text: 75, value: 150 },
} as const;
