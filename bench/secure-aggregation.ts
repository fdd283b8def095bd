import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import {
  type AggregatorState,
  aggregate,
  challengeDigest,
  checkScalars,
  checkSum,
  closeShares,
  closeUploads,
  createUploadHasher,
  dequantiseSum,
  maskedUpload,
  memberView,
  type QuantiserPlan,
  quantise,
  receiveShares,
  recordUpload,
  replyToUnmask,
  rootsOf,
  type SharesMessage,
  shareSecrets,
  startMember,
  sumBits,
  survivorStatement,
  survivorStatementOf,
  thresholdsOf,
  unmaskRequestOf,
  uploadStatement,
} from '@skein/privacy';
import { nodeCrypto } from '@skein/privacy/node';
import { runFlower } from './flower-secaggplus.ts';

/**
 * What secure aggregation costs one member and the server, on one core, with real keys, signatures and uploads:
 * `node bench/secure-aggregation.ts --n 64 --d 10000000 --dropouts 10`; with `--python PYTHON` that has flwr, beside the
 * functions of Flower's SecAgg+. A table on stderr, JSON on stdout. Holds all uploads in memory (1.5 GB as above).
 */
const { values: options } = parseArgs({
  options: {
    n: { type: 'string', default: '64' },
    d: { type: 'string', default: '10000000' },
    dropouts: { type: 'string', default: '10' },
    python: { type: 'string' },
  },
});
const [n, d, dropouts] = [Number(options.n), Number(options.d), Number(options.dropouts)];

/** Time on the clock and time of the processor, which on a busy machine are far apart. */
interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
}
const costs: Record<string, Cost> = {};
async function timed<Result>(name: string, work: () => Result | Promise<Result>): Promise<Result> {
  const start = performance.now();
  const cpu = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(cpu);
  costs[name] = { wallMs: performance.now() - start, cpuMs: (user + system) / 1000 };
  return result;
}

const context = { alliance: 'bench', round: 1, attempt: 0 };
const identities = Array.from({ length: n }, () => generateKeyPairSync('ed25519'));
const ids = identities.map((_, index) => `0x${index.toString(16).padStart(40, '0')}`);
const identityOf = (id: string) => identities[ids.indexOf(id)]!;
const signAs = (id: string, statement: string) =>
  sign(null, Buffer.from(statement), identityOf(id).privateKey).toString('hex');
const verifyAs = (id: string, statement: string, signature: string) =>
  verify(null, Buffer.from(statement), identityOf(id).publicKey, Buffer.from(signature, 'hex'));

const plan: QuantiserPlan = { clipNorm: 10, range: 0.01, weights: 'equal' };
const update = new Float32Array(d);
for (let i = 0; i < d; i++) update[i] = Math.sin(i) * 0.005;
const bits = sumBits(n);

// The member that is measured is the last one and survives; all others do the same unmeasured.
const started = [
  ...ids.slice(0, -1).map((id) => startMember(nodeCrypto, context, id)),
  await timed('client/keys', () => startMember(nodeCrypto, context, ids[n - 1]!)),
];
const keyring = Object.fromEntries(started.map(({ self, publicKeys }) => [self, publicKeys]));
const thresholds = thresholdsOf(n);
const messages: Record<string, SharesMessage> = {};
const sharing = [];
for (const member of started) {
  const state = await timed('client/shares', () => shareSecrets(nodeCrypto, member, { keyring, thresholds }));
  messages[state.self] = state.shared!.message;
  sharing.push(state);
}
const survivors = sharing.slice(dropouts);
const received = [];
for (const member of survivors) {
  received.push((await timed('client/open shares', () => receiveShares(nodeCrypto, member, messages))).state);
}
const quantised = await timed('client/quantise', () => quantise(nodeCrypto, update, plan, { seed: '5a'.repeat(32) }));

const uploads = new Map<string, Uint8Array>();
const claims: Record<string, { root: ReturnType<typeof uploadStatement>; signature: string }> = {};
const uploaded = [];
for (const [index, member] of received.entries()) {
  const { sharers } = member.received!;
  const hasher = createUploadHasher(nodeCrypto);
  const upload = await timed('client/mask, pack, hash', () => {
    const bytes = new Uint8Array(Math.ceil((d * bits) / 8));
    let offset = 0;
    for (const piece of maskedUpload(nodeCrypto, memberView(member), quantised, { sharers, bits })) {
      bytes.set(piece, offset);
      hasher.update(piece);
      offset += piece.length;
    }
    return bytes;
  });
  const root = hasher.root();
  uploads.set(member.self, upload);
  const statement = uploadStatement(nodeCrypto, { context, keyring, sharers, self: member.self, root });
  claims[member.self] = { root, signature: signAs(member.self, statement) };
  uploaded.push(recordUpload(member, root));
  if (index % 10 === 0) console.error(`${index + 1} of ${received.length} uploads`);
}

