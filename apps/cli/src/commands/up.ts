import { superviseProcess } from '../supervisor/supervise-process.ts';
import { chainProgram, hubProgram, nodeProgram } from '../local/local-programs.ts';
import { nodeNames, openLocalDirectory } from '../local/local-directory.ts';
import { setTimeout as delay } from 'node:timers/promises';
import { type CommandContext, defineCommand } from '../command.ts';
import type { ProcessEvent, SupervisedProcess } from '../supervisor/supervise-process.ts';

/** Between two looks for nodes that were made meanwhile. */
const NEW_NODES_EVERY_MS = 2_000;

const PORT = { kind: 'integer', value: 'N', min: 1, max: 65_535 } as const;

export const up = defineCommand({
  name: 'up',
  summary: 'run chain, hub and the nodes of a folder on this machine, and start again what dies',
  description: [
    'Everything embedded: a development chain of one operator, a hub, and each node below nodes/. Nodes that are made ' +
      'while it runs are started too. Data and logs stay in the folder; started again it goes on.',
  ],
  options: {
    directory: { kind: 'text', value: 'DIR', default: '.skein', help: 'Folder of chain, hub and nodes' },
    port: { ...PORT, help: "The hub's port, at the first start; by default any free one" },
    'chain-port': { ...PORT, help: "The chain's port, likewise" },
  },
  examples: [{ line: 'skein up', does: 'runs everything below .skein until Ctrl-C' }],
  async run({ directory, port: hub, 'chain-port': chain }, context) {
    const local = await openLocalDirectory(directory, { ...(hub && { hub }), ...(chain && { chain }) });
    const processes = new Map<string, SupervisedProcess>();
    const run = (spec: Parameters<typeof superviseProcess>[0]) => {
      const supervised = superviseProcess(spec, (event) => tell(event, context));
      processes.set(spec.name, supervised);
      return supervised.ready;
    };
    try {
      const { rpcUrl } = (await run(chainProgram(local))) as { rpcUrl: string };
      const { url } = (await run(hubProgram(local, rpcUrl))) as { url: string };
      context.terminal.say(`hub ${url}, chain ${rpcUrl}; logs in ${local.path}/logs. Ctrl-C ends everything.`);
      while (!context.signal.aborted) {
        for (const name of await nodeNames(local)) {
          const spec = nodeProgram(local, name);
          if (!processes.has(spec.name)) run(spec).catch((error: unknown) => context.terminal.say(String(error)));
        }
        await delay(NEW_NODES_EVERY_MS, undefined, { signal: context.signal }).catch(() => undefined);
      }
      return { json: { hub: url, chain: rpcUrl, processes: [...processes.keys()] } };
    } finally {
      for (const process of [...processes.values()].toReversed()) await process.stop();
    }
  },
});

function tell(event: ProcessEvent, { terminal }: CommandContext): void {
  if (event.type === 'ready') terminal.say(`${event.name} is ready`);
  if (event.type === 'ended') terminal.say(`${event.name} ended (${event.how}); started again in ${event.delayMs} ms`);
}
