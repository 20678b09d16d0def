const FRESH_MS = 60_000;
const MAX_REMEMBERED = 10_000;

/**
 * What `read` gives, in the memory of one instance and for a minute: client calls do not pay for
 * reading settings, and a change of them is felt after that at the latest.
 */
export function remembered<T>(
  now: () => number,
  read: (id: string) => Promise<T>,
): (id: string) => Promise<T> {
  const known = new Map<string, { readAt: number; value: T }>();
  return async (id) => {
    const at = now();
    const entry = known.get(id);
    // A clock that stepped back must not keep it for longer.
    if (entry && Math.abs(at - entry.readAt) < FRESH_MS) return entry.value;
    const value = await read(id);
    if (known.size >= MAX_REMEMBERED) known.clear();
    known.set(id, { readAt: at, value });
    return value;
  };
}
