/** Every colour of the console, once for each theme. CSS reads them as variables (`--text-soft`), Naive UI as values. */
export interface Tokens {
  /** Page behind everything. */
  bg: string;
  surface: string;
  /** Below the surface: lists, panels. */
  sunken: string;
  /** Above the surface: menus, dialogs. */
  raised: string;
  hover: string;
  line: string;
  /** Edges of controls: at least 3:1 against the surface. */
  edge: string;
  text: string;
  textSoft: string;
  textFaint: string;
  accent: string;
  accentHover: string;
  accentSoft: string;
  onAccent: string;
  bubbleIn: string;
  bubbleOut: string;
  note: string;
  noteLine: string;
  noteText: string;
  whisper: string;
  whisperLine: string;
  whisperText: string;
  danger: string;
  dangerSoft: string;
  warn: string;
  warnSoft: string;
  ok: string;
  okSoft: string;
  rail: string;
  railText: string;
  railActive: string;
  shadow: string;
}

export const light: Tokens = {
  bg: "#f4f7f7",
  surface: "#ffffff",
  sunken: "#f7f9f9",
  raised: "#ffffff",
  hover: "#eef2f2",
  line: "#e2e8e8",
  edge: "#819093",
  text: "#182124",
  textSoft: "#4d5a5e",
  textFaint: "#5a676b",
  accent: "#0b6e64",
  accentHover: "#085a52",
  accentSoft: "#e0f0ed",
  onAccent: "#ffffff",
  bubbleIn: "#eff3f3",
  bubbleOut: "#daeeea",
  note: "#fff5d6",
  noteLine: "#ead08a",
  noteText: "#594306",
  whisper: "#f1ecfb",
  whisperLine: "#c3b1e6",
  whisperText: "#4b2f86",
  danger: "#b3261e",
  dangerSoft: "#fcebe9",
  warn: "#8a5300",
  warnSoft: "#fdf0d8",
  ok: "#1b6e41",
  okSoft: "#e2f3e9",
  rail: "#12211f",
  railText: "#a4b8b4",
  railActive: "#25403b",
  shadow: "0 1px 2px rgb(16 32 30 / 8%), 0 8px 24px rgb(16 32 30 / 12%)",
};

export const dark: Tokens = {
  bg: "#0f1415",
  surface: "#161c1e",
  sunken: "#12181a",
  raised: "#1d2527",
  hover: "#202a2c",
  line: "#283235",
  edge: "#6a787c",
  text: "#e5ebec",
  textSoft: "#aab7b9",
  textFaint: "#8f9da0",
  accent: "#4cc9b8",
  accentHover: "#72dccd",
  accentSoft: "#17342f",
  onAccent: "#04211d",
  bubbleIn: "#212a2d",
  bubbleOut: "#18372f",
  note: "#2f2812",
  noteLine: "#625222",
  noteText: "#efdca5",
  whisper: "#241c36",
  whisperLine: "#56437f",
  whisperText: "#d7c6f7",
  danger: "#ff9389",
  dangerSoft: "#3b1e1b",
  warn: "#f2b95f",
  warnSoft: "#33270f",
  ok: "#72d296",
  okSoft: "#153023",
  rail: "#0a0f10",
  railText: "#93a6a3",
  railActive: "#1b2e2b",
  shadow: "0 1px 2px rgb(0 0 0 / 40%), 0 8px 24px rgb(0 0 0 / 50%)",
};

/** Latin first by platform, then Chinese; no web font. */
export const fontFamily =
  '-apple-system, BlinkMacSystemFont, "Segoe UI Variable Text", "Segoe UI", Roboto, "Noto Sans", Ubuntu, Cantarell, "Helvetica Neue", ' +
  '"PingFang SC", "Hiragino Sans GB", "Microsoft YaHei UI", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", sans-serif';

export const fontFamilyMono =
  'ui-monospace, "SF Mono", "Cascadia Mono", "JetBrains Mono", Menlo, Consolas, "DejaVu Sans Mono", "Noto Sans Mono CJK SC", monospace';

/** The CSS variables of a theme, by name: textSoft becomes --text-soft. */
export function variables(tokens: Tokens): [string, string][] {
  return Object.entries(tokens).map(([name, value]) => [`--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`, value as string]);
}
