/** 93 %; a dash where there is nothing to divide. */
export function share(value: number | undefined, locale: string): string {
  return value === undefined ? "–" : new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 }).format(value);
}
