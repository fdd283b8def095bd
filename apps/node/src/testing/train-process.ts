import { createEngineTrainer } from '../trainers/engine/engine-trainer.ts';
import type { EngineSubject } from '../trainers/engine/engine-messages.ts';

/** A node's training and nothing else, to be killed: trains one round and prints the update's hexadecimal bytes. */
const { subject, directory } = JSON.parse(process.argv[2] ?? '') as { subject: EngineSubject; directory: string };
const trainer = createEngineTrainer(subject);
const parameters = await trainer.initial();
const signal = new AbortController().signal;
const { update, examples } = await trainer.train({ parameters, round: 0, seed: 1, directory, signal });
console.log(JSON.stringify({ examples, update: Buffer.from(update.buffer).toString('hex') }));
await trainer.close();
