/**
 * npm run browser [part of a name]: the built widget in Chromium against a mock server. Behaviour,
 * accessibility, and pictures in screenshots/ (ignored by git). PATCHBAY_CHROMIUM names a browser.
 */
import "./behave.mjs";
import "./look.mjs";
import { runChecks } from "./check.mjs";

await runChecks(process.argv[2]);
