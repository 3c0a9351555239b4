import type { Input } from "./card";

/** What is typed into a card, by the input's id. Always text, as the standard has it. */
export type Answers = ReadonlyMap<string, string>;

export const isMissing = (input: Input, value: string) => input.required && (input.type === "Input.Toggle" ? value !== "true" : value.trim() === "");

/** What is wrong with what was typed: the name of a sentence of `cards.wrong`. */
export function wrongWith(input: Input, value: string): "required" | "number" | "least" | "most" | "long" | undefined {
  if (isMissing(input, value)) return "required";
  if (value === "") return undefined;
  if (input.type === "Input.Text" && [...value].length > (input.maxLength ?? Infinity)) return "long";
  if (input.type === "Input.Number") {
    const number = Number(value);
    if (!Number.isFinite(number)) return "number";
    if (number < (input.min ?? -Infinity)) return "least";
    if (number > (input.max ?? Infinity)) return "most";
  }
  if (input.type === "Input.Date") {
    if (input.min && value < input.min) return "least";
    if (input.max && value > input.max) return "most";
  }
  return undefined;
}

/** What a press sends: the button's own data, and what was typed. An empty number is left out. */
export function dataOf(data: Record<string, unknown>, inputs: readonly Input[], answers: Answers): Record<string, unknown> {
  const typed = inputs.map((input): [string, unknown] => {
    const value = answers.get(input.id) ?? input.value;
    return [input.id, input.type === "Input.Number" ? (value === "" ? undefined : Number(value)) : value];
  });
  return Object.fromEntries([...Object.entries(data), ...typed].filter(([, value]) => value !== undefined));
}
