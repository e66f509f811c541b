// Makes the lists of later functions anew (`make later`): builds the page so that it says which functions run, looks at it in headless Chromium as whoever
// opens it for the first time does, and writes down all others.
import { spawnSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { launch } from '../../tests/e2e/harness.mjs';
import { serve } from '../../tests/e2e/static-server.mjs';
import { listOf, written } from './names.mjs';

/** Milliseconds after the first block of the default run: in earnest, the later part is there long before. */
const LOOK = 1_000;
/** First looks differ in how wide the window is, and how many times slower the machine than this one. */
const WINDOWS = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
];
const SLOWER = [1, 6];

const root = fileURLToPath(new URL('../../', import.meta.url));
const dist = `${root}target/record/`;
const { status } = spawnSync('trunk', ['build', '--release', '--dist', dist], { cwd: root, stdio: 'inherit', env: { ...process.env, TABCHAIN_RECORD: '1' } });
if (status !== 0) process.exit(1);

const run = { page: new Set(), worker: new Set() };
const server = await serve(dist);
const browser = await launch();
for (const [viewport, rate] of WINDOWS.flatMap((viewport) => SLOWER.map((rate) => [viewport, rate]))) {
  const page = await browser.newPage({ viewport, serviceWorkers: 'block' });
  await (await page.context().newCDPSession(page)).send('Emulation.setCPUThrottlingRate', { rate });
  await page.goto(server.url);
  await page.getByRole('button', { name: /^Block 1 by/ }).waitFor();
  await page.waitForTimeout(LOOK);
  // Also what runs when somebody leaves, since nothing can be waited for then.
  await page.evaluate(() => window.dispatchEvent(new Event('pagehide')));
  for (const [binary, thread] of [['page', page], ['worker', page.workers()[0]]]) {
    for (const each of await thread.evaluate(() => [...globalThis.functionsRun])) run[binary].add(each);
  }
  await page.close();
}
await browser.close();
await server.close();

await mkdir(new URL('./', listOf('page')), { recursive: true });
for (const [binary, first] of Object.entries(run)) {
  const all = JSON.parse(await readFile(`${dist}${binary}_functions.json`, 'utf8'));
  const later = all.filter((each) => !first.has(each));
  await writeFile(listOf(binary), written(later));
  console.log(`${binary}: ${first.size} functions are first, ${later.length} later`);
}
