/** A line diff: the longest common lines stay, the rest goes or comes. */

export interface Line {
  readonly is: "same" | "gone" | "new";
  readonly text: string;
}
/** Longer texts are shown as gone and new as a whole: the table below grows with the square. */
const longest = 400;

/** Lines in the order in which one reads them: what goes, then what comes in its place. */
export function diff(before: readonly string[], after: readonly string[]): readonly Line[] {
  if (before.length > longest || after.length > longest)
    return [...before.map(line("gone")), ...after.map(line("new"))];
  const common = table(before, after);
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    const [gone, come] = [before[i], after[j]];
    if (gone !== undefined && gone === come) {
      lines.push({ is: "same", text: gone });
      i += 1;
      j += 1;
    } else if (
      gone !== undefined &&
      (come === undefined || at(common, i + 1, j) >= at(common, i, j + 1))
    ) {
      lines.push({ is: "gone", text: gone });
      i += 1;
    } else {
      lines.push({ is: "new", text: come ?? "" });
      j += 1;
    }
  }
  return lines;
}

/** How many lines are common from each pair of places on. */
function table(before: readonly string[], after: readonly string[]): number[][] {
  const rows = Array.from({ length: before.length + 1 }, () =>
    new Array<number>(after.length + 1).fill(0),
  );
  for (let i = before.length - 1; i >= 0; i -= 1)
    for (let j = after.length - 1; j >= 0; j -= 1) {
      const row = rows[i];
      if (row === undefined) continue;
      row[j] =
        before[i] === after[j]
          ? at(rows, i + 1, j + 1) + 1
          : Math.max(at(rows, i + 1, j), at(rows, i, j + 1));
    }
  return rows;
}

function at(rows: readonly (readonly number[])[], i: number, j: number): number {
  return rows[i]?.[j] ?? 0;
}
function line(is: Line["is"]): (text: string) => Line {
  return (text) => ({ is, text });
}
