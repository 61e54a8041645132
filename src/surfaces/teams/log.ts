/** What the surface tells the operator. */

/** One line for the operator. Never holds a token or the text of a message. */
export type Log = (level: "warn" | "error", says: string, cause?: unknown) => void;
