import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ROLES } from '@skein/node';
import { NODE_OPTIONS } from '../alliance/node-options.ts';
import { type CommandContext, defineCommand, type Outcome } from '../command.ts';
import { HUB_FILE, NODE_FILE } from '../local/local-programs.ts';

const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

export const hub = defineCommand({
  name: 'hub',
  summary: 'run a hub in the foreground',
  description: [
    'Serves alliances over HTTP: relay, blobs, log. Put a reverse proxy with TLS before it where members are on other ' +
      'machines (docs/running-across-machines.md). Its log goes to stderr, a line a JSON object.',
  ],
  options: {
    directory: { kind: 'text', value: 'DIR', default: '.skein/hub', help: 'Folder of database, blobs and keys' },
    rpc: { kind: 'text', value: 'URL', required: true, help: "The chain's JSON-RPC address" },
    book: {
      kind: 'text',
      value: 'FILE',
      required: true,
      help: 'Address book of the contracts, as "skein chain deploy" writes it',
    },
    port: { kind: 'integer', value: 'N', min: 0, max: 65_535, default: 4300, help: 'Where it listens' },
    host: { kind: 'text', value: 'HOST', default: '127.0.0.1', help: 'On which address it listens' },
    'database-url': { kind: 'text', value: 'URL', help: 'A PostgreSQL server instead of the embedded database' },
    'no-rpc': { kind: 'flag', help: 'Don’t pass requests to the chain on; nodes then need an address of their own' },
    'log-level': { kind: 'choice', choices: LOG_LEVELS, default: 'info', help: 'From which level on the log tells' },
  },
  examples: [{ line: 'skein hub --rpc http://127.0.0.1:8545 --book address-book.json', does: 'serves on port 4300' }],
  run: ({ directory, rpc, book, port, host, ...more }, context) => {
    const place = ['--directory', directory, '--port', String(port), '--host', host, '--rpc', rpc, '--book', book];
    const database = more['database-url'] === undefined ? [] : ['--database-url', more['database-url']];
    const level = ['--log-level', more['log-level'], ...(more['no-rpc'] ? ['--no-rpc'] : [])];
    return runForeground([HUB_FILE, ...place, ...database, ...level], context);
  },
});

export const node = defineCommand({
  name: 'node',
  summary: 'run a node in the foreground: it trains, votes and adds up for the alliances it has joined',
  description: ['Connects outwards only. Killed at any moment, it goes on where it was when it is started again.'],
  options: {
    ...NODE_OPTIONS,
    roles: { kind: 'text', value: 'LIST', help: `Of ${ROLES.join(',')}; by default those of node.json` },
  },
  examples: [{ line: 'skein node --directory .skein/nodes/lake', does: 'runs one node until Ctrl-C' }],
  run: ({ directory, roles }, context) =>
    runForeground([NODE_FILE, '--directory', directory, ...(roles === undefined ? [] : ['--roles', roles])], context),
});

/** The program has the terminal to itself; what it prints is what a supervisor would read. */
async function runForeground(command: readonly string[], { signal }: CommandContext): Promise<Outcome> {
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });
  const end = () => child.kill('SIGTERM');
  signal.addEventListener('abort', end, { once: true });
  const [code] = (await once(child, 'exit')) as [number | null];
  return { json: { exitCode: code }, exitCode: code ?? 1 };
}