const start: AggregatorState = { context, keyring, thresholds, length: d, bits };
const state = closeUploads(closeShares(start, messages), claims);
const statement = survivorStatementOf(nodeCrypto, state);
const request = unmaskRequestOf(state, Object.fromEntries(uploaded.map(({ self }) => [self, signAs(self, statement)])));
const answers: Parameters<typeof aggregate>[2] = Object.fromEntries(
  await Promise.all(
    // As many as are needed; the measured one is last.
    uploaded.slice(-thresholds.shares).map(async (member) => {
      const reply = await timed('client/check request, answer', () =>
        replyToUnmask(nodeCrypto, member, request, verifyAs),
      );
      if (!reply.ok) throw new Error(reply.refusal.message);
      return [member.self, reply.answer] as const;
    }),
  ),
);

const result = await timed('server/sum, unmask, hash', () =>
  aggregate(nodeCrypto, state, answers, { readUpload: (id) => Promise.resolve(uploads.get(id)) }),
);
if (!result.ok) throw new Error(result.faults.map(({ message }) => message).join(' '));
const exact = result.sum.every((value, i) => value === quantised[i]! * survivors.length);

const roots = rootsOf(state);
const alive = Object.keys(roots);
const signed = survivorStatement(nodeCrypto, { context, keyring, sharers: request.sharers, roots });
const challenge = challengeDigest(nodeCrypto, { context, statement: signed, sumRoot: result.sumRoot });
const scalars: Record<string, ReturnType<typeof checkScalars>> = {};
for (const member of uploaded) {
  scalars[member.self] = await timed('client/scalars of the check', () =>
    checkScalars(nodeCrypto, memberView(member), quantised, { challenge, survivors: alive }),
  );
}
const verdict = await timed('client/check of the sum', () =>
  checkSum(nodeCrypto, { challenge, survivors: alive }, scalars, { sum: result.sum, bits }),
);
await timed('anybody/dequantise', () => dequantiseSum(result.sum, plan, alive.length));

const total = (role: string, clock: keyof Cost) =>
  Object.entries(costs).reduce((sum, [name, cost]) => sum + (name.startsWith(role) ? cost[clock] : 0), 0) / 1000;
const seconds = {
  client: { wall: total('client', 'wallMs'), cpu: total('client', 'cpuMs') },
  server: { wall: total('server', 'wallMs'), cpu: total('server', 'cpuMs') },
};
const uploadBytes = uploads.get(ids[n - 1]!)!.length;
const flower = options.python === undefined ? null : await runFlower(options.python, { n, d, dropouts });
for (const [name, { wallMs, cpuMs }] of Object.entries(costs)) {
  console.error(
    `${name.padEnd(32)} ${wallMs.toFixed(1).padStart(9)} ms   processor ${cpuMs.toFixed(1).padStart(9)} ms`,
  );
}
for (const [role, { wall, cpu }] of Object.entries(seconds)) {
  console.error(`${role.padEnd(32)} ${wall.toFixed(2).padStart(9)} s    processor ${cpu.toFixed(2).padStart(9)} s`);
}
console.error(`sum exact: ${exact}, check of the sum: ${verdict}`);
console.error(`upload ${uploadBytes} bytes, ${((uploadBytes * 8) / (bits * d)).toFixed(5)} of ${bits} bits × d`);
if (flower) {
  const { version, client, server } = flower;
  console.error(`Flower ${version}: client processor ${client.cpu.toFixed(2)} s, server ${server.cpu.toFixed(2)} s`);
  console.error(`Flower upload ${flower.uploadBytes} bytes`);
}
console.log(
  JSON.stringify({
    n,
    d,
    dropouts,
    bits,
    exact,
    check: verdict,
    seconds,
    uploadBytes,
    uploadOfIdeal: (uploadBytes * 8) / (bits * d),
    costs,
    flower,
    machine: cpus()[0]?.model,
    node: process.version,
  }),
);
if (!exact || verdict !== 'passed') process.exitCode = 1;
