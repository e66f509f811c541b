// The pictures: a long chain is scrolled from end to end, nodes are moved and joined by hand, every view is saved and presented.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { button, until } from './hands.mjs';
import { accessibilityProblems, lab, picture, tasksDuring } from './harness.mjs';

const site = lab(test);

/** A scenario, opened as a file, paused at its beginning. */
async function begin(t, scenario, options) {
  const page = await site.open(t, options);
  await button(page, 'Pause').click();
  const buffer = Buffer.from(JSON.stringify({ version: 1, seed: '7', script: [], ...scenario }));
  await page.locator('#open-file').setInputFiles({ name: 'scenario.json', mimeType: 'application/json', buffer });
  await page.getByText(scenario.name, { exact: true }).first().waitFor({ state: 'attached' });
  return page;
}

/** Three nodes in a line, one of whose links loses messages. */
function small(t, options) {
  const node = (name, hashRate) => ({ name, hashRate, balance: 1_000_000 });
  const quality = (latency, loss) => ({ latency, jitter: 5, loss });
  return begin(t, {
    name: 'Three in a line',
    config: {
      nodes: [node('Alice', 2000), node('Bob', 2000), node('Carol', 0)],
      links: [{ a: 'Alice', b: 'Bob', quality: quality(40, 0) }, { a: 'Bob', b: 'Carol', quality: quality(700, 50_000) }],
    },
  }, options);
}

function heading(page, name) {
  return page.getByRole('heading', { level: 2, name: new RegExp(`^${name}`) });
}

const shape = (page, name) => page.getByRole('button', { name: new RegExp(`^${name}, .*follows block`) });

async function middle(locator) {
  const { x, y, width, height } = await locator.boundingBox();
  return [x + width / 2, y + height / 2];
}

async function drag(page, [x1, y1], [x2, y2]) {
  await page.mouse.move(x1, y1);
  await page.mouse.down();
  await page.mouse.move((x1 + x2) / 2, (y1 + y2) / 2, { steps: 4 });
  await page.mouse.move(x2, y2, { steps: 4 });
  await page.mouse.up();
}

test('ten thousand blocks are scrolled from end to end, a few at a time', { timeout: 400_000 }, async (t) => {
  const page = await begin(t, {
    name: 'Ten thousand blocks',
    config: {
      rules: { blockInterval: 100, initialDifficulty: 4 },
      nodes: ['Alice', 'Bob'].map((name) => ({ name, hashRate: 20, balance: 1000 })),
      links: [{ a: 'Alice', b: 'Bob', quality: { latency: 8 } }],
      workload: { transfersPerHour: 0 },
    },
  });
  await page.getByRole('combobox', { name: 'Speed' }).selectOption('10000');
  await button(page, 'Play').click();
  const mined = async () => (await page.evaluate(() => window.tabchain.state())).blocks ?? Number((await heading(page, 'Chain').innerText()).match(/([\d,]+) mined/)[1].replaceAll(',', ''));
  const started = Date.now();
  await until(async () => (await mined()) >= 11_500, 'the blocks are mined', 300_000);
  console.log(`# ${await mined()} blocks in ${Date.now() - started} ms`);
  await button(page, 'Pause').click();
  await button(page, 'Play').waitFor();
  // What is shown may lag a moment behind.
  const told = async () => (await heading(page, 'Chain').innerText()).match(/([\d,]+) mined/)[1].replaceAll(',', '');
  await until(async () => Number(await told()) === (await mined()), 'the newest moment');
  const height = Number((await heading(page, 'Chain').innerText()).match(/height ([\d,]+)/)[1].replaceAll(',', ''));
  assert.ok(height >= 10_000, `height ${height}`);
  const block = (at) => page.getByRole('button', { name: new RegExp(`^Block ${at} by`) });
  await block(height).waitFor();
  const tree = page.locator('.tree');
  const nodes = () => page.evaluate(() => document.querySelectorAll('.tree *').length);
  const tasks = await tasksDuring(page, async () => {
    let most = 0;
    for (let step = 40; step >= 0; step -= 1) {
      const at = Math.round((height * step) / 40);
      await tree.evaluate((element, part) => { element.scrollLeft = part * (element.scrollWidth - element.clientWidth); }, step / 40);
      await until(async () => (await page.locator('.tree [aria-label^="Block"]').count()) > 0 && (await seen(page)).some((shown) => Math.abs(shown - at) < 20), `blocks about ${at}`);
      most = Math.max(most, await nodes());
    }
    // As a finger does it, a little in every frame.
    await tree.evaluate((element) => new Promise((resolve) => {
      let frames = 0;
      const step = () => {
        element.scrollLeft += 40;
        frames += 1;
        if (frames < 240) requestAnimationFrame(step);
        else resolve();
      };
      step();
    }));
    most = Math.max(most, await nodes());
    console.log(`# at most ${most} elements in the tree`);
    assert.ok(most < 1_500, `${most} elements`);
  });
  const longest = Math.max(...tasks);
  // How fast is for people to judge, as machines differ; that little is drawn is what keeps it so.
  console.log(`# ${tasks.length} tasks while scrolling, the longest of ${longest.toFixed(1)} ms of processor time`);

  // The keyboard goes the same ways.
  await button(page, 'To the tip').click();
  await block(height).focus();
  await page.keyboard.press('Home');
  await focused(page, /^Block 0 by/);
  await page.keyboard.press('ArrowRight');
  await focused(page, /^Block 1 by/);
  await page.keyboard.press('PageDown');
  await focused(page, /^Block ([5-9]|1\d) by/);
  await page.keyboard.press('End');
  await focused(page, new RegExp(`^Block ${height} by`));
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: `Block #${height} by` }).waitFor();

  // Whoever scrolls back stays there while time goes on; at the tip it is followed again.
  await page.keyboard.press('Home');
  await focused(page, /^Block 0 by/);
  await button(page, 'On to the next block').click();
  await until(async () => (await mined()) > height, 'a block more');
  await block(0).waitFor();
  await button(page, 'To the tip').click();
  await until(async () => (await seen(page)).includes(height), 'the tip is in sight');
  await page.getByText('Blocks in sight as a table').click();
  const rows = page.getByRole('group', { name: 'Blocks in sight as a table' }).getByRole('row');
  await rows.nth(5).waitFor();
  assert.ok((await rows.count()) < 100, `${await rows.count()} rows`);
  // The file has all of them, and the branches.
  const [file] = await Promise.all([page.waitForEvent('download'), button(page, 'Save as CSV').click()]);
  assert.equal(file.suggestedFilename(), 'tabchain-chain.csv');
  const lines = (await readFile(await file.path(), 'utf8')).trimEnd().split('\r\n');
  assert.equal(lines[0], '"Height","Block","Parent","Found by","Transactions","Lane","Tip of"');
  assert.equal(lines.length, 2 + (await mined()), 'with its head and the genesis block');
  assert.match(lines[1], /^"0","[0-9a-f]{64}"/);
  assert.equal(new Set(lines).size, lines.length);
});

