/** Text that Adaptive Cards' markdown shows exactly as it is: no emphasis, no list, no link, no date. */
import { plain } from "../../observe/text.ts";

/**
 * Escapes with backslashes, which CommonMark takes for any ASCII punctuation. The text is made plain
 * first. The way back is in the console's page: it knows no markdown but these backslashes.
 */
export function verbatim(text: string): string {
  return plain(text)
    .replace(/[\\`*_~[\]<>|&]/g, "\\$&")
    .replace(/^(\s*)([#+=-])/gm, "$1\\$2")
    .replace(/^(\s*\d+)([.)])(?=\s|$)/gm, "$1\\$2")
    .replace(/\{\{/g, "{\\{")
    .replace(/:\/\//g, ":\\/\\/")
    .replace(/\b(www)\./gi, "$1\\.")
    .replace(/\b(mailto|tel|sip):/gi, "$1\\:")
    .replace(/@/g, "\\@");
}
