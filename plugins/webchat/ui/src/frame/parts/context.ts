import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Language } from "../i18n";

export const LanguageContext = createContext<Language | undefined>(undefined);
/** The language the screen is in; App provides it around everything. */
export const useLanguage = (): Language => useContext(LanguageContext)!;