/** Heights of the blocks that are drawn. */
async function seen(page) {
  const labels = await page.locator('.tree [role=button]').evaluateAll((all) => all.map((one) => one.getAttribute('aria-label') ?? ''));
  return labels.map((label) => Number(label.match(/lock ([\d,]+)/)?.[1].replaceAll(',', '') ?? NaN));
}

async function focused(page, label) {
  let last;
  await until(async () => {
    last = await page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.tagName);
    return label.test(last);
  }, `the focus is on ${label}`, 10_000).catch((error) => assert.fail(`${error.message}, it is on ${last}`));
}

test('a node is moved by pointer and by keys, stays there, and is arranged again', async (t) => {
  const page = await small(t);
  await page.waitForTimeout(300);
  const first = await middle(shape(page, 'Bob'));
  const target = [first[0] + 90, first[1] - 60];
  await drag(page, first, target);
  const moved = await middle(shape(page, 'Bob'));
  assert.ok(Math.hypot(moved[0] - target[0], moved[1] - target[1]) < 12, `${moved} is not ${target}`);
  await button(page, 'On to the next block').click();
  await page.getByRole('button', { name: /^Block 1 by/ }).waitFor();
  assert.deepEqual(await middle(shape(page, 'Bob')), moved, 'it stays while time goes on');

  await shape(page, 'Bob').focus();
  await page.keyboard.press('m');
  await page.getByText('Moving Bob').waitFor();
  for (let step = 0; step < 5; step += 1) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  assert.equal(await page.getByText('Moving Bob').count(), 0);
  const steered = await middle(shape(page, 'Bob'));
  assert.ok(steered[1] - moved[1] > 30, 'five steps down');
  await button(page, 'Arrange').click();
  await until(async () => Math.hypot(...(await middle(shape(page, 'Bob'))).map((at, axis) => at - first[axis])) < 3, 'it is where it was laid out');
});

