// Logistic regression as a custom trainer of Skein: FLock's `POST /call` over HTTP, or one request on standard input.
//   node logistic.js DATA.csv --serve 7700     and in node.json: {"kind": "http", "url": "http://127.0.0.1:7700/call"}
//   node logistic.js DATA.csv                  and in node.json: {"kind": "command", "command": ["node", "logistic.js", "DATA.csv"]}
// The parameters are float32 values: one weight for each column, and the bias. The last column is the label, 0 or 1.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({ options: { serve: { type: 'string' } }, allowPositionals: true });
const lines = readFileSync(positionals[0], 'utf8').trim().split('\n').slice(1);
const rows = lines.map((line) => line.split(',').map(Number));
// Every fifth row is kept back to measure on.
const trainRows = rows.filter((_, index) => index % 5 !== 0);
const testRows = rows.filter((_, index) => index % 5 === 0);

const score = (w, row) => w.at(-1) + row.slice(0, -1).reduce((sum, x, i) => sum + x * w[i], 0);
const probability = (w, row) => 1 / (1 + Math.exp(-score(w, row)));
const loss = (w, set) =>
  set.reduce((sum, row) => sum + Math.log1p(Math.exp(row.at(-1) === 1 ? -score(w, row) : score(w, row))), 0) /
  set.length;

function train(w, steps = 50, rate = 0.5) {
  for (let step = 0; step < steps; step++) {
    const gradient = w.map(() => 0);
    for (const row of trainRows) {
      const error = probability(w, row) - row.at(-1);
      [...row.slice(0, -1), 1].forEach((x, i) => (gradient[i] += (error * x) / trainRows.length));
    }
    w = w.map((value, i) => value - rate * gradient[i]);
  }
  return w;
}

const decode = (text) => [...new Float32Array(Uint8Array.from(Buffer.from(text, 'base64')).buffer)];
const encode = (w) => Buffer.from(Float32Array.from(w).buffer).toString('base64');
const mean = (list) => list[0].map((_, i) => list.reduce((sum, w) => sum + w[i], 0) / list.length);

function answer({ method, parameters, parameters_list: list }) {
  if (method === 'aggregate') return { parameters: encode(mean(list.map(decode))) };
  const w = decode(parameters);
  if (method === 'evaluate') return { loss: loss(w, testRows) };
  const trained = train(w);
  return { parameters: encode(trained), loss: loss(trained, trainRows), examples: trainRows.length };
}

if (values.serve === undefined) {
  console.log(JSON.stringify(answer(await json(process.stdin))));
} else {
  const server = createServer(async (request, response) => {
    const body = request.url === '/call' ? JSON.stringify(answer(await json(request))) : '';
    response.writeHead(body ? 200 : 404, { 'content-type': 'application/json' }).end(body);
  });
  server.listen(Number(values.serve), '127.0.0.1', () =>
    console.log(JSON.stringify({ ready: true, ...server.address() })),
  );
}
