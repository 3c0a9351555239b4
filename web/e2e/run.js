// Runs the browser tests two files at a time, then alone what weighs and measures.
// A file that failed beside another is run once more by itself: what passes then is
// named as unsteady, for somebody to look at, and what fails again has failed.
//   node web/e2e/run.js [name ...]      only the files whose name begins so
import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'

const folder = join(import.meta.dirname, 'test')
const wanted = process.argv.slice(2)
/** What these find depends on who else uses the machine. */
const alone = ['budgets.test.js', 'speed.test.js']
const TIMEOUT_MS = 600_000

/** The chosen files, those with most to do first: as far as length tells. */
async function chosen() {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.test.js') && (wanted.length === 0 || wanted.some((start) => name.startsWith(start))))
  const sized = await Promise.all(names.map(async (name) => ({ name, size: (await stat(join(folder, name))).size })))
  return sized.sort((a, b) => b.size - a.size).map(({ name }) => name)
}

/** Reports as `node --test` does, and answers which tests failed: names by file. */
function tested(names, concurrency) {
  return new Promise((done) => {
    const failed = new Map()
    const tests = run({ files: names.map((name) => join(folder, name)), concurrency, timeout: TIMEOUT_MS })
    tests.on('test:fail', ({ name, file, todo }) => {
      const of = basename(file ?? name)
      if (!todo) failed.set(of, [...(failed.get(of) ?? []), name])
    })
    const report = tests.compose(spec)
    report.on('end', () => done(failed))
    report.pipe(process.stdout, { end: false })
  })
}

const names = await chosen()
const together = names.filter((name) => !alone.includes(name))
const singly = names.filter((name) => alone.includes(name))
if (names.length === 0) throw new Error(`no browser test begins with ${wanted.join(' or ')}`)
const began = Date.now()
const failed = together.length === 0 ? new Map() : await tested(together, 2)
const again = failed.size === 0 ? new Map() : await tested([...failed.keys()], 1)
const measured = singly.length === 0 ? new Map() : await tested(singly, 1)
for (const [file, tests] of failed) if (!again.has(file)) console.log(`unsteady: ${file}: ${tests.join('; ')} failed beside another file, and passed alone`)
console.log(`browser tests: ${names.length} files, ${failed.size - again.size} of them unsteady, ${again.size + measured.size} failed, ${Math.round((Date.now() - began) / 1000)} s`)
process.exitCode = again.size + measured.size === 0 ? 0 : 1
