/** Many requests, some of them at once. */

/** As `sideBySide`, ten at once. */
export const inTens = <T, R>(list: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> =>
  sideBySide(10, list, work);

/** The results in the list's order; where some fail, the error of the first of them, once none is under way any more. */
export async function sideBySide<T, R>(
  most: number,
  list: readonly T[],
  work: (one: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const errors = new Map<number, unknown>();
  let next = 0;
  const worker = async () => {
    while (errors.size === 0 && next < list.length) {
      const at = next++;
      const [one] = list.slice(at, at + 1) as [T];
      try {
        results[at] = await work(one);
      } catch (error) {
        errors.set(at, error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, list.length) }, worker));
  const [first] = [...errors.keys()].sort((a, b) => a - b);
  if (first !== undefined) throw errors.get(first);
  return results;
}
