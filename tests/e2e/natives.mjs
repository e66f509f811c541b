// Native nodes as processes of their own, for pages that join them: `target/debug/tabchain`, which `cargo build` makes.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './hands.mjs';
import { DIST } from './harness.mjs';

const TABCHAIN = fileURLToPath(new URL('../../target/debug/tabchain', import.meta.url));
const env = { ...process.env, TABCHAIN_PASSPHRASE: 'open sesame' };

/**
 * Two nodes of one chain that nobody mines yet. The first owns a million units.
 *
 * @param {import('node:test').TestContext} t
 */
export async function natives(t) {
  const folder = mkdtempSync(join(tmpdir(), 'tabchain-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const run = (...words) => execFileSync(TABCHAIN, words, { env, encoding: 'utf8' });
  const own = run('keygen', '--keys', join(folder, 'a')).trim();
  const genesis = join(folder, 'genesis.json');
  writeFileSync(genesis, run('genesis', '--allocate', `${own}=1000000`, '--difficulty', '20000', '--block-interval', '1s'));
  const ports = await freePorts(4);
  const start = (name, [http, peer], ...words) => new Native(t, join(folder, name), { genesis, http, peer }, words);
  const first = start('a', ports.slice(0, 2));
  await first.answers();
  const second = start('b', ports.slice(2), '--peer', `/ip4/127.0.0.1/tcp/${ports[1]}`);
  await until(async () => (await first.get('/api/p2p/peers')).length === 1, 'the two know each other');
  return { first, second, own };
}

class Native {
  constructor(t, folder, { genesis, http, peer }, words) {
    this.url = `http://127.0.0.1:${http}/`;
    this.log = `${folder}.log`;
    this.words = ['node', '--data-dir', folder, '--genesis', genesis, '--page', DIST, '--http', `127.0.0.1:${http}`];
    this.words.push('--listen', `/ip4/127.0.0.1/tcp/${peer}`, ...words);
    this.start();
    t.after(() => this.kill());
  }

  start() {
    const log = openSync(this.log, 'a');
    this.process = spawn(TABCHAIN, this.words, { env, stdio: ['ignore', log, log] });
  }

  async kill() {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await ended;
  }

  async get(path) {
    const response = await fetch(new URL(path, this.url));
    return response.json();
  }

  async post(path, body) {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(new URL(path, this.url), { method: 'POST', headers, body: JSON.stringify(body) });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${path}: ${JSON.stringify(answer)}`);
    return answer;
  }

  async answers() {
    const well = () => this.get('/api/health').then(({ status }) => status === 'ok').catch(() => false);
    await until(well, `the node answers:\n${readFileSync(this.log, 'utf8')}`);
  }
}

/** Ports that nobody has at the moment. */
async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
