import assert from 'node:assert/strict'

/** Polls until check holds; fails with what `why` says otherwise. */
export async function expectSoon(check, ms, why) {
  const end = Date.now() + ms
  for (;;) {
    if (await check()) return
    if (Date.now() > end) assert.fail(await why())
    await new Promise((done) => setTimeout(done, 25))
  }
}
