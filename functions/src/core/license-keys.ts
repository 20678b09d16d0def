// Crockford's base 32: no I, L, O or U, so that nothing in a key looks like something else in it.
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const GROUPS = 5;
const GROUP_LENGTH = 5;
const LENGTH = GROUPS * GROUP_LENGTH;
const CANONICAL = new RegExp(`^[${ALPHABET}]{${LENGTH}}$`);

/** Random bytes that a key is drawn from: one for each symbol. */
export const LICENSE_KEY_BYTES = LENGTH;

/** Five groups of five symbols, five random bits each: 125 bits. */
export const formatLicenseKey = (bytes: Uint8Array): string =>
  group(drawn(bytes, ALPHABET, LENGTH));

const GECKOGUARD_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
export const GECKOGUARD_KEY_BYTES = 20;

/** `GG-` and four groups of five symbols, as that API writes keys: 100 bits. */
export const formatGeckoguardKey = (bytes: Uint8Array): string =>
  `GG-${group(drawn(bytes, GECKOGUARD_ALPHABET, GECKOGUARD_KEY_BYTES))}`;

function drawn(bytes: Uint8Array, alphabet: string, length: number): string {
  if (bytes.length < length) throw new RangeError(`A license key takes ${length} random bytes.`);
  return Array.from(bytes.subarray(0, length), (byte) => alphabet.charAt(byte & 31)).join("");
}

/**
 * One spelling for all spellings of a generated key: case, hyphens, spaces and the look-alikes
 * O, I and L do not matter. A key of any other shape is itself, without surrounding space.
 */
export function canonicalLicenseKey(given: string): string {
  const compact = given
    .replaceAll(/[\s-]/g, "")
    .toUpperCase()
    .replaceAll("O", "0")
    .replaceAll(/[IL]/g, "1");
  return CANONICAL.test(compact) ? group(compact) : given.trim();
}

const group = (compact: string): string =>
  Array.from({ length: compact.length / GROUP_LENGTH }, (_, index) =>
    compact.slice(index * GROUP_LENGTH, (index + 1) * GROUP_LENGTH),
  ).join("-");
