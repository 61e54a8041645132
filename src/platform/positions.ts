/** Where in a YAML document a value stands. */
import { type Document, isMap, isNode, isScalar, type LineCounter } from "yaml";

export type Path = readonly (string | number)[];
/** Line and column count from 1. */
export interface Spot {
  readonly line: number;
  readonly column: number;
}

/** A function that finds the value at a path (or the nearest thing around it that exists), or the key `key` in it. */
export function positions(
  document: Document,
  lines: LineCounter,
): (path: Path, key?: string) => Spot {
  const at = (offset: number): Spot => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const find = (path: Path, key?: string): Spot => {
    const node = path.length === 0 ? document.contents : document.getIn(path, true);
    if (isNode(node) && node.range) return at(keyOffset(node, key) ?? node.range[0]);
    if (path.length === 0) return at(0);
    return find(path.slice(0, -1), String(path.at(-1)));
  };
  return find;
}

function keyOffset(node: unknown, key: string | undefined): number | undefined {
  if (key === undefined || !isMap(node)) return undefined;
  const found = node.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key);
  return isScalar(found?.key) ? found.key.range?.[0] : undefined;
}
