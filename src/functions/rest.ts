/** Lets what else waits for this thread go first. Reading an embedded store never gives way by itself. */
export function rest(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
