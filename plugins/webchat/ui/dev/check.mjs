/** The smallest runner that does: named checks, one browser, what failed at the end. */
import { chromium } from "playwright-core";

const checks = [];
export const check = (name, run) => checks.push({ name, run });

export function expect(actual, wanted, what) {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${what}: ${a}, wanted ${b}`);
}

/** Waits until `read` gives `wanted`; the last value is in the complaint. */
export async function until(read, wanted, what, ms = 5000) {
  const end = Date.now() + ms;
  let last;
  do {
    last = await read();
    if (JSON.stringify(last) === JSON.stringify(wanted)) return;
    await new Promise((resolve) => setTimeout(resolve, 40));
  } while (Date.now() < end);
  expect(last, wanted, what);
}

export async function runChecks(only) {
  const browser = await chromium.launch({ executablePath: process.env.PATCHBAY_CHROMIUM ?? "/usr/bin/chromium" });
  const failed = [];
  const chosen = checks.filter(({ name }) => !only || name.includes(only));
  for (const { name, run } of chosen) {
    const began = Date.now();
    try {
      await run(browser);
      console.log(`ok    ${name} (${Date.now() - began} ms)`);
    } catch (error) {
      failed.push(name);
      console.log(`FAIL  ${name}\n      ${error.stack ?? error}`);
    }
  }
  await browser.close();
  console.log(`widget in the browser: ${chosen.length - failed.length} of ${chosen.length} checks hold`);
  process.exitCode = failed.length || !chosen.length ? 1 : 0;
}
