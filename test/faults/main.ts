import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

// `npm run test:faults -- [--kills 200] [--seed N]`: the long run of the kill tests. The seed is printed and repeats it.
const { values } = parseArgs({ options: { kills: { type: 'string', default: '200' }, seed: { type: 'string' } } });
const seed = values.seed ?? String(Math.floor(Math.random() * 2 ** 32));
console.log(`${values.kills} kills, seed ${seed}`);
const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', 'test/faults'], {
  stdio: 'inherit',
  env: { ...process.env, SKEIN_KILLS: values.kills, SKEIN_SEED: seed },
});
process.exitCode = status ?? 1;
