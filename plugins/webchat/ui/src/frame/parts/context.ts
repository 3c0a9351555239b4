import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { languageOf, type Language } from "../i18n";

export const LanguageContext = createContext<Language>(languageOf("en"));
export const useLanguage = (): Language => useContext(LanguageContext);
