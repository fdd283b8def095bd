import { Worker } from 'node:worker_threads';

/** Far more than caches hold. */
const BYTES = 256 * 2 ** 20;

const program = `
const { parentPort, workerData } = require('node:worker_threads');
const [a, b] = [Buffer.alloc(workerData, 1), Buffer.alloc(workerData, 1)];
parentPort.on('message', (rounds) => {
  const start = process.hrtime.bigint();
  for (let i = 0; i < rounds; i++) if (a.compare(b) !== 0) throw new Error('memory that does not hold');
  parentPort.postMessage(Number(process.hrtime.bigint() - start) / 1e9);
});
parentPort.postMessage(0);
`;

/** Bytes a second that so many threads read together: each compares two equal buffers, a read of both; the best of five. */
export async function memoryBandwidth(threads: number): Promise<number> {
  const workers = Array.from({ length: threads }, () => new Worker(program, { eval: true, workerData: BYTES }));
  const replies = () =>
    Promise.all(workers.map((worker) => new Promise<number>((resolve) => worker.once('message', resolve))));
  await replies();
  const rates: number[] = [];
  for (let round = 0; round < 5; round++) {
    const answered = replies();
    for (const worker of workers) worker.postMessage(2);
    const seconds = Math.max(...(await answered));
    rates.push((threads * 2 * 2 * BYTES) / seconds);
  }
  await Promise.all(workers.map((worker) => worker.terminate()));
  return Math.max(...rates);
}
