/** Spans of time and targets in a person's words. */

/** `48 s`, `2 min`, `4 h`, `3 d`. */
export function spanText(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}

/** `web in production` for `production/web`. */
export function targetText(target: string): string {
  const [environment, ...rest] = target.split("/");
  return rest.length > 0 ? `${rest.join("/")} in ${environment}` : target;
}

/** The first letter large. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
