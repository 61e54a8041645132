/** Points in time as people read them. */

/** `40 s ago`, `12 min ago`, `5 h ago`; after a day `2026-11-21 13:05 UTC`. Milliseconds since 1970. */
export function when(at: number, now: number = Date.now()): string {
  const seconds = Math.max(0, Math.round((now - at) / 1_000));
  if (seconds < 90) return `${seconds} s ago`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.round(seconds / 3_600)} h ago`;
  return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
