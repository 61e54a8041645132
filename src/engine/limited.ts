/**
 * Does work that may take only so long, in milliseconds: its signal tells it to stop when that is over, or when the one
 * around it does. Unlike AbortSignal.any and AbortSignal.timeout it leaves no timer behind: those cost more than much
 * of the work, and each is still to come after it.
 */
export async function limited<R>(
  around: AbortSignal,
  milliseconds: number,
  work: (signal: AbortSignal) => Promise<R>,
): Promise<R> {
  const own = new AbortController();
  const end = () => own.abort(around.reason);
  const late = () =>
    own.abort(new DOMException(`no answer within ${milliseconds / 1_000} s`, "TimeoutError"));
  if (around.aborted) end();
  around.addEventListener("abort", end, { once: true });
  const timer = setTimeout(late, milliseconds);
  timer.unref();
  try {
    return await work(own.signal);
  } finally {
    clearTimeout(timer);
    around.removeEventListener("abort", end);
  }
}
