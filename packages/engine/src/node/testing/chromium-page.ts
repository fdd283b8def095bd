import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { extname, join, relative } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const ROOT = join(import.meta.dirname, '../../../../..');
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

/** Why tests in a browser are passed over; null where there is one. */
export const reasonToSkipChromium =
  CHROMIUM === undefined ? 'This machine has no Chromium. Debian: apt-get install chromium' : null;

/** What the engine's part for browsers imports by name. */
const PACKAGES = [
  '@huggingface/jinja',
  '@huggingface/tokenizers',
  '@noble/hashes/sha2.js',
  '@noble/hashes/utils.js',
  '@skein/core',
  'csv-parse/browser/esm/sync',
  'zod',
];
/** `onnxruntime-web/wasm`: without its part for GPUs, which makes the rest slower. */
const ORT = '/node_modules/onnxruntime-web/dist/ort.wasm.bundle.min.mjs';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

/** Runs a program of ours as a module of a page that is cross-origin isolated. @returns what it posts to /results */
export async function runInChromium(program: string, query: Readonly<Record<string, number>>): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const page = pageOf(program);
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (request.method === 'POST') {
      text(request).then((body) => resolve(JSON.parse(body)), reject);
      response.end();
    } else if (pathname === '/') send(response, '.html', page);
    else sendFile(response, pathname).catch(() => response.writeHead(404).end());
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const search = Object.entries(query).map(([name, value]) => `${name}=${value}`);
  const profile = await mkdtemp(join(tmpdir(), 'skein-chromium-'));
  const chromium = openChromium(`http://127.0.0.1:${port}/?${search.join('&')}`, profile);
  chromium.once('error', reject);
  const ended = once(chromium, 'exit');
  chromium.once('exit', (code) => reject(new Error(`Chromium ended with ${code} before the page was done.`)));
  try {
    return await promise;
  } finally {
    // Its processes are a group.
    if (chromium.pid !== undefined && chromium.exitCode === null) process.kill(-chromium.pid, 'SIGKILL');
    await ended;
    server.closeAllConnections();
    server.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

function openChromium(address: string, profile: string): ChildProcess {
  const words = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--no-first-run',
    `--user-data-dir=${profile}`,
    address,
  ];
  return spawn(CHROMIUM ?? 'chromium', words, { stdio: 'ignore', detached: true });
}

function pageOf(program: string): string {
  const places = PACKAGES.map((name) => [name, placeOf(fileURLToPath(import.meta.resolve(name)))]);
  const imports = { ...Object.fromEntries(places), 'onnxruntime-web': ORT };
  return `<!doctype html><script type="importmap">${JSON.stringify({ imports })}</script>
<script type="module" src="${placeOf(program)}"></script>`;
}

function placeOf(file: string): string {
  return `/${relative(ROOT, file)}`;
}

async function sendFile(response: ServerResponse, place: string): Promise<void> {
  const bytes = await readFile(join(ROOT, place));
  send(response, extname(place), extname(place) === '.ts' ? stripTypeScriptTypes(bytes.toString()) : bytes);
}

function send(response: ServerResponse, extension: string, body: string | Uint8Array): void {
  response.writeHead(200, {
    'content-type': TYPES[extension] ?? 'text/javascript',
    // Threads of WebAssembly share memory, which a page may only where it is isolated.
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
  });
  response.end(body);
}
