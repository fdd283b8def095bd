import { runForge } from './run-forge.ts';
import { writeGenerated } from './write-generated.ts';

/** `build`: compiles and writes the typed constants. `test`: forge's tests, and its snapshots of gas. */
async function main([task, ...rest]: readonly string[]): Promise<number> {
  const args = task === 'test' ? ['test', ...rest] : ['build', '--sizes', '--skip', 'test'];
  const { exitCode, output } = await runForge(args);
  console.log(output.trim());
  if (task === 'test' || exitCode !== 0) return exitCode;
  console.log(`Wrote ${(await writeGenerated()).join(', ')}.`);
  return 0;
}

process.exitCode = await main(process.argv.slice(2));
