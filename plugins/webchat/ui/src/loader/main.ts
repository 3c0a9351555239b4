/** The one script of a customer's page: <script async src="https://HOST/w/<inbox>/loader.js"></script> */
import { placeOf } from "./place";
import { createWidget, emit, type PublicAPI } from "./widget";

declare global {
  interface Window {
    Patchbay?: PublicAPI;
  }
}

const script = document.currentScript as HTMLScriptElement | null;
const place = script && placeOf(script.src);

const start = () => {
  if (!place || window.Patchbay) return;
  window.Patchbay = createWidget(place, script.dataset);
  emit("ready");
};

if (document.body) start();
else addEventListener("DOMContentLoaded", start);
