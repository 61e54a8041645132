/** Cuts bytes that arrive in pieces into lines of text. */

/**
 * Linear in the bytes, however long a line is and wherever it was cut. Of a line longer than `longest` bytes only the
 * beginning is kept; a last line without an end is given too.
 */
export async function* byteLines(
  pieces: AsyncIterable<Uint8Array>,
  longest = Number.POSITIVE_INFINITY,
): AsyncGenerator<{ readonly text: string; readonly cut: boolean }> {
  let parts: Uint8Array[] = [];
  let length = 0;
  let cut = false;
  const keep = (part: Uint8Array) => {
    const room = longest - length;
    cut ||= part.length > room;
    if (part.length === 0 || room === 0) return;
    // A copy: a view would keep the whole piece.
    const kept = part.length > room ? part.slice(0, room) : part;
    parts.push(kept);
    length += kept.length;
  };
  const line = () => {
    const bytes = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
    const made = { text: decoded(bytes, cut), cut };
    [parts, length, cut] = [[], 0, false];
    return made;
  };
  for await (const piece of pieces) {
    let from = 0;
    for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10, from)) {
      keep(piece.subarray(from, end));
      yield line();
      from = end + 1;
    }
    keep(piece.subarray(from));
  }
  if (length > 0) yield line();
}

/** Of a cut text's last character there may be only a part: it is left out. */
function decoded(bytes: Uint8Array, cut: boolean): string {
  return new TextDecoder().decode(bytes, { stream: cut });
}