test('a channel is drawn from one node to another', async (t) => {
  const page = await small(t);
  await shape(page, 'Alice').click();
  const handle = button(page, 'Open a channel from Alice');
  await handle.waitFor();
  await drag(page, await middle(handle), await middle(shape(page, 'Carol')));
  const form = page.getByRole('form', { name: 'Open a channel' });
  await form.waitFor();
  const chosen = () => form.getByRole('combobox').evaluateAll((all) => all.slice(0, 2).map((one) => one.value));
  assert.deepEqual(await chosen(), ['Alice', 'Carol']);
  await shape(page, 'Bob').click();
  await button(page, 'Open a channel from Bob').focus();
  await page.keyboard.press('Enter');
  await until(async () => (await chosen())[0] === 'Bob', 'the form knows who');
  assert.deepEqual(await accessibilityProblems(page), []);
  await picture(page, 'network-handles');
});

test('parts of a cut network are drawn, and links say what they are', async (t) => {
  const page = await small(t, { colorScheme: 'dark' });
  await page.getByText('700 ms · 5 % lost').waitFor();
  assert.equal(await page.locator('.link.slow.lossy').count(), 1);
  assert.equal(await page.locator('.part').count(), 0);
  await button(page, 'Split in two').click();
  await until(async () => (await page.locator('.part').count()) === 2, 'two parts');
  assert.match(await heading(page, 'Network').innerText(), /2 separate parts/);
  await picture(page, 'network-parts-dark');
});

test('a thousand nodes are shown, and one is found among them', { timeout: 300_000 }, async (t) => {
  const page = await site.open(t);
  await button(page, 'Pause').click();
  await page.getByLabel('Nodes', { exact: true }).fill('1000');
  await page.getByLabel('Seed', { exact: true }).fill('3');
  await button(page, 'Begin').click();
  await page.getByRole('img', { name: /^1000 nodes/ }).waitFor({ timeout: 120_000 });
  await page.waitForTimeout(6_000);
  const elements = await page.locator('.net *').count();
  assert.ok(elements < 60, `${elements} elements`);
  await picture(page, 'network-1000');
  const [x, y] = await middle(page.locator('.net'));
  const pressed = Date.now();
  await page.mouse.click(x + 40, y + 20);
  await page.locator('.crowd .node.selected path[d^="M"]').waitFor({ state: 'attached', timeout: 20_000 }).catch(() => {});
  console.log(`# a press among 1,000 nodes was answered after ${Date.now() - pressed} ms`);
  const tasks = await tasksDuring(page, async () => {
    await button(page, 'Play').click();
    await page.waitForTimeout(4_000);
    await button(page, 'Pause').click();
  });
  console.log(`# 1,000 nodes: the longest task while playing had ${Math.max(...tasks).toFixed(1)} ms of processor time`);
});

/** Saves a picture of a view and returns the file's name and bytes. */
async function saved(page, view, kind) {
  await button(page, `Save a picture: ${view}`).click();
  const download = page.waitForEvent('download');
  await button(page, kind).click();
  const file = await download;
  return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) };
}

test('every view is saved as a picture that needs nothing else', async (t) => {
  const page = await small(t);
  await button(page, 'On to the next block').click();
  await page.getByRole('button', { name: /^Block 1 by/ }).waitFor();
  await button(page, 'Show space and time').click();
  await button(page, 'Show the charts').click();
  await page.locator('.curves').first().waitFor();
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    for (const view of ['Network', 'Chain', 'Channels', 'Payments', 'Space and time', 'Charts']) {
      const svg = await saved(page, view, 'SVG');
      assert.match(svg.name, /^tabchain-[a-z-]+-\d\dh\d\dm\d\d\.\d{3}s\.svg$/);
      const text = svg.bytes.toString();
      const parsed = await page.evaluate((source) => {
        const root = new DOMParser().parseFromString(source, 'application/xml').documentElement;
        return { tag: root.tagName, texts: root.querySelectorAll('text').length, width: Number(root.getAttribute('width')), height: Number(root.getAttribute('height')) };
      }, text);
      assert.equal(parsed.tag, 'svg', text.slice(0, 300));
      assert.ok(parsed.texts > 2, `${view}: ${parsed.texts} texts`);
      assert.doesNotMatch(text, /var\(|class=|style=|light-dark|color-mix|oklab|href/);
      const png = await saved(page, view, 'PNG');
      assert.deepEqual([...png.bytes.subarray(1, 4)].map((byte) => String.fromCharCode(byte)).join(''), 'PNG');
      assert.equal(png.bytes.readUInt32BE(16), parsed.width * 2);
      assert.equal(png.bytes.readUInt32BE(20), parsed.height * 2);
      // Alone it has the colours of the page.
      const other = await page.context().newPage();
      await other.setContent(text);
      await other.screenshot({ path: new URL(`./out/saved-${view.toLowerCase().replaceAll(' ', '-')}-${colorScheme}.png`, import.meta.url).pathname });
      const ground = await other.evaluate(() => document.querySelector('svg > rect').getAttribute('fill'));
      assert.equal(ground, colorScheme === 'light' ? '#fffefb' : '#1b1f23');
      await other.close();
    }
  }
});

