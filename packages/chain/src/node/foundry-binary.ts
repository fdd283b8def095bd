import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { BaseError } from '@skein/core';

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/**
 * Path of a Foundry program. Its npm package ships the binary for each platform in a package apart, an ordinary file
 * that needs no install script.
 * @throws BaseError `chain/no-foundry` where there is none for this platform.
 */
export function foundryBinary(tool: 'anvil' | 'forge'): string {
  const platform = `${process.platform}-${architectures[process.arch] ?? process.arch}`;
  const extension = process.platform === 'win32' ? '.exe' : '';
  try {
    const manifest = createRequire(import.meta.url).resolve(`@foundry-rs/${tool}-${platform}/package.json`);
    return join(dirname(manifest), 'bin', tool + extension);
  } catch (cause) {
    throw new BaseError('chain/no-foundry', `There is no ${tool} for ${platform} among the installed packages.`, {
      info: { tool, platform },
      hints: ['Run `npm run setup` on a system that Foundry supports: Linux, macOS, or Windows on x64.'],
      cause,
    });
  }
}
