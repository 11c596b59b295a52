/** Digits that JavaScript can give exactly of a number. */
const EXACT_DIGITS = 101;
/** From here on JavaScript's own `toFixed` gives an exponent. */
const LARGE = 1e21;

interface Decimal {
  /** Digits that count, without a point. */
  digits: string;
  /** Power of ten of the first digit. */
  exponent: number;
}

/** The first `count` digits of a number that is not negative; a half goes to the even neighbour, as in Python. */
function firstDigits(value: number, count: number): Decimal {
  const [mantissa = "0", power = "0"] = value.toExponential(EXACT_DIGITS - 1).split("e");
  const all = mantissa.replace(".", "");
  const exponent = Number(power);
  if (count < 0 || count >= EXACT_DIGITS) {
    return { digits: count < 0 ? "0" : all.padEnd(count, "0"), exponent };
  }
  const head = all.slice(0, count);
  const rest = all.slice(count);
  const half = "5".padEnd(rest.length, "0");
  const up = rest > half || (rest === half && /[13579]$/.test(head));
  const digits = (BigInt(head === "" ? "0" : head) + (up ? 1n : 0n)).toString().padStart(count, "0");
  return digits.length > count && count > 0
    ? { digits: digits.slice(0, count), exponent: exponent + 1 }
    : { digits, exponent };
}

/** Python's `%f` of a number that is not negative. */
export function fixedText(value: number, precision: number): string {
  if (value >= LARGE) {
    const whole = BigInt(value).toString();
    return precision > 0 ? `${whole}.${"0".repeat(precision)}` : whole;
  }
  const before = firstDigits(value, EXACT_DIGITS).exponent;
  const count = before + 1 + precision;
  const { digits, exponent } = firstDigits(value, count);
  const scaled = (exponent > before ? `${digits}0` : digits).padStart(precision + 1, "0");
  const point = scaled.length - precision;
  return precision > 0 ? `${scaled.slice(0, point)}.${scaled.slice(point)}` : scaled;
}

/** Python's `%e` of a number that is not negative. */
export function exponentText(value: number, precision: number): string {
  const { digits, exponent } = firstDigits(value, precision + 1);
  const mantissa = precision > 0 ? `${digits.slice(0, 1)}.${digits.slice(1)}` : digits;
  return `${mantissa}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

/** Python's `%g` of a number that is not negative. `keepZeros` is its alternate form. */
export function generalText(value: number, precision: number, keepZeros: boolean): string {
  const count = Math.max(1, precision);
  const { exponent } = firstDigits(value, count);
  if (exponent >= -4 && exponent < count) {
    const text = fixedText(value, count - 1 - exponent);
    return keepZeros ? text : withoutZeros(text);
  }
  const [mantissa = "", power = ""] = exponentText(value, count - 1).split("e");
  return `${keepZeros ? mantissa : withoutZeros(mantissa)}e${power}`;
}

/** The whole part of a number in a base of 2 to 16, without a sign. */
export function integerText(value: number, base: number): string {
  return BigInt(Math.trunc(Math.abs(value))).toString(base);
}

/** Python's `round(value, precision)`: correct for the number as it is stored, so 2.675 goes to 2.67. */
export function roundedNumber(value: number, precision: number): number {
  if (precision < 0) {
    const unit = 10 ** -precision;
    return Number(fixedText(Math.abs(value) / unit, 0)) * unit * Math.sign(value);
  }
  return Number(fixedText(Math.abs(value), precision)) * Math.sign(value);
}

function withoutZeros(text: string): string {
  return text.includes(".") ? text.replace(/0+$/, "").replace(/\.$/, "") : text;
}
