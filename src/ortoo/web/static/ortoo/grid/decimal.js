// Exact decimals: a number is {n, d}, both BigInt, d > 0. No float ever touches a price.
const abs = (x) => (x < 0n ? -x : x);

/** "2.98" → {n: 298n, d: 100n}; null if it is not a plain decimal. */
export function exact(text) {
  if (!/^-?(\d+\.?\d*|\.\d+)$/.test(text)) return null;
  const point = text.indexOf(".");
  return { n: BigInt(text.replace(".", "")), d: 10n ** BigInt(point < 0 ? 0 : text.length - point - 1) };
}

export const scaled = (x, num, den) => ({ n: x.n * BigInt(num), d: x.d * BigInt(den) });

/** Text with exactly `places` decimals, half up away from zero. */
export function fixed(x, places) {
  const units = (2n * abs(x.n) * 10n ** BigInt(places) + x.d) / (2n * x.d);
  const digits = String(units).padStart(places + 1, "0");
  const sign = x.n < 0n && units ? "-" : "";
  return sign + (places ? digits.slice(0, -places) + "." + digits.slice(-places) : digits);
}

export const trimmed = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);

/** Whether x lies within `percent` % of y. */
export const near = (x, y, percent) =>
  abs(x.n * y.d - y.n * x.d) * 100n <= BigInt(percent) * abs(y.n) * x.d;

export const same = (x, y) => x.n * y.d === y.n * x.d;
