import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, delimiter, join } from 'node:path';
import { foundryBinary } from '../foundry-binary.ts';

export const repositoryRoot = join(import.meta.dirname, '../../../../..');

export interface ForgeRun {
  readonly exitCode: number;
  readonly output: string;
}

/**
 * Runs forge on our contracts and collects what it says.
 * @param environment settings that forge reads from `FOUNDRY_…` variables, such as the runs of a fuzz test
 */
export async function runForge(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<ForgeRun> {
  const forge = spawn(foundryBinary('forge'), [...args, '--root', '.'], {
    cwd: repositoryRoot,
    env: {
      ...process.env,
      FOUNDRY_CONFIG: 'packages/chain/foundry.toml',
      FOUNDRY_DISABLE_NIGHTLY_WARNING: '1',
      // forge starts our solc by its first line, which asks for `node`.
      PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [forge.stdout, forge.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const [exitCode] = (await once(forge, 'close')) as [number | null];
  return { exitCode: exitCode ?? 1, output };
}
