import assert from 'node:assert/strict'

/** As long as a machine that is busy with other things may need for anything. */
export const PATIENCE_MS = 60_000

/** Polls until check returns something true, and returns it; fails with what `why` says otherwise. */
export async function until(check, why = () => 'it did not happen in time', ms = PATIENCE_MS) {
  const end = Date.now() + ms
  for (;;) {
    const got = await check()
    if (got) return got
    if (Date.now() > end) assert.fail(await why())
    await new Promise((done) => setTimeout(done, 25))
  }
}
