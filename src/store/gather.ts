/** Many callers, one statement: what is asked for one by one, while the same is under way for others, goes together next. */

/** How many go together at most: a statement with more holds up those who ask for something else. */
const most = 50;

/**
 * `all` for one item at a time. It answers in the order of what it was given, and is under way once at a time. Where it
 * throws for several, each of them is asked for alone, so that it fails only those that it must: it has to bear being
 * asked twice after any error that `again` lets through, which is all of them unless told.
 */
export function gathered<I, O>(
  all: (items: readonly I[]) => Promise<readonly O[]>,
  again: (error: unknown) => boolean = () => true,
): (item: I) => Promise<O> {
  interface Asked {
    readonly item: I;
    readonly answer: PromiseWithResolvers<O>;
  }
  const waiting: Asked[] = [];
  let working = false;

  const each = async (asked: readonly Asked[]): Promise<void> => {
    try {
      const answers = await all(asked.map(({ item }) => item));
      for (const [at, { answer }] of asked.entries()) answer.resolve(answers[at] as O);
    } catch (error) {
      if (asked.length === 1 || !again(error)) for (const { answer } of asked) answer.reject(error);
      else for (const one of asked) await each([one]);
    }
  };
  const work = async (): Promise<void> => {
    working = true;
    while (waiting.length > 0) await each(waiting.splice(0, most));
    working = false;
  };
  return (item) => {
    const answer = Promise.withResolvers<O>();
    waiting.push({ item, answer });
    // What else is asked for in this turn goes along.
    if (!working) {
      working = true;
      queueMicrotask(() => void work());
    }
    return answer.promise;
  };
}