/** Words of a presented view that are smaller than 20 px. */
function tooSmall(page) {
  return page.evaluate(() => {
    const found = [];
    for (const element of document.querySelectorAll('.presented :is(span, button, p, b, h2, text)')) {
      const text = [...element.childNodes].filter((node) => node.nodeType === 3 && node.data.trim());
      const scale = element.getScreenCTM?.().a ?? 1;
      const size = parseFloat(getComputedStyle(element).fontSize) * scale;
      if (text.length > 0 && element.checkVisibility() && size < 19.9) found.push(`${element.textContent}: ${size}`);
    }
    return found;
  });
}

test('a view is presented alone, stepped on by keys, and left', async (t) => {
  for (const [colorScheme, scene] of [['light', 'network'], ['dark', 'chain']]) {
    const page = await small(t, { colorScheme, width: 1280, height: 720 });
    const title = scene === 'network' ? 'Network' : 'Chain';
    await button(page, 'On to the next block').click();
    await page.getByRole('button', { name: /^Block 1 by/ }).waitFor();
    await button(page, `Present: ${title}`).click();
    await page.locator('.presented').waitFor();
    assert.equal(await page.getByRole('banner').isVisible(), false, 'nothing else is there');
    const events = async () => (await page.evaluate(() => window.tabchain.state())).events;
    await until(() => page.evaluate(() => document.activeElement?.classList.contains('presented')), 'the view has the keyboard');
    const before = await events();
    await page.keyboard.press('Space');
    await until(async () => (await events()) === before + 1, 'one event');
    await page.keyboard.press('ArrowRight');
    await until(async () => (await events()) === before + 2, 'another event');
    await page.keyboard.press('Shift+ArrowRight');
    await page.getByText(/height 2|2 mined|height [2-9]/).first().waitFor({ state: 'attached' });
    await until(async () => (await events()) > before + 2, 'a block');
    assert.deepEqual(await tooSmall(page), [], 'text of at least 20 px');
    assert.deepEqual(await accessibilityProblems(page), []);
    await picture(page, `presented-${scene}-${colorScheme}`);
    await page.keyboard.press('Escape');
    await page.getByRole('banner').waitFor();
    assert.equal(await page.locator('.presented').count(), 0);
  }
  const page = await small(t);
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'What to do?' }).fill('present the charts');
  await page.keyboard.press('Enter');
  await page.locator('.presented.charts').waitFor();
  await page.locator('.presented .curves').first().waitFor();
  await button(page, 'Leave the full screen').click();
  await page.getByRole('banner').waitFor();
});

/** Pairs of words in the network that stand upon each other. */
function crossing(page) {
  return page.evaluate(() => {
    const words = [...document.querySelectorAll('.net :is(.latency, .label, .tag text)')].map((element) => ({ text: element.textContent, box: element.getBoundingClientRect() }));
    const cross = ({ box: a }, { box: b }) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    return words.flatMap((one, index) => words.slice(index + 1).filter((other) => cross(one, other)).map((other) => `${one.text} × ${other.text}`));
  });
}

test('the words of the first network do not cross, and all of them are read across a room, also on a phone', async (t) => {
  const page = await site.open(t);
  await button(page, 'Pause').click();
  // Where all nodes stand is known when none of them moves any more.
  const still = async () => {
    const places = () => page.evaluate(() => [...document.querySelectorAll('.net .hit path')].map((path) => path.getAttribute('d')).join());
    let before = '';
    await until(async () => { const now = await places(); const same = now === before; before = now; return same; }, 'the nodes stand still');
  };
  await page.waitForFunction(() => Object.keys(sessionStorage).length > 0);
  await still();
  assert.deepEqual(await crossing(page), []);
  assert.equal(await page.locator('.net .latency').count(), await page.locator('.net line.link').count(), 'each link has its words');
  for (const [width, height] of [[1440, 900], [820, 1180], [390, 844]]) {
    await page.setViewportSize({ width, height });
    await button(page, 'Present: Network').click();
    await page.locator('.presented').waitFor();
    await still();
    assert.deepEqual(await tooSmall(page), [], `${width} px`);
    assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll('.presented *')].filter((one) => one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.outerHTML.slice(0, 80))), []);
    if (width > 400) assert.deepEqual(await crossing(page), []);
    await picture(page, `presented-first-${width}`);
    await page.keyboard.press('Escape');
    await page.getByRole('banner').waitFor();
  }
});
