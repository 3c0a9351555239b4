/** The one script of a customer's page: <script async src="https://HOST/w/<inbox>/loader.js"></script> */
import { placeOf } from "./place";
import { launch } from "./launcher";

const script = document.currentScript as HTMLScriptElement | null;

const start = () => {
  if (script && !window.Patchbay?.launched) launch(placeOf(script.src), script.dataset);
};

if (document.body) start();
else addEventListener("DOMContentLoaded", start);
