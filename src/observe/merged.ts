/** Logs that are in order each, as one. */

/** Each part is in order already: of their first lines the oldest comes first. Reads no further ahead than that. */
export async function* merged<L extends { readonly at: number }>(
  parts: readonly AsyncIterable<L>[],
): AsyncGenerator<L> {
  const open = parts.map((part) => part[Symbol.asyncIterator]());
  try {
    const heads = await Promise.all(open.map((part) => part.next()));
    for (;;) {
      let first = -1;
      for (const [i, head] of heads.entries()) {
        const best = heads[first];
        if (!head.done && (!best || best.done || head.value.at < best.value.at)) first = i;
      }
      const head = heads[first];
      const part = open[first];
      if (!head || head.done || !part) return;
      yield head.value;
      heads[first] = await part.next();
    }
  } finally {
    await Promise.all(open.map((part) => part.return?.()));
  }
}
