/** How much work something was, whatever else the machine does meanwhile. */

/** Milliseconds of the CPU that this thread has used. */
export function effort(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
