import { workerData } from 'node:worker_threads';
import { type HubAddress, openHub } from '../connect.ts';
import { createTransfers, type Transfers } from '../storage/transfers.ts';
import { serveTasks } from './serve-tasks.ts';

const transfers = createTransfers(openHub(workerData as HubAddress));

const tasks = {
  send: (input: Parameters<Transfers['send']>[0], signal: AbortSignal) => transfers.send(input, signal),
  bring: (input: Parameters<Transfers['bring']>[0], signal: AbortSignal) => transfers.bring(input, signal),
};

export type TransferTasks = typeof tasks;

serveTasks(tasks, { isSerial: false });
