/** Shown below this, US dollars, is only that it is less. */
const LEAST = 0.000_001;

/**
 * US dollars for people: `$12.30`, and of small amounts two digits that tell something: `$0.0034`, `$0.00012`. At most six decimals; less is
 * `<$0.000001`, nothing `$0.00`.
 */
export function formatUsd(dollars: number, locale: string): string {
  if (dollars > 0 && dollars < LEAST) {
    return `<${format(LEAST, locale)}`;
  }
  return format(dollars, locale);
}

function format(dollars: number, locale: string): string {
  const digits = dollars > 0 ? Math.min(6, Math.max(2, 1 - Math.floor(Math.log10(dollars)))) : 2;
  return new Intl.NumberFormat(locale, {
    style: "currency",
    currency: "USD",
    currencyDisplay: "narrowSymbol",
    minimumFractionDigits: 2,
    maximumFractionDigits: digits,
  }).format(dollars);
}
